"""From a stored reply to hits and companies: one reply, one transaction (L45-L51)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.companies import Seen, see
from povod.book.domains import DomainRules, load_rules
from povod.leads.hits import Hit, hit_row, read_hit, sighting
from povod.leads.outcomes import Failure, settle
from povod.leads.pauses import Pauses
from povod.leads.queries import query_hash
from povod.leads.search_deps import SearchDeps
from povod.leads.serp import PARSER_VERSION, SerpDoc, SerpError, SerpReply, parse_serp
from povod.leads.slots import Slots
from povod.leads.yandex.client import CREATE_QUOTA
from povod.store.bulk import bulk_insert
from povod.store.db import Database
from povod.store.files import get_files, missing_file
from povod.store.tables import serp_operations, serp_queries, serp_results
from povod.store.upsert import insert_new

TOO_FAST = 55
"""XML error: too many requests per second."""

RATE_PAUSE = 60.0

READ_AHEAD = 8
"""Replies read in one transaction; each is still saved in one of its own."""

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
    for start in range(0, len(mine), READ_AHEAD):
        for task in _load(deps.db, mine[start : start + READ_AHEAD]):
            if cancelled() or result.stopped:
                return result
            _ingest(deps, task, rules, result)
    return result


def judge(docs: Sequence[SerpDoc], rules: DomainRules) -> list[Hit]:
    """The documents with their addresses judged; one hit per address, the first one counts."""
    hits: dict[str, Hit] = {}
    for doc in docs:
        hit = read_hit(doc, rules)
        hits.setdefault(hit.url, hit)
    return list(hits.values())


def save_reply(
    conn: Connection, deps: SearchDeps, task: Task, reply: SerpReply, hits: Sequence[Hit]
) -> IngestResult | None:
    """Hits, companies, operation and query of one reply; None when another was faster."""
    table = serp_operations
    values = {
        "status": "ingested",
        "ingested_at": deps.clock.now(),
        "docs_total": len(reply.docs) + len(reply.skipped),
        "docs_skipped": len(reply.skipped),
        "recovered": reply.recovered,
        "parser_version": str(PARSER_VERSION),
    }
    ready = (table.c.id == task.operation, table.c.status == "done")
    if not conn.execute(sa.update(table).where(*ready).values(**values)).rowcount:
        return None
    counts = save_hits(conn, deps, task, hits)
    counts.skipped = len(reply.skipped)
    _complete_query(conn, deps, task, reply)
    return counts


def save_hits(conn: Connection, deps: SearchDeps, task: Task, hits: Sequence[Hit]) -> IngestResult:
    """Store hits and the companies they lead to, in a few statements.

    A document that cannot be used is kept as `INVALID` with its reason; it costs no other one.
    """
    found = [sighting(hit, task.niche, task.city) for hit in hits if hit.is_company]
    seen = see(conn, deps.clock.now(), found)
    first: set[str] = set()
    rows = [hit_row(hit, task.operation, task.query, seen.get(hit.domain), first) for hit in hits]
    bulk_insert(conn, serp_results, rows, ["operation_id", "url"], _REPLACED)
    return _count(hits, seen)


def _count(hits: Sequence[Hit], seen: dict[str, Seen]) -> IngestResult:
    result = IngestResult(replies=1, companies_new=sum(one.is_new for one in seen.values()))
    for hit in hits:
        result.documents += 1
        result.excluded += hit.status == "EXCLUDED"
        result.invalid += hit.status == "INVALID"
        result.known += hit.is_company and not seen[hit.domain].is_new
    return result


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


def _ingest(deps: SearchDeps, task: Task, rules: DomainRules, result: IngestResult) -> None:
    try:
        reply = parse_serp(task.raw)
    except SerpError as error:
        _store_failed(deps, task, error, rules, result)
        return
    hits = judge(reply.docs, rules)
    with deps.db.tx() as conn:
        counts = save_reply(conn, deps, task, reply, hits)
    if counts is not None:
        _add(result, counts)


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
    hits = judge(error.documents, rules)
    with deps.db.tx() as conn:
        if settle(conn, deps, task.operation, task.query, failure, ["done"]):
            _add(result, save_hits(conn, deps, task, hits))
            result.replies -= 1
            result.failed += 1
    if error.kind == "configuration":
        result.stopped = str(error)
    if error.code == TOO_FAST:
        Pauses(deps.db, deps.clock).slow_down(CREATE_QUOTA, RATE_PAUSE)


def _complete_query(conn: Connection, deps: SearchDeps, task: Task, reply: SerpReply) -> None:
    table = serp_queries
    conn.execute(
        sa.update(table)
        .where(table.c.id == task.query)
        .values(status="completed", results_total=len(reply.docs), last_error="")
    )
    groups = len({doc.group_position for doc in reply.docs})
    if deps.settings.yandex_pages_per_query > 1 and groups >= deps.settings.yandex_groups_on_page:
        _order_next_page(conn, deps, task.query)


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
