"""Tables of the address book: companies, their pages, facts, contacts, duplicates (L57-L91)."""

import sqlalchemy as sa

from povod.store.tables.base import metadata
from povod.store.types import (
    choice,
    document,
    flag,
    integer,
    key,
    moment,
    ref,
    stamps,
    text,
)

COMPANY_STATES = (
    "new",
    "contacts_processing",
    "contacts_ready",
    "contacts_not_found",
    "contacted",
    "replied",
    "qualified",
    "disqualified",
    "duplicate",
)
CONTACT_TYPES = ("email", "phone", "telegram", "whatsapp", "vk", "address")
CONTACT_STATES = ("active", "invalid", "bounced", "gone")
PAGE_ROLES = ("home", "contacts", "about", "requisites", "policy", "other")
_PRIMARY = sa.text("duplicate_of IS NULL AND dedupe_hash IS NOT NULL")
_PRIMARY_DOMAIN = sa.text("duplicate_of IS NULL AND canonical_domain IS NOT NULL")
_DUPLICATE = sa.text("duplicate_of IS NOT NULL")
_OWNED = sa.text("kind IN ('primary', 'alias')")

companies = sa.Table(
    "companies",
    metadata,
    key(),
    text("name"),
    text("legal_name"),
    text("name_key"),
    sa.Column("canonical_domain", sa.Text, nullable=True),
    text("website_url"),
    text("industry"),
    text("region"),
    text("city"),
    text("country", default="RU"),
    text("lang", default="ru"),
    text("inn"),
    text("ogrn"),
    text("kpp"),
    choice("source", ("yandex_search_api", "import", "manual"), default="yandex_search_api"),
    sa.Column("source_result_id", sa.Uuid(as_uuid=False), nullable=True),
    choice("status", COMPANY_STATES, default="new"),
    ref("duplicate_of", "companies.id", index=False),
    sa.Column("dedupe_hash", sa.String(40), nullable=True),
    flag("dedup_dirty", default=True),
    integer("hits_count"),
    document("attributes"),
    text("homepage_excerpt"),
    document("field_sources"),
    text("hold_reason"),
    flag("is_demo"),
    moment("first_seen_at", nullable=False),
    moment("last_seen_at", nullable=False),
    integer("enrich_attempts"),
    moment("next_enrich_at"),
    *stamps(),
    sa.Index(
        "uq_companies_dedupe_hash",
        "dedupe_hash",
        unique=True,
        sqlite_where=_PRIMARY,
        postgresql_where=_PRIMARY,
    ),
    sa.Index(
        "uq_companies_canonical_domain",
        "canonical_domain",
        unique=True,
        sqlite_where=_PRIMARY_DOMAIN,
        postgresql_where=_PRIMARY_DOMAIN,
    ),
    sa.Index(
        "ix_companies_duplicate_of",
        "duplicate_of",
        sqlite_where=_DUPLICATE,
        postgresql_where=_DUPLICATE,
    ),
    sa.Index("ix_companies_status_next_enrich_at", "status", "next_enrich_at", "id"),
    sa.Index("ix_companies_dedup_dirty", "dedup_dirty"),
    sa.Index("ix_companies_name", "name", "id"),
    # A hit counts its company up: with room on the page, no index has to learn of it.
    postgresql_with={"fillfactor": 85},
)

company_domains = sa.Table(
    "company_domains",
    metadata,
    key(),
    ref("company_id", "companies.id", nullable=False, ondelete="CASCADE"),
    text("domain"),
    choice("kind", ("primary", "alias", "email")),
    moment("since", nullable=False),
    *stamps(mutable=False),
    sa.Index(
        "uq_company_domains_domain",
        "domain",
        unique=True,
        sqlite_where=_OWNED,
        postgresql_where=_OWNED,
    ),
)

