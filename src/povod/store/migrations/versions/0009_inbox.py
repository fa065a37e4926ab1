"""Inbox, policy, routing cache."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mx_cache",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "mx_class",
            sa.Enum(
                "RU",
                "OTHER",
                "UNKNOWN",
                name="mx_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("records", JSON, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mx_cache")),
    )
    op.create_table(
        "policy_rules",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("address_class", sa.Text(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "allow",
                "approve",
                "deny",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_rules")),
        sa.UniqueConstraint(
            "jurisdiction",
            "purpose",
            "basis",
            "address_class",
            name=op.f("uq_policy_rules_jurisdiction_purpose_basis_address_class"),
        ),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("outreach_message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "replied",
                "ignored",
                "unknown",
                "liked",
                "disliked",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["outreach_message_id"],
            ["outreach_messages.id"],
            name=op.f("fk_feedback_outreach_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_outreach_message_id"), ["outreach_message_id"], unique=False
        )

    op.create_table(
        "inbound_mail",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.Column("raw_file_id", sa.String(length=64), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "bounce",
                "delay",
                "delivered",
                "complaint",
                "unsubscribe",
                "auto",
                "reply",
                "unmatched",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("outreach_message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column("from_value", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column(
            "review",
            sa.Enum(
                "none",
                "open",
                "done",
                name="review",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_inbound_mail_mailbox_id")
        ),
        sa.ForeignKeyConstraint(
            ["outreach_message_id"],
            ["outreach_messages.id"],
            name=op.f("fk_inbound_mail_outreach_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["raw_file_id"], ["files.id"], name=op.f("fk_inbound_mail_raw_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint(
            "mailbox_id",
            "uidvalidity",
            "uid",
            name=op.f("uq_inbound_mail_mailbox_id_uidvalidity_uid"),
        ),
        sa.UniqueConstraint("raw_sha256", name=op.f("uq_inbound_mail_raw_sha256")),
    )
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inbound_mail_mailbox_id"), ["mailbox_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_inbound_mail_outreach_message_id"), ["outreach_message_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_mail_outreach_message_id"))
        batch_op.drop_index(batch_op.f("ix_inbound_mail_mailbox_id"))

    op.drop_table("inbound_mail")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_outreach_message_id"))

    op.drop_table("feedback")
    op.drop_table("policy_rules")
    op.drop_table("mx_cache")
