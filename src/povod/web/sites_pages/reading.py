"""What the pages of one job read: its progress, hosts, failures, changes, log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.sites.exports.diff_rows import DiffRow
from povod.sites.states import ACTIVE, FINAL, TRANSITIONS, job_topic
from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import (
    crawl_hosts,
    job_events,
    job_urls,
    jobs,
    pages,
    snapshot_versions,
    snapshots,
)

FAILED = ("blocked", "error", "skipped")
LOG_LINES, PREVIEW_ROWS, SHOWN_HOSTS, SHOWN_FAILURES = 40, 50, 20, 10
FIELDS_IN_TABLE = ("price", "availability", "stock", "title", "name")
"""Fields whose two values a line of the diff shows, the ones that people look for first."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a change with both values; None: there was none."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One line of a diff for reading."""

    row: Any
    title: str
    fields: Sequence[FieldChange]


def choices(job: Mapping[str, Any]) -> list[str]:
    """What can be done with a job in this state, by the table of states."""
    status, phase = job["status"], job["phase"]

    def may(event: str) -> bool:
        rule = TRANSITIONS[event]
        return status in rule.sources and phase in rule.phases

    found = ["pause"] if may("pause") else []
    waiting = job["total_urls"] > sum(job[name] for name in _DONE)
    if may("resume") or (status in FINAL and (phase == "input" or waiting)):
        found.append("resume")
    if status in FINAL and (job["failed_urls"] or job["skipped_urls"]):
        found.append("retry-failed")
    return [*found, "cancel"] if may("cancel") or may("cancel_waiting") else found


_DONE = ("success_urls", "failed_urls", "gone_urls", "skipped_urls")


def progress_of(conn: Connection, job_id: str) -> Mapping[str, Any] | None:
    """The newest figures that the crawl told: rate and rest. None: it told nothing yet."""
    query = (
        sa.select(job_events.c.data, job_events.c.created_at)
        .where(job_events.c.topic == job_topic(job_id), job_events.c.kind == "progress")
        .order_by(job_events.c.id.desc())
    )
    row = conn.execute(query.limit(1)).first()
    return row.data if row is not None else None


def log_of(conn: Connection, job_id: str) -> Sequence[Any]:
    """The last lines of the log, newest first; progress has its bar."""
    query = sa.select(job_events).where(
        job_events.c.topic == job_topic(job_id), job_events.c.kind != "progress"
    )
    return conn.execute(query.order_by(job_events.c.id.desc()).limit(LOG_LINES)).all()


def hosts_of(conn: Connection, domain: str) -> Sequence[Any]:
    """How the hosts of a site are treated now: pauses, breaker, what they forbade."""
    host = crawl_hosts.c.host
    mine = sa.or_(
        host == domain,
        host.startswith(f"{domain}:", autoescape=True),
        host.endswith(f".{domain}", autoescape=True),
    )
    query = sa.select(crawl_hosts).where(mine).order_by(host, crawl_hosts.c.tier)
    return conn.execute(query.limit(SHOWN_HOSTS)).all()


def failures_of(
    conn: Connection, job_id: str, *, outcome: str = "", text: str = "", page: int = 1, size: int
) -> Listing:
    """Addresses that were not seen, with their last step and what was said."""
    names = ("url", "outcome", "reason", "error_class", "attempts", "fetcher", "tier")
    query = (
        sa.select(
            *(job_urls.c[name] for name in names),
            job_urls.c.finished_at,
            pages.c.http_status,
            pages.c.error_message,
        )
        .outerjoin(
            pages,
            sa.and_(pages.c.job_id == job_urls.c.job_id, pages.c.url_key == job_urls.c.url_key),
        )
        .where(job_urls.c.job_id == job_id)
        .where(job_urls.c.outcome.in_([outcome] if outcome else FAILED))
        .order_by(job_urls.c.position, job_urls.c.id)
    )
    if text:
        query = query.where(text_in([job_urls.c.url, job_urls.c.reason], text))
    return read_page(conn, query, page, size)


def failure_counts(conn: Connection, job_id: str) -> dict[str, int]:
    """How many addresses failed in which way."""
    query = (
        sa.select(job_urls.c.outcome, sa.func.count())
        .where(job_urls.c.job_id == job_id, job_urls.c.outcome.in_(FAILED))
        .group_by(job_urls.c.outcome)
    )
    return {str(name): int(count) for name, count in conn.execute(query)}


def versions() -> sa.Select[Any]:
    """Lines of diffs with the address that they are about."""
    columns: list[Any] = [*snapshot_versions.c, snapshots.c.url, snapshots.c.variant_key]
    return sa.select(*columns, snapshots.c.domain).join(
        snapshots, snapshots.c.id == snapshot_versions.c.snapshot_id
    )


def diff_of(
    conn: Connection, job_id: str, *, kind: str = "", page: int = 1, size: int = PAGE_SIZE
) -> Listing:
    """What a job found changed, by address."""
    query = versions().where(snapshot_versions.c.job_id == job_id)
    if kind:
        query = query.where(snapshot_versions.c.change_type == kind)
    ordered = query.order_by(snapshots.c.url_key, snapshots.c.variant_key)
    return readable(read_page(conn, ordered, page, size))


def readable(listing: Listing) -> Listing:
    """The same page with values of both sides."""
    rows = [change_of(row) for row in listing.rows]
    return Listing(rows, listing.total, listing.page, listing.size)


def change_of(row: Any) -> Change:
    """A row of `versions` for reading."""
    before = row.prev_data if row.change_type != "ADDED" else None
    line = DiffRow(
        row.url, row.variant_key, row.change_type, tuple(row.fields_changed), before, row.data,
        row.prev_crawl_at, row.seen_at, row.reason,
    )  # fmt: skip
    names = line.fields or ("price", "availability")
    fields = [FieldChange(n, line.value(line.before, n), line.value(line.after, n)) for n in names]
    known = [field for field in fields if (field.before, field.after) != (None, None)]
    return Change(row, title_of(row.data or row.prev_data or {}), known)


def title_of(state: Mapping[str, Any]) -> str:
    """How people call what a snapshot is about."""
    full = state.get("full") or {}
    return str(full.get("name") or state.get("title") or state.get("h1") or "")


def running_jobs(conn: Connection) -> Sequence[Any]:
    """Jobs that are under way, for the overview."""
    query = sa.select(jobs).where(jobs.c.status.in_(ACTIVE)).order_by(jobs.c.id.desc())
    return [
        {**row, "done": sum(row[name] for name in _DONE)}
        for row in conn.execute(query.limit(10)).mappings()
    ]


def held_diffs() -> sa.Select[Any]:
    """Jobs whose diff waits for a person."""
    return sa.select(sa.func.count()).select_from(jobs).where(jobs.c.diff_state == "held")