# What each company is found by in the search for duplicates: rebuilt whenever a company changed.
company_blocks = sa.Table(
    "company_blocks",
    metadata,
    sa.Column("block", sa.Text, primary_key=True),
    sa.Column(
        "company_id",
        sa.Uuid(as_uuid=False),
        sa.ForeignKey("companies.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
    text("name"),
)

domain_rules = sa.Table(
    "domain_rules",
    metadata,
    key(),
    sa.Column("domain", sa.Text, nullable=False),
    choice("rule", ("exclude", "platform", "studio", "allow")),
    choice("source", ("default", "user", "learned"), default="user"),
    text("note"),
    *stamps(),
    sa.UniqueConstraint("domain", "rule"),
)

company_pages = sa.Table(
    "company_pages",
    metadata,
    key(),
    ref("company_id", "companies.id", nullable=False, ondelete="CASCADE"),
    text("url"),
    text("final_url"),
    choice("role", PAGE_ROLES, default="other"),
    integer("http_status", nullable=True),
    moment("fetched_at", nullable=False),
    text("fetcher", default="http"),
    text("charset"),
    text("content_sha256"),
    sa.Column("raw_file_id", sa.String(64), sa.ForeignKey("files.id"), nullable=True),
    sa.Column("text_file_id", sa.String(64), sa.ForeignKey("files.id"), nullable=True),
    text("title"),
    text("error_class"),
    text("error_detail"),
    *stamps(),
    sa.UniqueConstraint("company_id", "url"),
)

company_facts = sa.Table(
    "company_facts",
    metadata,
    key(),
    ref("company_id", "companies.id", nullable=False, ondelete="CASCADE"),
    choice("kind", ("activity", "service", "usp", "years", "city", "number", "news")),
    text("value"),
    text("quote"),
    ref("company_page_id", "company_pages.id", ondelete="CASCADE"),
    integer("start"),
    integer("end"),
    text("text_sha256"),
    text("extractor_version"),
    *stamps(mutable=False),
    sa.UniqueConstraint("company_id", "kind", "quote"),
)

contacts = sa.Table(
    "contacts",
    metadata,
    key(),
    ref("company_id", "companies.id", nullable=False, index=False, ondelete="CASCADE"),
    choice("contact_type", CONTACT_TYPES),
    text("value"),
    text("value_key"),
    text("source_url"),
    ref("company_page_id", "company_pages.id", ondelete="SET NULL"),
    text("found_in"),
    flag("is_primary"),
    sa.Column("quality_score", sa.Float, nullable=False, default=0.0),
    sa.Column("rank", sa.Float, nullable=False, default=0.0),
    text("role_class"),
    flag("personal"),
    flag("shared"),
    choice("status", CONTACT_STATES, default="active"),
    moment("first_seen_at", nullable=False),
    moment("last_seen_at", nullable=False),
    document("metadata"),
    *stamps(),
    sa.UniqueConstraint("company_id", "contact_type", "value_key"),
    sa.Index("ix_contacts_value_key", "value_key"),
)

dedup_pairs = sa.Table(
    "dedup_pairs",
    metadata,
    key(),
    ref("a", "companies.id", nullable=False, ondelete="CASCADE"),
    ref("b", "companies.id", nullable=False, ondelete="CASCADE"),
    sa.Column("score", sa.Float, nullable=False, default=0.0),
    document("reasons"),
    text("guard"),
    choice("status", ("review", "merged", "rejected"), default="review"),
    text("decided_by"),
    moment("decided_at"),
    *stamps(),
    sa.UniqueConstraint("a", "b"),
    sa.CheckConstraint("a < b", name="ordered"),
)

company_merges = sa.Table(
    "company_merges",
    metadata,
    key(),
    ref("winner_id", "companies.id", nullable=False),
    ref("loser_id", "companies.id", nullable=False),
    choice("reason", ("exact", "fuzzy", "canonical", "manual")),
    sa.Column("score", sa.Float, nullable=False, default=0.0),
    document("evidence"),
    text("actor"),
    document("before"),
    moment("merged_at", nullable=False),
    moment("undone_at"),
    *stamps(),
)

inn_cache = sa.Table(
    "inn_cache",
    metadata,
    sa.Column("id", sa.String(12), primary_key=True),
    text("source"),
    document("data"),
    moment("fetched_at", nullable=False),
    moment("expires_at"),
    *stamps(),
)
