"""From rows to a brief: what a letter may know, and the chain of evidence behind it (L92, L102)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from povod.kit.url import to_unicode_host
from povod.store.files import get_file
from povod.store.tables import (
    companies,
    company_facts,
    company_pages,
    contacts,
    niches,
    serp_operations,
    serp_queries,
    serp_results,
)
from povod.writing.briefs import CompanyBrief, ContactBrief, Fact

MAX_FACTS = 12


@dataclass(frozen=True)
class LetterSource:
    """Everything one letter is made from."""

    company: CompanyBrief
    contact: ContactBrief
    contact_row: Any
    offer_key: str
    is_demo: bool
    evidence: dict[str, Any] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)


def load_source(conn: Connection, company_id: str) -> LetterSource | None:
    """The source for a letter to this company; None when it has no address to write to."""
    company = conn.execute(sa.select(companies).where(companies.c.id == company_id)).first()
    contact = _primary_email(conn, company_id)
    if company is None or contact is None:
        return None
    facts = _facts(conn, company_id)
    origin = _origin(conn, company_id)
    city = company.city or (origin.city if origin else "")
    niche = origin.niche if origin else company.industry
    brief = CompanyBrief(
        company_id=company_id,
        brand=company.name or company.canonical_domain,
        city=city,
        niche=niche if is_about(niche, company.homepage_excerpt) else "",
        site=to_unicode_host(company.canonical_domain or ""),
        facts=tuple(facts),
        excerpt=company.homepage_excerpt,
    )
    return LetterSource(
        company=brief,
        contact=ContactBrief(contact.role_class, contact.personal),
        contact_row=contact,
        offer_key=origin.offer_key if origin else "",
        is_demo=company.is_demo,
        evidence=_evidence(company, contact, origin, facts),
        pages=_page_texts(conn, {fact.page_id for fact in facts}),
    )


def is_about(niche: str, excerpt: str) -> bool:
    """True if the page speaks of the niche at all; the search also shows neighbours of a topic."""
    folded = excerpt.casefold()
    stems = [word.casefold()[: max(4, len(word) - 3)] for word in niche.split() if len(word) > 3]
    return not excerpt or any(stem in folded for stem in stems)


def _primary_email(conn: Connection, company_id: str) -> Row[Any] | None:
    query = sa.select(contacts).where(
        contacts.c.company_id == company_id,
        contacts.c.contact_type == "email",
        contacts.c.is_primary,
        contacts.c.status == "active",
    )
    return conn.execute(query.limit(1)).first()


def _facts(conn: Connection, company_id: str) -> list[Fact]:
    query = (
        sa.select(company_facts)
        .where(company_facts.c.company_id == company_id)
        .order_by(company_facts.c.id)
        .limit(MAX_FACTS)
    )
    return [
        Fact(row.id, row.kind, row.value, row.quote, row.company_page_id or "")
        for row in conn.execute(query)
    ]


def _origin(conn: Connection, company_id: str) -> Any:
    """The best hit that led to this company, with its query and niche."""
    query = (
        sa.select(
            serp_results.c.id.label("hit_id"),
            serp_results.c.position,
            serp_results.c.url_raw,
            serp_queries.c.id.label("query_id"),
            serp_queries.c.niche_id,
            serp_operations.c.id.label("operation_row_id"),
            niches.c.niche,
            niches.c.city,
            niches.c.offer_key,
        )
        .join(serp_operations, serp_operations.c.id == serp_results.c.operation_id)
        .join(serp_queries, serp_queries.c.id == serp_results.c.query_id)
        .outerjoin(niches, niches.c.id == serp_queries.c.niche_id)
        .where(serp_results.c.company_id == company_id)
        .order_by(serp_results.c.position, serp_results.c.id)
        .limit(1)
    )
    return conn.execute(query).first()


def _evidence(
    company: Row[Any], contact: Row[Any], origin: Any, facts: list[Fact]
) -> dict[str, Any]:
    chain: dict[str, Any] = {
        "company_id": company.id,
        "contact_id": contact.id,
        "contact_where": contact.found_in,
        "contact_source_url": contact.source_url,
        "page_id": contact.company_page_id,
        "fact_ids": [fact.id for fact in facts],
    }
    if origin is not None:
        chain |= {
            "niche_id": origin.niche_id,
            "query_id": origin.query_id,
            "operation_id": origin.operation_row_id,
            "hit_id": origin.hit_id,
            "position": origin.position,
        }
    return chain


def _page_texts(conn: Connection, page_ids: set[str]) -> dict[str, str]:
    query = sa.select(company_pages.c.id, company_pages.c.text_file_id).where(
        company_pages.c.id.in_(page_ids - {""}), company_pages.c.text_file_id.is_not(None)
    )
    return {
        page_id: get_file(conn, file_id).decode() for page_id, file_id in conn.execute(query).all()
    }
