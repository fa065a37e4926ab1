"""Doing searches over: failed ones get new tries, stored replies are read again (L39, L42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.companies import Seen, find_owners, see
from povod.book.domains import DomainRules, load_rules
from povod.kit.errors import ConflictError, NotFoundError
from povod.leads.hits import Hit, hit_row, in_lock_order, sighting
from povod.leads.ingest import judge
from povod.leads.search_deps import SearchDeps
from povod.leads.serp import PARSER_VERSION, SerpError, SerpReply, parse_serp
from povod.leads.slots import Slots
from povod.store.bulk import bulk_insert
from povod.store.files import get_files
from povod.store.tables import serp_operations, serp_queries, serp_results

ENDED = ("failed", "expired")
_COMPANY = ("UNIQUE", "DUP_HOST", "DUP_CANONICAL", "DUP_FUZZY")
_REPLACED = (
    "position", "group_position", "url_raw", "host_raw", "host_norm", "domain", "title", "snippet",
    "headline", "language", "doc_id", "company_name_guess", "company_id", "dedup_status",
    "dedup_key", "metadata", "updated_at",
)  # fmt: skip


@dataclass
class Reparsed:
    """Counts over all replies that were read again."""

    replies: int = 0
    documents: int = 0
    added: int = 0
    companies_new: int = 0
    unreadable: int = 0

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return dict(vars(self))


def retry_queries(deps: SearchDeps, names: Sequence[str] = ()) -> int:
    """Give failed and expired queries (these, or all) the next free slots and all tries; how many.

    Raises `NotFoundError` for a query that does not exist, `ConflictError` for one that has not
    failed; then none is changed.
    """
    table = serp_queries
    with deps.db.tx() as conn:
        wanted = _failed(conn, names)
        slots = Slots(conn, deps.settings, deps.clock.now())
        for name, by_night in wanted:
            at = slots.take() if by_night else deps.clock.now()
            values = {"status": "pending", "attempts": 0, "scheduled_for": at, "last_error": ""}
            ended = (table.c.id == name, table.c.status.in_(ENDED))
            conn.execute(sa.update(table).where(*ended).values(**values))
        slots.save()
    return len(wanted)


def _failed(conn: Connection, names: Sequence[str]) -> list[tuple[str, bool]]:
    """Id of each query to retry, and whether it waits for the night; the oldest first."""
    table = serp_queries.c
    query = sa.select(table.id, table.status, table.is_night_window).order_by(table.id)
    if not names:
        found = conn.execute(query.where(table.status.in_(ENDED))).all()
        return [(row.id, row.is_night_window) for row in found]
    rows = {row.id: row for row in conn.execute(query.where(table.id.in_(filter(_is_id, names))))}
    for name in names:
        if name not in rows:
            raise NotFoundError(f"there is no query {name}; `povod leads export queries` lists all")
        if rows[name].status not in ENDED:
            raise ConflictError(
                f"query {name} is {rows[name].status}; only failed and expired ones are retried"
            )
    return [(row.id, row.is_night_window) for row in rows.values()]


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def reparse(deps: SearchDeps, *, since: datetime | None = None, operation: str = "") -> Reparsed:
    """Parse stored replies again without any call; each reply is one transaction.

    Hits are brought up to date in place, new ones are added. What comparing companies found out
    since stays, and no sighting is counted twice.
    """
    total = Reparsed()
    with deps.db.read() as conn:
        rules = load_rules(conn)
        stored = _stored(conn, since, operation)
    if operation and not stored:
        raise NotFoundError(f"operation {operation}: there is no stored reply that was taken in")
    for row in stored:
        with deps.db.read() as conn:
            raw = get_files(conn, [row.raw_file_id]).get(row.raw_file_id)
        if raw is None:
            total.unreadable += 1
            continue
        _again(deps, row, raw, rules, total)
    return total


def _stored(conn: Connection, since: datetime | None, operation: str) -> list[Any]:
    table = serp_operations.c
    query = (
        sa.select(table.id, table.query_id, table.raw_file_id, serp_queries.c.metadata)
        .join(serp_queries, serp_queries.c.id == table.query_id)
        .where(table.status == "ingested", table.raw_file_id.is_not(None))
        .order_by(table.id)
    )
    if since is not None:
        query = query.where(table.ingested_at >= since)
    if operation:
        # The service's own name of the operation works too.
        named = table.operation_id == operation
        query = query.where(sa.or_(named, table.id == operation) if _is_id(operation) else named)
    return list(conn.execute(query).all())


def _again(deps: SearchDeps, row: Any, raw: bytes, rules: DomainRules, total: Reparsed) -> None:
    try:
        reply = parse_serp(raw)
    except SerpError:
        total.unreadable += 1
        return
    hits = judge(reply.docs, rules)
    with deps.db.tx() as conn:
        _save(conn, deps, row, reply, hits, total)


def _save(
    conn: Connection,
    deps: SearchDeps,
    row: Any,
    reply: SerpReply,
    hits: Sequence[Hit],
    total: Reparsed,
) -> None:
    before = _statuses(conn, row.id)
    seen = _companies(conn, deps, row, hits)
    first: set[str] = set()
    rows = [hit_row(hit, row.id, row.query_id, seen.get(hit.domain), first) for hit in hits]
    for made in rows:
        old = before.get(made["url"])
        if old in _COMPANY and made["dedup_status"] in _COMPANY:
            made["dedup_status"] = old
    bulk_insert(conn, serp_results, in_lock_order(rows), ["operation_id", "url"], _REPLACED)
    values = {
        "docs_total": len(reply.docs) + len(reply.skipped),
        "docs_skipped": len(reply.skipped),
        "recovered": reply.recovered,
        "parser_version": str(PARSER_VERSION),
    }
    table = serp_operations
    conn.execute(sa.update(table).where(table.c.id == row.id).values(**values))
    total.replies += 1
    total.documents += len(rows)
    total.added += sum(made["url"] not in before for made in rows)
    total.companies_new += sum(one.is_new for one in seen.values())


def _statuses(conn: Connection, operation: str) -> dict[str, str]:
    table = serp_results.c
    query = sa.select(table.url, table.dedup_status).where(table.operation_id == operation)
    return {row.url: row.dedup_status for row in conn.execute(query)}


def _companies(
    conn: Connection, deps: SearchDeps, row: Any, hits: Sequence[Hit]
) -> dict[str, Seen]:
    """The company of each domain; only those that nobody has met yet are inserted."""
    found = {hit.domain: hit for hit in hits if hit.is_company}
    owners = find_owners(conn, list(found))
    about = row.metadata
    fresh = [
        sighting(hit, about.get("niche", ""), about.get("city", ""))
        for domain, hit in found.items()
        if domain not in owners
    ]
    known = {domain: Seen(company) for domain, company in owners.items()}
    return known | (see(conn, deps.clock.now(), fresh) if fresh else {})
