"""The last good state of sites, and how they are visited."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "budget_counters",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "all",
                "site",
                "job",
                "month",
                "provider",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scope_key", sa.Text(), nullable=False),
        sa.Column(
            "traffic_class",
            sa.Enum(
                "plain",
                "residential",
                name="traffic_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("soft", sa.BigInteger(), nullable=False),
        sa.Column("hard", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_counters")),
        sa.UniqueConstraint(
            "scope",
            "scope_key",
            "traffic_class",
            "period",
            name=op.f("uq_budget_counters_scope_scope_key_traffic_class_period"),
        ),
    )
    op.create_table(
        "crawl_hosts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("robots", sa.Text(), nullable=False),
        sa.Column("robots_status", sa.BigInteger(), nullable=True),
        sa.Column("robots_fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("robots_retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("robots_tries", sa.BigInteger(), nullable=False),
        sa.Column("delay_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_request_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_reason", sa.Text(), nullable=False),
        sa.Column(
            "breaker",
            sa.Enum(
                "closed",
                "open",
                "half_open",
                name="breaker",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("breaker_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breaker_opens", sa.BigInteger(), nullable=False),
        sa.Column("breaker_counts", JSON, nullable=False),
        sa.Column("hint", JSON, nullable=False),
        sa.Column("residential", JSON, nullable=False),
        sa.Column("latencies", JSON, nullable=False),
        sa.Column("concurrency", sa.BigInteger(), nullable=False),
        sa.Column("mean_page_bytes", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("cookies_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl_hosts")),
        sa.UniqueConstraint("host", "tier", name=op.f("uq_crawl_hosts_host_tier")),
    )
    op.create_table(
        "proxies",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "scheme",
            sa.Enum(
                "http",
                "https",
                "socks5",
                name="scheme",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum(
                "dc",
                "isp",
                "residential",
                "mobile",
                name="tier",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active",
                "resting",
                "degraded",
                "burned",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fails_in_row", sa.BigInteger(), nullable=False),
        sa.Column("rests_in_row", sa.BigInteger(), nullable=False),
        sa.Column("ok_count", sa.BigInteger(), nullable=False),
        sa.Column("fail_count", sa.BigInteger(), nullable=False),
        sa.Column("latency_ms", sa.BigInteger(), nullable=False),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_used", sa.BigInteger(), nullable=False),
        sa.Column("cost_per_gb", MONEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxies")),
        sa.UniqueConstraint(
            "scheme", "host", "port", "username", name=op.f("uq_proxies_scheme_host_port_username")
        ),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "json",
                "slack",
                "teams",
                "discord",
                "telegram",
                name="format",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("variant_key", sa.Text(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.Column("last_data", JSON, nullable=False),
        sa.Column("last_crawl_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_job_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "gone", name="state", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("misses", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["last_job_id"], ["jobs.id"], name=op.f("fk_snapshots_last_job_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint(
            "domain", "url_key", "variant_key", name=op.f("uq_snapshots_domain_url_key_variant_key")
        ),
    )
    with op.batch_alter_table("snapshots", schema=None) as batch_op:
        batch_op.create_index("ix_snapshots_last_crawl_at", ["last_crawl_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_snapshots_last_job_id"), ["last_job_id"], unique=False)

    op.create_table(
        "snapshot_versions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column(
            "change_type",
            sa.Enum(
                "ADDED",
                "REMOVED",
                "MODIFIED",
                name="change_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fields_changed", JSON, nullable=False),
        sa.Column("data", JSON, nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("prev_data", JSON, nullable=True),
        sa.Column("prev_crawl_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_snapshot_versions_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["snapshots.id"],
            name=op.f("fk_snapshot_versions_snapshot_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_versions")),
        sa.UniqueConstraint(
            "snapshot_id", "job_id", name=op.f("uq_snapshot_versions_snapshot_id_job_id")
        ),
    )
    with op.batch_alter_table("snapshot_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_versions_job_id"), ["job_id"], unique=False)

    op.create_table(
        "site_profiles",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("client_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name=op.f("fk_site_profiles_client_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_site_profiles_company_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_profiles")),
        sa.UniqueConstraint("domain", name=op.f("uq_site_profiles_domain")),
    )
    with op.batch_alter_table("site_profiles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_profiles_client_id"), ["client_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_site_profiles_company_id"), ["company_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("site_profiles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_profiles_company_id"))
        batch_op.drop_index(batch_op.f("ix_site_profiles_client_id"))

    op.drop_table("site_profiles")
    with op.batch_alter_table("snapshot_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_versions_job_id"))

    op.drop_table("snapshot_versions")
    with op.batch_alter_table("snapshots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshots_last_job_id"))
        batch_op.drop_index("ix_snapshots_last_crawl_at")

    op.drop_table("snapshots")
    op.drop_table("webhooks")
    op.drop_table("proxies")
    op.drop_table("crawl_hosts")
    op.drop_table("budget_counters")
