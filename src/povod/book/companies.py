"""Companies as rows: one per own domain, found or touched in one batch (L51, L56, L57)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.names import name_key
from povod.kit.ids import new_ids
from povod.kit.inn import is_valid_inn
from povod.store.bulk import among, bulk_insert, bulk_insert_new, bulk_update
from povod.store.tables import companies, company_domains

OWNED = ("primary", "alias")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A company seen once more: what a search hit or an imported row says about it.

    `host` is the address without `www.`; the shortest one seen becomes the website (L53).
    """

    domain: str
    host: str
    name: str
    industry: str = ""
    city: str = ""
    region: str = ""
    source: str = "yandex_search_api"
    result_id: str | None = None
    snippet: str = ""
    hits: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """Which company a domain belongs to; `is_new` when this call made it."""

    company_id: str
    is_new: bool = False


def dedupe_hash(domain: str | None, inn: str = "") -> str | None:
    """The key under which a company exists once: its own domain, else its INN, else none (L56)."""
    if domain:
        return _sha1(domain)
    return _sha1(f"inn:{inn}") if is_valid_inn(inn) else None


def see(conn: Connection, now: datetime, sightings: Iterable[Sighting]) -> dict[str, Seen]:
    """Insert the companies that are not known yet and touch the others; domain → company.

    Safe when several processes meet the same domains: one of them inserts, all get the same
    company. A domain that is an alias leads to its company. Nothing but counters, the time of the
    sighting and a shorter website host is changed in a known company.
    """
    merged = combine([sightings])
    seen = meet(conn, now, merged)
    touch(conn, now, seen, merged)
    return seen


def combine(rounds: Iterable[Iterable[Sighting]]) -> list[Sighting]:
    """Sightings merged by own domain, in the order of the domains (so that nobody deadlocks).

    Within a round, such as the hits of one reply, the first one speaks; of several rounds the
    last one's snippet is kept.
    """
    merged: dict[str, Sighting] = {}
    for sightings in rounds:
        for sighting in _one_per_domain(sightings):
            first = merged.setdefault(sighting.domain, sighting)
            if first is not sighting:
                both = _both(first, sighting)
                merged[sighting.domain] = replace(both, snippet=sighting.snippet)
    return [merged[domain] for domain in sorted(merged)]


def meet(conn: Connection, now: datetime, ordered: Sequence[Sighting]) -> dict[str, Seen]:
    """The first half of `see`, for what `combine` gave: find or insert, lock no known company."""
    owners = find_owners(conn, [sighting.domain for sighting in ordered])
    unknown = [sighting for sighting in ordered if sighting.domain not in owners]
    added = _insert(conn, now, unknown)
    if len(added) < len(unknown):
        lost = [sighting.domain for sighting in unknown if sighting.domain not in added]
        owners |= find_owners(conn, lost)
    seen = {domain: Seen(company_id) for domain, company_id in owners.items()}
    return seen | {domain: Seen(company_id, True) for domain, company_id in added.items()}


def touch(
    conn: Connection, now: datetime, seen: Mapping[str, Seen], ordered: Sequence[Sighting]
) -> None:
    """The other half: count the sightings of the companies that were known.

    Their rows stay locked until the transaction ends, so do this last in it: processes that meet
    the same firms then wait for each other's commit only.
    """
    owners = {domain: one.company_id for domain, one in seen.items() if not one.is_new}
    _touch(conn, now, _by_company(owners, ordered))


def find_owners(conn: Connection, domains: Sequence[str]) -> dict[str, str]:
    """Own domain → id of the company that owns it, primary or alias."""
    if not domains:
        return {}
    table = company_domains.c
    query = sa.select(table.domain, table.company_id)
    owned = query.where(among(conn, table.domain, domains), table.kind.in_(OWNED))
    return {row.domain: row.company_id for row in conn.execute(owned).all()}


def mark_dirty(conn: Connection, company_ids: Sequence[str]) -> None:
    """Have these companies compared again: their name, city or a contact has changed (L60)."""
    if company_ids:
        conn.execute(
            sa.update(companies).where(companies.c.id.in_(company_ids)).values(dedup_dirty=True)
        )


