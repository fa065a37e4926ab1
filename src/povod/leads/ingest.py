"""From a stored reply to hits and companies (L45-L51).

A reply is stored whole or not at all. Several go into one transaction, because every transaction
costs as much as a third of a reply; when one of them cannot be stored, each is tried alone.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.companies import Seen, Sighting, combine, meet, touch
from povod.book.domains import DomainRules, load_rules
from povod.leads.hits import Hit, bare_row, in_lock_order, lead_to, read_hit, sighting
from povod.leads.outcomes import Failure, settle
from povod.leads.pauses import Pauses
from povod.leads.queries import query_hash
from povod.leads.search_deps import SearchDeps
from povod.leads.serp import PARSER_VERSION, SerpDoc, SerpError, SerpReply, parse_serp
from povod.leads.slots import Slots
from povod.leads.yandex.client import CREATE_QUOTA
from povod.store.bulk import among, bulk_insert, bulk_update
from povod.store.db import Database
from povod.store.files import get_files, missing_file
from povod.store.tables import serp_operations, serp_queries, serp_results
from povod.store.upsert import insert_new

TOO_FAST = 55
"""XML error: too many requests per second."""

RATE_PAUSE = 60.0

READ_AHEAD = 8
"""Replies that are read, and saved, in one transaction."""

_REPLACED = (
    "position", "group_position", "url_raw", "host_raw", "host_norm", "domain", "title", "snippet",
    "headline", "language", "doc_id", "company_name_guess", "company_id", "dedup_status",
    "dedup_key", "is_processed", "metadata", "updated_at",
)  # fmt: skip
"""Columns of a hit that parsing the same reply again brings up to date."""


@dataclass
class IngestResult:
    """Counts over all replies of one tick; `stopped` names a fault of the configuration."""

    replies: int = 0
    documents: int = 0
    companies_new: int = 0
    known: int = 0
    excluded: int = 0
    invalid: int = 0
    skipped: int = 0
    failed: int = 0
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A reply to take in, with what its query was about."""

    operation: str
    query: str
    raw: bytes
    niche: str = ""
    city: str = ""


class Reading:
    """A reply as far as it can be told without the database: hits, rows, sightings."""

    def __init__(self, task: Task, docs: Sequence[SerpDoc], rules: DomainRules) -> None:
        self.task = task
        self.hits = judge(docs, rules)
        self.rows = [bare_row(hit, task.operation, task.query) for hit in self.hits]
        self.sightings: list[Sighting] = [
            sighting(hit, task.niche, task.city) for hit in self.hits if hit.is_company
        ]


class Parsed(Reading):
    """A whole reply that is ready to be saved."""

    def __init__(self, task: Task, reply: SerpReply, rules: DomainRules) -> None:
        super().__init__(task, reply.docs, rules)
        self.reply = reply


def ingest_ready(
    deps: SearchDeps,
    limit: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    share: tuple[int, int] = (0, 1),
) -> IngestResult:
    """Take in every reply that is stored and not ingested yet, the oldest first.

    Several processes may do this at once; with `share` (number, of how many) each begins with
    replies of its own instead of racing for the same ones.
    """
    result = IngestResult()
    with deps.db.read() as conn:
        rules = load_rules(conn)
        waiting = _waiting(conn, limit)
    first, step = share
    # By the id's random tail: every process cuts the same way, whenever it looks.
    mine = [name for name in waiting if int(name[-6:], 16) % step == first]

    def halted() -> bool:
        return cancelled() or bool(result.stopped)

    for start in range(0, len(mine), READ_AHEAD):
        with _collector_off():
            _take_in(deps, mine[start : start + READ_AHEAD], rules, result, halted)
        if halted():
            break
    return result


