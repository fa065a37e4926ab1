"""Tables of the address book."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
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
        "domain_rules",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column(
            "rule",
            sa.Enum(
                "exclude",
                "platform",
                "studio",
                "allow",
                name="rule",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "default",
                "user",
                "learned",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domain_rules")),
        sa.UniqueConstraint("domain", "rule", name=op.f("uq_domain_rules_domain_rule")),
    )
    op.create_table(
        "inn_cache",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inn_cache")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column(
            "segment",
            sa.Enum(
                "standard",
                "vip",
                "new",
                "loyal",
                name="segment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "preferred_channel",
            sa.Enum(
                "email",
                "sms",
                "messenger",
                "telegram",
                name="preferred_channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_clients_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clients_company_id"), ["company_id"], unique=False)

    op.create_table(
        "company_blocks",
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_blocks_company_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("block", "company_id", name=op.f("pk_company_blocks")),
    )
    with op.batch_alter_table("company_blocks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_company_blocks_company_id"), ["company_id"], unique=False
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
        "company_merges",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("winner_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("loser_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "exact",
                "fuzzy",
                "canonical",
                "manual",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["loser_id"], ["companies.id"], name=op.f("fk_company_merges_loser_id")
        ),
        sa.ForeignKeyConstraint(
            ["winner_id"], ["companies.id"], name=op.f("fk_company_merges_winner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_merges")),
    )
    with op.batch_alter_table("company_merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_merges_loser_id"), ["loser_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_company_merges_winner_id"), ["winner_id"], unique=False
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
        "dedup_pairs",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("a", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("b", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "review",
                "merged",
                "rejected",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_dedup_pairs_ordered")),
        sa.ForeignKeyConstraint(
            ["a"], ["companies.id"], name=op.f("fk_dedup_pairs_a"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["b"], ["companies.id"], name=op.f("fk_dedup_pairs_b"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dedup_pairs")),
        sa.UniqueConstraint("a", "b", name=op.f("uq_dedup_pairs_a_b")),
    )
    with op.batch_alter_table("dedup_pairs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dedup_pairs_a"), ["a"], unique=False)
        batch_op.create_index(batch_op.f("ix_dedup_pairs_b"), ["b"], unique=False)

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

    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("company_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column(
            "contact_type",
            sa.Enum(
                "email",
                "phone",
                "telegram",
                "whatsapp",
                "vk",
                "address",
                name="contact_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_key", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("company_page_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("found_in", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("quality_score", sa.Float(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("role_class", sa.Text(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "invalid",
                "bounced",
                "gone",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_contacts_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["company_page_id"],
            ["company_pages.id"],
            name=op.f("fk_contacts_company_page_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint(
            "company_id",
            "contact_type",
            "value_key",
            name=op.f("uq_contacts_company_id_contact_type_value_key"),
        ),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contacts_company_page_id"), ["company_page_id"], unique=False
        )
        batch_op.create_index("ix_contacts_value_key", ["value_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index("ix_contacts_value_key")
        batch_op.drop_index(batch_op.f("ix_contacts_company_page_id"))

    op.drop_table("contacts")
    with op.batch_alter_table("company_facts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_facts_company_page_id"))
        batch_op.drop_index(batch_op.f("ix_company_facts_company_id"))

    op.drop_table("company_facts")
    with op.batch_alter_table("dedup_pairs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dedup_pairs_b"))
        batch_op.drop_index(batch_op.f("ix_dedup_pairs_a"))

    op.drop_table("dedup_pairs")
    with op.batch_alter_table("company_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_pages_company_id"))

    op.drop_table("company_pages")
    with op.batch_alter_table("company_merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_merges_winner_id"))
        batch_op.drop_index(batch_op.f("ix_company_merges_loser_id"))

    op.drop_table("company_merges")
    with op.batch_alter_table("company_domains", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_company_domains_domain",
            sqlite_where=sa.text("kind IN ('primary', 'alias')"),
            postgresql_where=sa.text("kind IN ('primary', 'alias')"),
        )
        batch_op.drop_index(batch_op.f("ix_company_domains_company_id"))

    op.drop_table("company_domains")
    with op.batch_alter_table("company_blocks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_blocks_company_id"))

    op.drop_table("company_blocks")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clients_company_id"))

    op.drop_table("clients")
    op.drop_table("inn_cache")
    op.drop_table("domain_rules")
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