def _one_per_domain(sightings: Iterable[Sighting]) -> Iterable[Sighting]:
    merged: dict[str, Sighting] = {}
    for sighting in sightings:
        first = merged.setdefault(sighting.domain, sighting)
        if first is not sighting:
            merged[sighting.domain] = _both(first, sighting)
    return merged.values()


def _both(first: Sighting, second: Sighting) -> Sighting:
    host = min(first.host, second.host, key=lambda name: (len(name), name))
    return replace(first, host=host, hits=first.hits + second.hits)


def _by_company(owners: Mapping[str, str], ordered: Iterable[Sighting]) -> dict[str, Sighting]:
    """One sighting per known company, also when it was seen under two of its domains."""
    known: dict[str, Sighting] = {}
    for sighting in ordered:
        company_id = owners.get(sighting.domain)
        if company_id is not None:
            hits = known[company_id].hits if company_id in known else 0
            known[company_id] = replace(sighting, hits=sighting.hits + hits)
    return known


def _insert(conn: Connection, now: datetime, unknown: Sequence[Sighting]) -> dict[str, str]:
    """The companies this call made, by domain; another process may have been faster with some."""
    ids = new_ids(len(unknown))
    rows = [_row(name, sighting, now) for name, sighting in zip(ids, unknown, strict=True)]
    made = bulk_insert_new(conn, companies, rows)
    added = {row["canonical_domain"]: row["id"] for row in rows if row["id"] in made}
    owned = [
        {"company_id": company_id, "domain": domain, "kind": "primary", "since": now}
        for domain, company_id in added.items()
    ]
    bulk_insert(conn, company_domains, owned)
    return added


def _row(company_id: str, sighting: Sighting, now: datetime) -> dict[str, Any]:
    found = sighting.source == "yandex_search_api"
    origin = "serp" if found else sighting.source
    named = {"name": sighting.name, "city": sighting.city, "website_url": sighting.host}
    return {
        "id": company_id,
        "name": sighting.name,
        "name_key": name_key(sighting.name),
        "canonical_domain": sighting.domain,
        "website_url": _website(sighting.host),
        "industry": sighting.industry,
        "city": sighting.city,
        "region": sighting.region,
        "source": sighting.source,
        "source_result_id": sighting.result_id,
        "dedupe_hash": dedupe_hash(sighting.domain),
        "hits_count": sighting.hits,
        "attributes": _last_seen_as(sighting) if found else {},
        "field_sources": {name: origin for name, value in named.items() if value},
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _touch(conn: Connection, now: datetime, known: Mapping[str, Sighting]) -> None:
    """Count the hits and keep the last snippet; a website nobody confirmed may become shorter."""
    if not known:
        return
    table = companies.c
    columns = (
        table.id,
        table.attributes,
        table.website_url,
        table.field_sources,
        table.hits_count,
    )
    query = (
        sa.select(*columns)
        .where(among(conn, table.id, known))
        .order_by(table.id)
        .with_for_update(key_share=True)  # new hits of others may cite the company meanwhile
    )
    rows = conn.execute(query).all()
    bulk_update(conn, companies, [_touched(row, known[row.id], now) for row in rows])


def _touched(row: Any, sighting: Sighting, now: datetime) -> dict[str, Any]:
    website = _website(sighting.host)
    guessed = row.field_sources.get("website_url", "serp") == "serp"
    found = sighting.source == "yandex_search_api"
    shorter = min(row.website_url or website, website, key=len)
    return {
        "id": row.id,
        "hits_count": row.hits_count + sighting.hits,
        "last_seen_at": now,
        "attributes": row.attributes | (_last_seen_as(sighting) if found else {}),
        "website_url": shorter if guessed else row.website_url,
    }


def _last_seen_as(sighting: Sighting) -> dict[str, str]:
    return {"source": "yandex_serp", "last_snippet": sighting.snippet}


def _website(host: str) -> str:
    return f"https://{host}/"


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