def _take_in(
    deps: SearchDeps,
    operations: Sequence[str],
    rules: DomainRules,
    result: IngestResult,
    halted: Callable[[], bool],
) -> None:
    """Read and save these replies; when it has to halt, those that were read until then."""
    ready: list[Parsed] = []
    for task in _load(deps.db, operations):
        if halted():
            break
        ready.extend(_parsed(deps, task, rules, result))
    _save(deps, ready, result)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Python does not look for unreachable cycles meanwhile.

    Replies make many objects but no cycles; so many that it would look through all objects of the
    process every few thousand documents, which took a fifth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def judge(docs: Sequence[SerpDoc], rules: DomainRules) -> list[Hit]:
    """The documents with their addresses judged; one hit per address, the first one counts."""
    hits: dict[str, Hit] = {}
    for doc in docs:
        hit = read_hit(doc, rules)
        hits.setdefault(hit.url, hit)
    return list(hits.values())


def _save(deps: SearchDeps, ready: Sequence[Parsed], result: IngestResult) -> None:
    """All of them in one transaction, or else each in one of its own."""
    if not ready:
        return
    try:
        with deps.db.tx() as conn:
            counts = save_replies(conn, deps, ready)
    except sa.exc.DBAPIError:
        if len(ready) == 1:
            raise
        for one in ready:
            _save(deps, [one], result)
    else:
        _add(result, counts)


def save_replies(conn: Connection, deps: SearchDeps, ready: Sequence[Parsed]) -> IngestResult:
    """Hits, companies, operations and queries, without the replies that another had already."""
    taken = _take(conn, deps, ready)
    _complete_queries(conn, taken)
    counts = save_hits(conn, deps, taken)
    counts.skipped = sum(len(one.reply.skipped) for one in taken)
    for one in taken:
        groups = len({doc.group_position for doc in one.reply.docs})
        full = groups >= deps.settings.yandex_groups_on_page
        if deps.settings.yandex_pages_per_query > 1 and full:
            _order_next_page(conn, deps, one.task.query)
    return counts


def _take(conn: Connection, deps: SearchDeps, ready: Sequence[Parsed]) -> list[Parsed]:
    """Mark the operations as taken in; gives those with which nobody was faster."""
    table = serp_operations.c
    mine = (among(conn, table.id, [one.task.operation for one in ready]), table.status == "done")
    query = sa.select(table.id).where(*mine).order_by(table.id).with_for_update(key_share=True)
    waiting = set(conn.execute(query).scalars())
    taken = [one for one in ready if one.task.operation in waiting]
    now = deps.clock.now()
    bulk_update(conn, serp_operations, [_ingested(one, now) for one in taken])
    return taken


def _ingested(one: Parsed, now: datetime) -> dict[str, Any]:
    reply = one.reply
    return {
        "id": one.task.operation,
        "status": "ingested",
        "ingested_at": now,
        "docs_total": len(reply.docs) + len(reply.skipped),
        "docs_skipped": len(reply.skipped),
        "recovered": reply.recovered,
        "parser_version": str(PARSER_VERSION),
    }


def save_hits(conn: Connection, deps: SearchDeps, readings: Sequence[Reading]) -> IngestResult:
    """Store hits and the companies they lead to, in a few statements for all replies.

    A document that cannot be used is kept as `INVALID` with its reason; it costs no other one.
    """
    found = combine(one.sightings for one in readings)
    now = deps.clock.now()
    met = meet(conn, now, found)
    result = IngestResult(companies_new=sum(one.is_new for one in met.values()))
    seen = dict(met)
    rows: list[dict[str, Any]] = []
    for one in readings:
        _lead_to(one, seen)
        _count(result, one.hits, seen)
        rows += one.rows
        # what one reply has brought in is known to the next
        seen |= {each.domain: Seen(seen[each.domain].company_id) for each in one.sightings}
    bulk_insert(conn, serp_results, in_lock_order(rows), ["operation_id", "url"], _REPLACED)
    touch(conn, now, met, found)
    return result


def _lead_to(one: Reading, seen: dict[str, Seen]) -> None:
    first: set[str] = set()
    for row, hit in zip(one.rows, one.hits, strict=True):
        if hit.is_company:
            lead_to(row, hit, seen[hit.domain], first)


def _count(result: IngestResult, hits: Sequence[Hit], seen: dict[str, Seen]) -> None:
    result.replies += 1
    for hit in hits:
        result.documents += 1
        result.excluded += hit.status == "EXCLUDED"
        result.invalid += hit.status == "INVALID"
        result.known += hit.is_company and not seen[hit.domain].is_new


