"""Jobs of watched sites and their addresses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "paused",
                "cancelling",
                "cancelled",
                "succeeded",
                "partial",
                "failed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "phase",
            sa.Enum(
                "input",
                "crawl",
                "finalize",
                name="phase",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("options", JSON, nullable=False),
        sa.Column(
            "input_kind",
            sa.Enum(
                "sitemap_url",
                "sitemap_file",
                "list",
                "discover",
                name="input_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("input_ref", sa.Text(), nullable=False),
        sa.Column("input_complete", sa.Boolean(), nullable=False),
        sa.Column("input_report", JSON, nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total_urls", sa.BigInteger(), nullable=False),
        sa.Column("success_urls", sa.BigInteger(), nullable=False),
        sa.Column("failed_urls", sa.BigInteger(), nullable=False),
        sa.Column("gone_urls", sa.BigInteger(), nullable=False),
        sa.Column("skipped_urls", sa.BigInteger(), nullable=False),
        sa.Column("traffic_bytes", sa.BigInteger(), nullable=False),
        sa.Column("residential_bytes", sa.BigInteger(), nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column(
            "diff_state",
            sa.Enum(
                "none",
                "ready",
                "held",
                "accepted",
                "rejected",
                name="diff_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("not_checked", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("policies_version", sa.Text(), nullable=False),
        sa.Column("reports_version", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("idempotency_hash", sa.Text(), nullable=False),
        sa.Column("clone_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("bulk_id", sa.Text(), nullable=True),
        sa.Column("schedule_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("rights_by", sa.Text(), nullable=False),
        sa.Column("rights_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "rights_how",
            sa.Enum(
                "ui",
                "api",
                "cli",
                "schedule",
                name="rights_how",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["clone_of"], ["jobs.id"], name=op.f("fk_jobs_clone_of"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_jobs_idempotency_key")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_clone_of"), ["clone_of"], unique=False)
        batch_op.create_index("ix_jobs_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_jobs_domain", ["domain"], unique=False)
        batch_op.create_index("ix_jobs_status", ["status"], unique=False)
        batch_op.create_index(
            "uq_jobs_active_domain",
            ["domain"],
            unique=True,
            sqlite_where=sa.text("status IN ('queued', 'running', 'paused', 'cancelling')"),
            postgresql_where=sa.text("status IN ('queued', 'running', 'paused', 'cancelling')"),
        )

    op.create_table(
        "job_secrets",
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_secrets_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "name", name=op.f("pk_job_secrets")),
    )
    op.create_table(
        "job_urls",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "list",
                "sitemap",
                "discovery",
                "verify",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.Float(), nullable=True),
        sa.Column("lastmod", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "leased",
                "done",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "ok",
                "not_modified",
                "not_product",
                "gone",
                "blocked",
                "error",
                "skipped",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fetcher", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("step_log", JSON, nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(length=36), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_urls_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_urls")),
        sa.UniqueConstraint("job_id", "url_key", name=op.f("uq_job_urls_job_id_url_key")),
    )
    with op.batch_alter_table("job_urls", schema=None) as batch_op:
        batch_op.create_index("ix_job_urls_job_id_outcome", ["job_id", "outcome"], unique=False)
        batch_op.create_index(
            "ix_job_urls_waiting",
            ["job_id", "state", "position", "next_at"],
            unique=False,
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )
        batch_op.create_index(
            "ix_job_urls_leased",
            ["host", "fetcher"],
            unique=False,
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("job_urls", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_job_urls_leased",
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        )
        batch_op.drop_index(
            "ix_job_urls_waiting",
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )
        batch_op.drop_index("ix_job_urls_job_id_outcome")

    op.drop_table("job_urls")
    op.drop_table("job_secrets")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_jobs_active_domain",
            sqlite_where=sa.text("status IN ('queued', 'running', 'paused', 'cancelling')"),
            postgresql_where=sa.text("status IN ('queued', 'running', 'paused', 'cancelling')"),
        )
        batch_op.drop_index("ix_jobs_status")
        batch_op.drop_index("ix_jobs_domain")
        batch_op.drop_index("ix_jobs_created_at")
        batch_op.drop_index(batch_op.f("ix_jobs_clone_of"))

    op.drop_table("jobs")
