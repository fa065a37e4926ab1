"""The search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "niches",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "sheet",
                "csv",
                "xlsx",
                "ui",
                "api",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.Column("row_no", sa.BigInteger(), nullable=False),
        sa.Column("niche", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("batch_tag", sa.Text(), nullable=False),
        sa.Column("lr", sa.BigInteger(), nullable=True),
        sa.Column("region_source", sa.Text(), nullable=False),
        sa.Column("offer_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "new",
                "done",
                "skipped",
                "error",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("generated_count", sa.BigInteger(), nullable=False),
        sa.Column("db_inserted_count", sa.BigInteger(), nullable=False),
        sa.Column("db_duplicate_count", sa.BigInteger(), nullable=False),
        sa.Column("db_first_scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("db_last_scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_niches")),
        sa.UniqueConstraint(
            "source",
            "source_ref",
            "fingerprint",
            name=op.f("uq_niches_source_source_ref_fingerprint"),
        ),
    )
    op.create_table(
        "serp_queries",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("niche_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("query_text", sa.Text(), nullable=False),
        sa.Column("query_hash", sa.String(length=40), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.Column("region_code", sa.BigInteger(), nullable=False),
        sa.Column("is_night_window", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "in_progress",
                "completed",
                "failed",
                "expired",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "window_tag",
            sa.Enum(
                "night",
                "day",
                name="window_tag",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("results_total", sa.BigInteger(), nullable=True),
        sa.Column("cost_estimate", MONEY, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["niche_id"], ["niches.id"], name=op.f("fk_serp_queries_niche_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serp_queries")),
        sa.UniqueConstraint(
            "query_hash", "page", "period", name=op.f("uq_serp_queries_query_hash_page_period")
        ),
    )
    with op.batch_alter_table("serp_queries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_serp_queries_niche_id"), ["niche_id"], unique=False)
        batch_op.create_index(
            "ix_serp_queries_status_scheduled_for", ["status", "scheduled_for", "id"], unique=False
        )

    op.create_table(
        "serp_operations",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("query_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("operation_id", sa.String(length=100), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "submitting",
                "created",
                "running",
                "done",
                "ingested",
                "unknown",
                "not_sent",
                "failed",
                "expired",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("request_body", JSON, nullable=False),
        sa.Column("idempotency_key", sa.String(length=36), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at_remote", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_count", sa.BigInteger(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error_payload", JSON, nullable=True),
        sa.Column("raw_file_id", sa.String(length=64), nullable=True),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("docs_total", sa.BigInteger(), nullable=True),
        sa.Column("docs_skipped", sa.BigInteger(), nullable=True),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.Column("window_tag", sa.Text(), nullable=False),
        sa.Column("cost", MONEY, nullable=True),
        sa.Column("cost_certain", sa.Boolean(), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["query_id"], ["serp_queries.id"], name=op.f("fk_serp_operations_query_id")
        ),
        sa.ForeignKeyConstraint(
            ["raw_file_id"], ["files.id"], name=op.f("fk_serp_operations_raw_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serp_operations")),
    )
    with op.batch_alter_table("serp_operations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_serp_operations_query_id"), ["query_id"], unique=False)
        batch_op.create_index(
            "ix_serp_operations_status_next_poll_at", ["status", "next_poll_at", "id"], unique=False
        )
        batch_op.create_index(
            "uq_serp_operations_live",
            ["query_id"],
            unique=True,
            sqlite_where=sa.text(
                "status IN ('submitting', 'created', 'running', 'done', 'unknown')"
            ),
            postgresql_where=sa.text(
                "status IN ('submitting', 'created', 'running', 'done', 'unknown')"
            ),
        )
        batch_op.create_index(
            "uq_serp_operations_operation_id",
            ["operation_id"],
            unique=True,
            sqlite_where=sa.text("operation_id IS NOT NULL"),
            postgresql_where=sa.text("operation_id IS NOT NULL"),
        )

    op.create_table(
        "serp_results",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("operation_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("query_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("group_position", sa.BigInteger(), nullable=False),
        sa.Column("url_raw", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host_raw", sa.Text(), nullable=False),
        sa.Column("host_norm", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("company_name_guess", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column(
            "dedup_status",
            sa.Enum(
                "NEW",
                "UNIQUE",
                "DUP_HOST",
                "DUP_CANONICAL",
                "DUP_FUZZY",
                "EXCLUDED",
                "INVALID",
                name="dedup_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("is_processed", sa.Boolean(), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_serp_results_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["serp_operations.id"], name=op.f("fk_serp_results_operation_id")
        ),
        sa.ForeignKeyConstraint(
            ["query_id"], ["serp_queries.id"], name=op.f("fk_serp_results_query_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serp_results")),
        sa.UniqueConstraint("operation_id", "url", name=op.f("uq_serp_results_operation_id_url")),
    )
    with op.batch_alter_table("serp_results", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_serp_results_company_id"), ["company_id"], unique=False
        )
        batch_op.create_index("ix_serp_results_domain", ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_serp_results_query_id"), ["query_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("serp_results", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_serp_results_query_id"))
        batch_op.drop_index("ix_serp_results_domain")
        batch_op.drop_index(batch_op.f("ix_serp_results_company_id"))

    op.drop_table("serp_results")
    with op.batch_alter_table("serp_operations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_serp_operations_operation_id",
            sqlite_where=sa.text("operation_id IS NOT NULL"),
            postgresql_where=sa.text("operation_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_serp_operations_live",
            sqlite_where=sa.text(
                "status IN ('submitting', 'created', 'running', 'done', 'unknown')"
            ),
            postgresql_where=sa.text(
                "status IN ('submitting', 'created', 'running', 'done', 'unknown')"
            ),
        )
        batch_op.drop_index("ix_serp_operations_status_next_poll_at")
        batch_op.drop_index(batch_op.f("ix_serp_operations_query_id"))

    op.drop_table("serp_operations")
    with op.batch_alter_table("serp_queries", schema=None) as batch_op:
        batch_op.drop_index("ix_serp_queries_status_scheduled_for")
        batch_op.drop_index(batch_op.f("ix_serp_queries_niche_id"))

    op.drop_table("serp_queries")
    op.drop_table("niches")
