"""Companies as people look at them: filtered, sorted, page by page; one with all its history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import InvalidUrl, NotFoundError
from povod.kit.url import host_of
from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import (
    companies,
    company_domains,
    company_facts,
    company_merges,
    company_pages,
    contacts,
)

_SORTED = {
    "name": companies.c.name,
    "site": companies.c.canonical_domain,
    "city": companies.c.city,
    "niche": companies.c.industry,
    "state": companies.c.status,
    "hits": companies.c.hits_count,
    "seen": companies.c.last_seen_at,
}
SORTS = {name: column.asc() for name, column in _SORTED.items()} | {
    f"-{name}": column.desc() for name, column in _SORTED.items()
}
SORTS["site"], SORTS["-site"] = SORTS["site"].nulls_last(), SORTS["-site"].nulls_last()
"""Orders of a list by name; a minus turns one round."""


@dataclass(frozen=True)
class CompanyFilter:
    """What a list shows; empty means everything that is not a duplicate."""

    text: str = ""
    status: str = ""
    city: str = ""
    sort: str = "name"
    page: int = 1
    size: int = PAGE_SIZE


@dataclass(frozen=True)
class CompanyCard:
    """One company with everything that is known about it."""

    company: Any
    contacts: Sequence[Any]
    pages: Sequence[Any]
    facts: Sequence[Any]
    domains: Sequence[Any]
    merges: Sequence[Any] = field(default_factory=list)


def list_companies(conn: Connection, wanted: CompanyFilter) -> Listing:
    """The page that `wanted` asks for; reads columns, in two indexed queries."""
    where = _conditions(wanted)
    primary = _primary("email").label("email"), _primary("phone").label("phone")
    query = (
        sa.select(
            companies.c.id,
            companies.c.name,
            companies.c.canonical_domain,
            companies.c.city,
            companies.c.industry,
            companies.c.status,
            companies.c.hits_count,
            companies.c.last_seen_at,
            *primary,
        )
        .where(*where)
        .order_by(SORTS.get(wanted.sort, SORTS["name"]), companies.c.id)
    )
    return read_page(conn, query, wanted.page, wanted.size)


def _conditions(wanted: CompanyFilter) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.status:
        where.append(companies.c.status == wanted.status)
    else:
        where.append(companies.c.duplicate_of.is_(None))
    if wanted.city:
        where.append(companies.c.city == wanted.city)
    if wanted.text:
        columns = (companies.c.name, companies.c.canonical_domain, companies.c.inn)
        found = text_in(columns, wanted.text)
        host = _stored_host(wanted.text)
        where.append(found if host is None else sa.or_(found, companies.c.canonical_domain == host))
    return where


def _stored_host(text: str) -> str | None:
    """A Cyrillic domain or a whole address as the table keeps it: the host in A-labels."""
    try:
        host = host_of(text if "://" in text else f"http://{text}")
    except InvalidUrl:
        return None
    return host.removeprefix("www.")


def _primary(kind: str) -> sa.ScalarSelect[Any]:
    return (
        sa.select(contacts.c.value)
        .where(
            contacts.c.company_id == companies.c.id,
            contacts.c.contact_type == kind,
            contacts.c.is_primary,
        )
        .limit(1)
        .scalar_subquery()
    )


def company_card(conn: Connection, company_id: str) -> CompanyCard:
    """Everything about one company; `NotFoundError` if there is none."""
    company = conn.execute(sa.select(companies).where(companies.c.id == company_id)).first()
    if company is None:
        raise NotFoundError(f"no company {company_id}")
    return CompanyCard(
        company=company,
        contacts=_of(conn, contacts, company_id, contacts.c.rank.desc()),
        pages=_of(conn, company_pages, company_id, company_pages.c.fetched_at),
        facts=_of(conn, company_facts, company_id, company_facts.c.kind),
        domains=_of(conn, company_domains, company_id, company_domains.c.kind),
        merges=conn.execute(
            sa.select(company_merges, companies.c.name, companies.c.canonical_domain)
            .join(companies, companies.c.id == company_merges.c.loser_id)
            .where(company_merges.c.winner_id == company_id)
            .order_by(company_merges.c.merged_at)
        ).all(),
    )


def _of(conn: Connection, table: sa.Table, company_id: str, order: Any) -> Sequence[Any]:
    query = sa.select(table).where(table.c.company_id == company_id).order_by(order, table.c.id)
    return conn.execute(query).all()


def standing_merges(conn: Connection, limit: int) -> Sequence[Any]:
    """The newest merges that were not undone, with the names of both companies."""
    kept, joined = companies.alias("kept"), companies.alias("joined")
    query = (
        sa.select(company_merges, kept.c.name.label("kept"), joined.c.name.label("joined"))
        .join(kept, kept.c.id == company_merges.c.winner_id)
        .join(joined, joined.c.id == company_merges.c.loser_id)
        .where(company_merges.c.undone_at.is_(None))
        .order_by(company_merges.c.merged_at.desc(), company_merges.c.id.desc())
        .limit(limit)
    )
    return conn.execute(query).all()


def state_counts(conn: Connection) -> dict[str, int]:
    """How many companies are in each state."""
    status = companies.c.status
    rows = conn.execute(sa.select(status, sa.func.count()).group_by(status))
    return {str(name): int(count) for name, count in rows}


def cities(conn: Connection) -> list[str]:
    """The cities companies are in, for the filter."""
    query = sa.select(companies.c.city).distinct().where(companies.c.city != "").order_by("city")
    return list(conn.execute(query).scalars())
