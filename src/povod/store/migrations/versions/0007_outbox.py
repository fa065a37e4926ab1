"""The outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "outreach_messages",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "letter",
                "followup",
                "greeting",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "advertising",
                "greeting",
                "service",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "email",
                "telegram",
                "sms",
                "messenger",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("card_file_id", sa.String(length=64), nullable=True),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("to_value", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("to_value_key", sa.Text(), nullable=False),
        sa.Column("recipient_hash", sa.String(length=64), nullable=False),
        sa.Column("recipient_domain", sa.Text(), nullable=False),
        sa.Column(
            "address_class",
            sa.Enum(
                "role",
                "personal",
                "free",
                "never",
                name="address_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "needs_approval",
                "approved",
                "rejected",
                "scheduled",
                "sending",
                "uncertain",
                "sent",
                "bounced",
                "replied",
                "unsubscribed",
                "complained",
                "failed",
                "skipped",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("delivery_status", sa.Text(), nullable=False),
        sa.Column("skip_reason", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_start", sa.Text(), nullable=False),
        sa.Column("window_end", sa.Text(), nullable=False),
        sa.Column("window_zone", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("approved_hash", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_note", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=True),
        sa.Column("variant_id", sa.Text(), nullable=False),
        sa.Column("variant_propensity", sa.Float(), nullable=True),
        sa.Column(
            "text_source",
            sa.Enum(
                "llm",
                "template",
                "human",
                name="text_source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("followup_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("sequence_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("step_no", sa.BigInteger(), nullable=False),
        sa.Column("resend_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("mailbox_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "company_id IS NOT NULL OR client_id IS NOT NULL",
            name=op.f("ck_outreach_messages_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["card_file_id"], ["files.id"], name=op.f("fk_outreach_messages_card_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_outreach_messages_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_outreach_messages_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_outreach_messages_contact_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["followup_of"], ["outreach_messages.id"], name=op.f("fk_outreach_messages_followup_of")
        ),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_outreach_messages_mailbox_id")
        ),
        sa.ForeignKeyConstraint(
            ["resend_of"], ["outreach_messages.id"], name=op.f("fk_outreach_messages_resend_of")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outreach_messages_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outreach_messages_message_id")),
    )
    with op.batch_alter_table("outreach_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_client_id"), ["client_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_company_id"), ["company_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_contact_id"), ["contact_id"], unique=False
        )
        batch_op.create_index(
            "ix_outreach_messages_due", ["status", "scheduled_for", "priority", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_followup_of"), ["followup_of"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_mailbox_id"), ["mailbox_id"], unique=False
        )
        batch_op.create_index(
            "ix_outreach_messages_recipient_domain", ["recipient_domain"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_recipient_hash"), ["recipient_hash"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_resend_of"), ["resend_of"], unique=False
        )
        batch_op.create_index("ix_outreach_messages_sent_at", ["sent_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outreach_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_outreach_messages_sent_at")
        batch_op.drop_index(batch_op.f("ix_outreach_messages_resend_of"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_recipient_hash"))
        batch_op.drop_index("ix_outreach_messages_recipient_domain")
        batch_op.drop_index(batch_op.f("ix_outreach_messages_mailbox_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_followup_of"))
        batch_op.drop_index("ix_outreach_messages_due")
        batch_op.drop_index(batch_op.f("ix_outreach_messages_contact_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_company_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_client_id"))

    op.drop_table("outreach_messages")
