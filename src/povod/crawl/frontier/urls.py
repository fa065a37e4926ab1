"""Putting addresses into a job, counting them, and ending many at once."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.frontier.model import (
    FAILURE,
    LEASED,
    PENDING,
    SUCCESS,
    UNCOUNTED_REASONS,
    Counts,
    NewUrl,
)
from povod.crawl.urlkey import host_of_key
from povod.kit.ids import new_id
from povod.store.bulk import bulk_insert
from povod.store.tables import job_urls, jobs

BATCH = 5000
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def add_urls(conn: Connection, job_id: str, urls: Iterable[NewUrl], now: datetime) -> int:
    """Put addresses in; those whose key is there already change nothing. Returns how many."""
    waiting = iter(urls)
    added = 0
    while batch := list(islice(waiting, BATCH)):
        before = _size(conn, job_id)
        rows = [_row(job_id, url, now) for url in batch]
        bulk_insert(conn, job_urls, rows, ["job_id", "url_key"])
        added += _size(conn, job_id) - before
    return added


def _row(job_id: str, new: NewUrl, now: datetime) -> dict[str, Any]:
    done = new.outcome is not None
    return {
        "id": new_id(),
        "job_id": job_id,
        "position": new.position,
        "url": new.url,
        "url_key": new.url_key,
        "host": host_of_key(new.url_key),
        "source": new.source,
        "priority": new.priority,
        "lastmod": new.lastmod,
        "state": "done" if done else "pending",
        "outcome": new.outcome,
        "reason": new.reason,
        "finished_at": now if done else None,
    }


def _size(conn: Connection, job_id: str) -> int:
    query = sa.select(sa.func.count()).where(job_urls.c.job_id == job_id)
    return conn.execute(query).scalar_one()


def hosts_of(conn: Connection, job_id: str) -> frozenset[str]:
    """The hosts that addresses of the job stand on."""
    query = sa.select(job_urls.c.host).where(job_urls.c.job_id == job_id).distinct()
    return frozenset(conn.execute(query).scalars())


def count_urls(conn: Connection, job_id: str) -> Counts:
    """The addresses of a job by state and outcome."""
    urls = job_urls.c
    uncounted = sa.and_(urls.outcome == "skipped", urls.reason.in_(UNCOUNTED_REASONS))
    query = (
        sa.select(
            urls.state,
            urls.outcome,
            sa.func.count().label("number"),
            sa.func.sum(sa.case((uncounted, 1), else_=0)).label("uncounted"),
        )
        .where(urls.job_id == job_id)
        .group_by(urls.state, urls.outcome)
    )
    found: dict[str, int] = {}
    for row in conn.execute(query):
        name = row.outcome if row.state == "done" else row.state
        found[name] = found.get(name, 0) + row.number
        found["uncounted"] = found.get("uncounted", 0) + int(row.uncounted)
        found["total"] = found.get("total", 0) + row.number
    return Counts(**found)


def store_counts(conn: Connection, job_id: str) -> Counts:
    """Write the counters of the job as the query gives them; for the ends of phases."""
    counts = count_urls(conn, job_id)
    conn.execute(
        sa.update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            total_urls=counts.total,
            success_urls=counts.success,
            failed_urls=counts.failed,
            gone_urls=counts.gone,
            skipped_urls=counts.skipped,
        )
    )
    return counts


def end_pending(
    conn: Connection,
    job_id: str,
    outcome: str,
    reason: str,
    now: datetime,
    *where: sa.ColumnElement[bool],
) -> int:
    """End everything that waits (and fits `where`) in one statement; counters follow."""
    ended = conn.execute(
        sa.update(job_urls)
        .where(job_urls.c.job_id == job_id, PENDING, *where)
        .values(state="done", outcome=outcome, reason=reason, next_at=None, finished_at=now)
    ).rowcount
    if ended:
        column = counter_of(outcome)
        conn.execute(
            sa.update(jobs).where(jobs.c.id == job_id).values({column: jobs.c[column] + ended})
        )
    return ended


def expire_leases(conn: Connection, job_id: str) -> int:
    """Let all leases of a job run out now; returns how many there were.

    The next turn takes them back. Their holders find out when they settle: what they bring then
    is thrown away.
    """
    held = sa.and_(job_urls.c.job_id == job_id, LEASED)
    return conn.execute(sa.update(job_urls).where(held).values(lease_until=LONG_AGO)).rowcount


def counter_of(outcome: str) -> str:
    """The column of `jobs` in which an outcome is counted."""
    if outcome in SUCCESS:
        return "success_urls"
    if outcome in FAILURE:
        return "failed_urls"
    return "gone_urls" if outcome == "gone" else "skipped_urls"
