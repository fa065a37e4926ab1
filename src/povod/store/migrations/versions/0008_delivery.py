"""Attempts, refusals, consents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("contact_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "basis",
            sa.Enum(
                "consent",
                "existing_client",
                "legitimate_interest",
                "public_corporate_address",
                "none",
                name="basis",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("evidence_url", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", sa.Text(), nullable=False),
        sa.Column("evidence_text", sa.Text(), nullable=False),
        sa.Column("document_version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("obtained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("obtained_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_consents_client_id")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_consents_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_consents_contact_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint(
            "value_hash",
            "channel",
            "purpose",
            "basis",
            "evidence_url",
            name=op.f("uq_consents_value_hash_channel_purpose_basis_evidence_url"),
        ),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_value_hash"), ["value_hash"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("outreach_message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("idempotency_key", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "claimed",
                "handoff",
                "accepted",
                "deferred",
                "rejected",
                "uncertain",
                "released",
                "skipped",
                "abandoned",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("envelope_from", sa.Text(), nullable=False),
        sa.Column("verp_token", sa.Text(), nullable=False),
        sa.Column("mx_class", sa.Text(), nullable=False),
        sa.Column("mx_records", JSON, nullable=False),
        sa.Column("mx_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("route_fallback", sa.Boolean(), nullable=False),
        sa.Column("route_error", sa.Text(), nullable=False),
        sa.Column("gates_a", JSON, nullable=False),
        sa.Column("gates_b", JSON, nullable=False),
        sa.Column("wire_sha256", sa.Text(), nullable=False),
        sa.Column("wire_size", sa.BigInteger(), nullable=False),
        sa.Column("eml_file_id", sa.String(length=64), nullable=True),
        sa.Column("reply_stage", sa.Text(), nullable=False),
        sa.Column("reply_code", sa.BigInteger(), nullable=True),
        sa.Column("enhanced_code", sa.Text(), nullable=False),
        sa.Column("reply_text", sa.Text(), nullable=False),
        sa.Column("outcome_class", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("tls", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handoff_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["eml_file_id"], ["files.id"], name=op.f("fk_deliveries_eml_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_deliveries_mailbox_id")
        ),
        sa.ForeignKeyConstraint(
            ["outreach_message_id"],
            ["outreach_messages.id"],
            name=op.f("fk_deliveries_outreach_message_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_deliveries_idempotency_key")),
        sa.UniqueConstraint(
            "outreach_message_id",
            "attempt_no",
            name=op.f("uq_deliveries_outreach_message_id_attempt_no"),
        ),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_mailbox_id"), ["mailbox_id"], unique=False)
        batch_op.create_index(
            "ix_deliveries_state_lease_until", ["state", "lease_until"], unique=False
        )
        batch_op.create_index("ix_deliveries_verp_token", ["verp_token"], unique=False)
        batch_op.create_index(
            "uq_deliveries_open",
            ["outreach_message_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('claimed', 'handoff')"),
            postgresql_where=sa.text("state IN ('claimed', 'handoff')"),
        )

    op.create_table(
        "opt_out_registry",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("contact_value", sa.Text(), nullable=True),
        sa.Column("contact_type", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "address",
                "domain",
                "company",
                "client",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "all",
                "letter",
                "greeting",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("outreach_message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lift_evidence", JSON, nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_opt_out_registry_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["outreach_message_id"],
            ["outreach_messages.id"],
            name=op.f("fk_opt_out_registry_outreach_message_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out_registry")),
    )
    with op.batch_alter_table("opt_out_registry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opt_out_registry_company_id"), ["company_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_opt_out_registry_outreach_message_id"),
            ["outreach_message_id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_opt_out_registry_in_force",
            ["contact_type", "value_hash", "scope", "channel"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("opt_out_registry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_opt_out_registry_in_force",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_opt_out_registry_outreach_message_id"))
        batch_op.drop_index(batch_op.f("ix_opt_out_registry_company_id"))

    op.drop_table("opt_out_registry")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_deliveries_open",
            sqlite_where=sa.text("state IN ('claimed', 'handoff')"),
            postgresql_where=sa.text("state IN ('claimed', 'handoff')"),
        )
        batch_op.drop_index("ix_deliveries_verp_token")
        batch_op.drop_index("ix_deliveries_state_lease_until")
        batch_op.drop_index(batch_op.f("ix_deliveries_mailbox_id"))

    op.drop_table("deliveries")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_value_hash"))
        batch_op.drop_index(batch_op.f("ix_consents_contact_id"))
        batch_op.drop_index(batch_op.f("ix_consents_company_id"))
        batch_op.drop_index(batch_op.f("ix_consents_client_id"))

    op.drop_table("consents")