def _waiting(conn: Connection, limit: int | None) -> list[str]:
    table = serp_operations.c
    query = sa.select(table.id).where(table.status == "done")
    return list(conn.execute(query.order_by(table.completed_at, table.id).limit(limit)).scalars())


def _load(db: Database, operations: Sequence[str]) -> Iterator[Task]:
    """The stored replies in their order, without those that were taken in meanwhile."""
    columns = (
        serp_operations.c.id,
        serp_operations.c.query_id,
        serp_operations.c.raw_file_id,
        serp_queries.c.metadata.label("about"),
    )
    query = sa.select(*columns).join(serp_queries, serp_queries.c.id == serp_operations.c.query_id)
    here = (serp_operations.c.id.in_(operations), serp_operations.c.status == "done")
    with db.read() as conn:
        rows = {row.id: row for row in conn.execute(query.where(*here)).all()}
        bodies = get_files(conn, [row.raw_file_id for row in rows.values()])
    for operation in filter(rows.get, operations):
        row = rows[operation]
        if row.raw_file_id not in bodies:
            raise missing_file(row.raw_file_id)
        niche, city = row.about.get("niche", ""), row.about.get("city", "")
        yield Task(operation, row.query_id, bodies[row.raw_file_id], niche, city)


def _parsed(
    deps: SearchDeps, task: Task, rules: DomainRules, result: IngestResult
) -> Iterable[Parsed]:
    """The reply read; nothing when it is an error, which is dealt with at once."""
    try:
        reply = parse_serp(task.raw)
    except SerpError as error:
        _store_failed(deps, task, error, rules, result)
        return ()
    return (Parsed(task, reply, rules),)


def _store_failed(
    deps: SearchDeps, task: Task, error: SerpError, rules: DomainRules, result: IngestResult
) -> None:
    """An error reply: documents that came with it are kept, the query goes on by its class."""
    failure = Failure(
        "failed",
        error.kind,
        str(error),
        code=str(error.code) if error.code is not None else type(error).__name__,
        values={"parser_version": str(PARSER_VERSION)},
    )
    reading = Reading(task, error.documents, rules)
    with deps.db.tx() as conn:
        if settle(conn, deps, task.operation, task.query, failure, ["done"]):
            _add(result, save_hits(conn, deps, [reading]))
            result.replies -= 1
            result.failed += 1
    if error.kind == "configuration":
        result.stopped = str(error)
    if error.code == TOO_FAST:
        Pauses(deps.db, deps.clock).slow_down(CREATE_QUOTA, RATE_PAUSE)


def _complete_queries(conn: Connection, taken: Sequence[Parsed]) -> None:
    rows = [
        {
            "id": one.task.query,
            "status": "completed",
            "results_total": len(one.reply.docs),
            "last_error": "",
        }
        for one in taken
    ]
    bulk_update(conn, serp_queries, rows)


def _order_next_page(conn: Connection, deps: SearchDeps, query_id: str) -> None:
    """The next page of a full reply, as far as settings and the service allow (L23, Y47)."""
    table = serp_queries
    row = conn.execute(sa.select(table).where(table.c.id == query_id)).mappings().one()
    page = row["page"] + 1
    reached = page * deps.settings.yandex_groups_on_page >= deps.settings.yandex_max_results
    if page >= deps.settings.yandex_pages_per_query or reached:
        return
    kept = ("niche_id", "query_text", "period", "region_code", "is_night_window", "cost_estimate")
    next_row = {name: row[name] for name in (*kept, "metadata")}
    slots = Slots(conn, deps.settings, deps.clock.now())
    digest = query_hash(row["query_text"], row["region_code"])
    next_row |= {"query_hash": digest, "page": page, "scheduled_for": slots.take()}
    if insert_new(conn, table, [next_row], ["query_hash", "page", "period"]):
        slots.save()


def _add(total: IngestResult, counts: IngestResult) -> None:
    for name, value in vars(counts).items():
        if isinstance(value, int):
            setattr(total, name, getattr(total, name) + value)
