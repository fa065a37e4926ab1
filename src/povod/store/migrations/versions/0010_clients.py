"""Clients as greetings need them, the calendar, imports, runs.

Nothing wrote to `clients` before this revision, so its table is made anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def _drop_old_clients() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("consents", "outreach_messages"):
            op.drop_constraint(f"fk_{table}_client_id", table, type_="foreignkey")
    op.drop_table("clients")


def _point_to_new_clients() -> None:
    """SQLite keeps references by name, so nothing is lost there."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("consents", "outreach_messages"):
            op.create_foreign_key(f"fk_{table}_client_id", table, "clients", ["client_id"], ["id"])


def upgrade() -> None:
    _drop_old_clients()
    op.create_table(
        "agent_runs",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "triggered_by",
            sa.Enum(
                "web-ui",
                "api",
                "scheduler",
                "cli",
                "startup",
                name="triggered_by",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "running",
                "success",
                "partial",
                "error",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_date", sa.Date(), nullable=False),
        sa.Column("lookahead_days", sa.BigInteger(), nullable=False),
        sa.Column("llm_mode", sa.Text(), nullable=False),
        sa.Column("image_mode", sa.Text(), nullable=False),
        sa.Column("scanned", sa.BigInteger(), nullable=False),
        sa.Column("generated", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("skipped_existing", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=False),
        sa.Column("capped", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("needs_approval", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_runs")),
    )
    with op.batch_alter_table("agent_runs", schema=None) as batch_op:
        batch_op.create_index("ix_agent_runs_started_at", ["started_at"], unique=False)
        batch_op.create_index(
            "uq_agent_runs_running",
            ["status"],
            unique=True,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.create_table(
        "holidays",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_instrumental", sa.Text(), nullable=False),
        sa.Column("short_instrumental", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "professional",
                "military",
                "public",
                "social",
                "memorial",
                "religious",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("okved", JSON, nullable=False),
        sa.Column("professions", JSON, nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("checked", sa.Text(), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "all",
                "m",
                "f",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opt_in", sa.Boolean(), nullable=False),
        sa.Column("shift", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("is_business_relevant", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "builtin",
                "user",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("overrides", JSON, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holidays")),
        sa.UniqueConstraint("code", name=op.f("uq_holidays_code")),
    )
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "preview",
                "running",
                "done",
                "failed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("options", JSON, nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("done_rows", sa.BigInteger(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("problems", JSON, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_import_jobs_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_jobs")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column(
            "gender",
            sa.Enum("m", "f", name="gender", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("gender_source", sa.Text(), nullable=False),
        sa.Column("salutation", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("birth_day", sa.BigInteger(), nullable=True),
        sa.Column("birth_month", sa.BigInteger(), nullable=True),
        sa.Column("birth_year", sa.BigInteger(), nullable=True),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("contact_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("inn", sa.Text(), nullable=False),
        sa.Column("okved", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("profession", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("recipient_hash", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column(
            "preferred_channel",
            sa.Enum(
                "email",
                "sms",
                "messenger",
                name="preferred_channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "language",
            sa.Enum(
                "ru", "en", name="language", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column(
            "segment",
            sa.Enum(
                "vip",
                "new",
                "loyal",
                "standard",
                name="segment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("owner_user_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("preferences", JSON, nullable=False),
        sa.Column("last_interaction_summary", sa.Text(), nullable=False),
        sa.Column("do_not_greet", sa.Boolean(), nullable=False),
        sa.Column("do_not_greet_reason", sa.Text(), nullable=False),
        sa.Column("age_suspicious", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "ui",
                "api",
                "csv",
                "crm",
                "leads",
                "demo",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("field_sources", JSON, nullable=False),
        sa.Column("missing_count", sa.BigInteger(), nullable=False),
        sa.Column("facts_hash", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "first_name <> '' OR last_name <> '' OR company_name <> '' OR erased_at IS NOT NULL",
            name=op.f("ck_clients_named"),
        ),
        sa.CheckConstraint(
            "birth_day IS NULL OR birth_day BETWEEN 1 AND 31", name=op.f("ck_clients_day")
        ),
        sa.CheckConstraint(
            "birth_month IS NULL OR birth_month BETWEEN 1 AND 12", name=op.f("ck_clients_month")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_clients_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_clients_contact_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_user_id"],
            ["users.id"],
            name=op.f("fk_clients_owner_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.create_index("ix_clients_birthday", ["birth_month", "birth_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_clients_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_clients_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index("ix_clients_email_key", ["email_key"], unique=False)
        batch_op.create_index("ix_clients_inn", ["inn"], unique=False)
        batch_op.create_index("ix_clients_name_key", ["name_key"], unique=False)
        batch_op.create_index("ix_clients_okved", ["okved"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_clients_owner_user_id"), ["owner_user_id"], unique=False
        )
        batch_op.create_index("ix_clients_profession", ["profession"], unique=False)
        batch_op.create_index("ix_clients_segment", ["segment", "id"], unique=False)
        batch_op.create_index(
            "uq_clients_source_external_id",
            ["source", "external_id"],
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )
    _point_to_new_clients()


def downgrade() -> None:
    raise NotImplementedError("the older clients table cannot be put back: restore a backup")
