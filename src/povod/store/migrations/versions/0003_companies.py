"""Companies, their pages and facts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MONEY = sa.Numeric(14, 6).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("canonical_domain", sa.Text(), nullable=True),
        sa.Column("website_url", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("inn", sa.Text(), nullable=False),
        sa.Column("ogrn", sa.Text(), nullable=False),
        sa.Column("kpp", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "yandex_search_api",
                "import",
                "manual",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source_result_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "new",
                "contacts_processing",
                "contacts_ready",
                "contacts_not_found",
                "contacted",
                "replied",
                "qualified",
                "disqualified",
                "duplicate",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("duplicate_of", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("dedupe_hash", sa.String(length=40), nullable=True),
        sa.Column("dedup_dirty", sa.Boolean(), nullable=False),
        sa.Column("hits_count", sa.BigInteger(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("homepage_excerpt", sa.Text(), nullable=False),
        sa.Column("field_sources", JSON, nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrich_attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_enrich_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["duplicate_of"], ["companies.id"], name=op.f("fk_companies_duplicate_of")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
    )
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.create_index("ix_companies_dedup_dirty", ["dedup_dirty"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_companies_duplicate_of"), ["duplicate_of"], unique=False
        )
        batch_op.create_index("ix_companies_name", ["name", "id"], unique=False)
        batch_op.create_index(
            "ix_companies_status_next_enrich_at", ["status", "next_enrich_at", "id"], unique=False
        )
        batch_op.create_index(
            "uq_companies_canonical_domain",
            ["canonical_domain"],
            unique=True,
            sqlite_where=sa.text("duplicate_of IS NULL AND canonical_domain IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NULL AND canonical_domain IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_companies_dedupe_hash",
            ["dedupe_hash"],
            unique=True,
            sqlite_where=sa.text("duplicate_of IS NULL AND dedupe_hash IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NULL AND dedupe_hash IS NOT NULL"),
        )

    op.create_table(
        "company_domains",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "primary",
                "alias",
                "email",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_domains_company_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_domains")),
    )
    with op.batch_alter_table("company_domains", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_company_domains_company_id"), ["company_id"], unique=False
        )
        batch_op.create_index(
            "uq_company_domains_domain",
            ["domain"],
            unique=True,
            sqlite_where=sa.text("kind IN ('primary', 'alias')"),
            postgresql_where=sa.text("kind IN ('primary', 'alias')"),
        )

    op.create_table(
        "company_pages",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "home",
                "contacts",
                "about",
                "requisites",
                "policy",
                "other",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetcher", sa.Text(), nullable=False),
        sa.Column("charset", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("raw_file_id", sa.String(length=64), nullable=True),
        sa.Column("text_file_id", sa.String(length=64), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_pages_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["raw_file_id"], ["files.id"], name=op.f("fk_company_pages_raw_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["text_file_id"], ["files.id"], name=op.f("fk_company_pages_text_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_pages")),
        sa.UniqueConstraint("company_id", "url", name=op.f("uq_company_pages_company_id_url")),
    )
    with op.batch_alter_table("company_pages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_company_pages_company_id"), ["company_id"], unique=False
        )

    op.create_table(
        "company_facts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "activity",
                "service",
                "usp",
                "years",
                "city",
                "number",
                "news",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("company_page_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("extractor_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_facts_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["company_page_id"],
            ["company_pages.id"],
            name=op.f("fk_company_facts_company_page_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_facts")),
        sa.UniqueConstraint(
            "company_id", "kind", "quote", name=op.f("uq_company_facts_company_id_kind_quote")
        ),
    )
    with op.batch_alter_table("company_facts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_company_facts_company_id"), ["company_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_company_facts_company_page_id"), ["company_page_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("company_facts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_facts_company_page_id"))
        batch_op.drop_index(batch_op.f("ix_company_facts_company_id"))

    op.drop_table("company_facts")
    with op.batch_alter_table("company_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_pages_company_id"))

    op.drop_table("company_pages")
    with op.batch_alter_table("company_domains", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_company_domains_domain",
            sqlite_where=sa.text("kind IN ('primary', 'alias')"),
            postgresql_where=sa.text("kind IN ('primary', 'alias')"),
        )
        batch_op.drop_index(batch_op.f("ix_company_domains_company_id"))

    op.drop_table("company_domains")
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_companies_dedupe_hash",
            sqlite_where=sa.text("duplicate_of IS NULL AND dedupe_hash IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NULL AND dedupe_hash IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_companies_canonical_domain",
            sqlite_where=sa.text("duplicate_of IS NULL AND canonical_domain IS NOT NULL"),
            postgresql_where=sa.text("duplicate_of IS NULL AND canonical_domain IS NOT NULL"),
        )
        batch_op.drop_index("ix_companies_status_next_enrich_at")
        batch_op.drop_index("ix_companies_name")
        batch_op.drop_index(batch_op.f("ix_companies_duplicate_of"))
        batch_op.drop_index("ix_companies_dedup_dirty")

    op.drop_table("companies")
