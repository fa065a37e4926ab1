"""Tables of delivery."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum(
                "gmail",
                "yandex",
                "smtp",
                "file",
                "mailgun",
                "brevo",
                "telegram",
                "webhook",
                name="provider",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_email", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column(
            "security",
            sa.Enum(
                "ssl",
                "starttls",
                "none",
                name="security",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("secret_ref", sa.Text(), nullable=False),
        sa.Column(
            "auth",
            sa.Enum(
                "password",
                "xoauth2",
                "none",
                name="auth",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("imap_host", sa.Text(), nullable=False),
        sa.Column("imap_port", sa.BigInteger(), nullable=False),
        sa.Column(
            "imap_security",
            sa.Enum(
                "ssl",
                "starttls",
                "none",
                name="imap_security",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("imap_folder_inbox", sa.Text(), nullable=False),
        sa.Column("imap_folder_sent", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column(
            "envelope_mode",
            sa.Enum(
                "fixed",
                "plus",
                "verp",
                name="envelope_mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("bounce_domain", sa.Text(), nullable=False),
        sa.Column("daily_cap", sa.BigInteger(), nullable=False),
        sa.Column("limit_24h", sa.BigInteger(), nullable=False),
        sa.Column("warmup", sa.Boolean(), nullable=False),
        sa.Column("warmup_start", sa.BigInteger(), nullable=False),
        sa.Column("warmup_step", sa.BigInteger(), nullable=False),
        sa.Column("min_spacing_s", sa.Float(), nullable=False),
        sa.Column("max_spacing_s", sa.Float(), nullable=False),
        sa.Column("next_send_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "paused",
                "auth_failed",
                "disabled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fail_streak", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "env", "ui", name="source", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("name", name=op.f("uq_mailboxes_name")),
    )
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
        "templates",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint(
            "kind",
            "name",
            "language",
            "version",
            name=op.f("uq_templates_kind_name_language_version"),
        ),
    )
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
            batch_op.f("ix_outreach_messages_recipient_hash"), ["recipient_hash"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_outreach_messages_resend_of"), ["resend_of"], unique=False
        )
        batch_op.create_index(
            "ix_outreach_messages_recipient_domain", ["recipient_domain"], unique=False
        )
        batch_op.create_index("ix_outreach_messages_sent_at", ["sent_at"], unique=False)

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
    with op.batch_alter_table("inbound_mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_mail_outreach_message_id"))
        batch_op.drop_index(batch_op.f("ix_inbound_mail_mailbox_id"))

    op.drop_table("inbound_mail")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_outreach_message_id"))

    op.drop_table("feedback")
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
    with op.batch_alter_table("outreach_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_outreach_messages_sent_at")
        batch_op.drop_index("ix_outreach_messages_recipient_domain")
        batch_op.drop_index(batch_op.f("ix_outreach_messages_resend_of"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_recipient_hash"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_mailbox_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_followup_of"))
        batch_op.drop_index("ix_outreach_messages_due")
        batch_op.drop_index(batch_op.f("ix_outreach_messages_contact_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_company_id"))
        batch_op.drop_index(batch_op.f("ix_outreach_messages_client_id"))

    op.drop_table("outreach_messages")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_value_hash"))
        batch_op.drop_index(batch_op.f("ix_consents_contact_id"))
        batch_op.drop_index(batch_op.f("ix_consents_company_id"))
        batch_op.drop_index(batch_op.f("ix_consents_client_id"))

    op.drop_table("consents")
    op.drop_table("templates")
    op.drop_table("policy_rules")
    op.drop_table("mx_cache")
    op.drop_table("mailboxes")
