"""A job as the API, the command line and streams show it (S17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.frontier.model import UNCOUNTED_REASONS
from povod.sites.jobs import FIRECRAWL_KEY
from povod.sites.options import JobOptions
from povod.store.tables import job_secrets, job_urls

MB = 1024**2
STALLED_AFTER = timedelta(seconds=60)
_PLAIN = (
    *("domain", "label", "status", "phase", "created_at", "started_at", "finished_at"),
    *("total_urls", "success_urls", "failed_urls", "gone_urls", "skipped_urls"),
    *("traffic_bytes", "residential_bytes", "error_message", "stop_reason", "pause_reason"),
    *("input_complete", "warnings", "policies_version", "reports_version", "created_by"),
)
_DONE = ("success_urls", "failed_urls", "gone_urls", "skipped_urls")
_DIFF = ("added", "removed", "modified", "unchanged", "not_checked")


@dataclass(frozen=True)
class Extras:
    """What the answer needs beside the row of the job."""

    uncounted: int = 0
    has_key: bool = False


def job_responses(
    conn: Connection, rows: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Answers for some jobs, in two statements however many they are."""
    ids = [row["id"] for row in rows]
    uncounted, keys = _uncounted(conn, ids), _with_key(conn, ids)
    return [
        job_response(row, Extras(uncounted.get(row["id"], 0), row["id"] in keys), now)
        for row in rows
    ]


def one_response(conn: Connection, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answer for one job."""
    return job_responses(conn, [row], now)[0]


def job_response(row: Mapping[str, Any], extras: Extras, now: datetime) -> dict[str, Any]:
    """The answer for one job (pure)."""
    total, done = row["total_urls"], sum(row[name] for name in _DONE)
    options = JobOptions.parse(row["options"]).public(firecrawl_key_set=extras.has_key)
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in _PLAIN},
        "pending_urls": max(0, total - done),
        "progress": round(done / total, 4) if total else None,
        "traffic_mb_used": round(row["traffic_bytes"] / MB, 2),
        "residential_mb_used": round(row["residential_bytes"] / MB, 2),
        "stalled": _is_stalled(row, now),
        "coverage": _coverage(row, extras.uncounted),
        "diff": {"state": row["diff_state"], **{name: row[name] for name in _DIFF}},
        "input_report": row["input_report"] or {},
        "options": options,
    }


def _is_stalled(row: Mapping[str, Any], now: datetime) -> bool:
    beat = row["heartbeat_at"]
    return row["status"] == "running" and beat is not None and now - beat > STALLED_AFTER


def _coverage(row: Mapping[str, Any], uncounted: int) -> float | None:
    """Share of the list of which the state is known (S28)."""
    whole = row["total_urls"] - uncounted
    covered = row["success_urls"] + row["gone_urls"]
    return round(covered / whole, 4) if whole > 0 else None


def _uncounted(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    query = (
        sa.select(job_urls.c.job_id, sa.func.count().label("number"))
        .where(
            job_urls.c.job_id.in_(ids),
            job_urls.c.outcome == "skipped",
            job_urls.c.reason.in_(UNCOUNTED_REASONS),
        )
        .group_by(job_urls.c.job_id)
    )
    return {row.job_id: row.number for row in conn.execute(query)}


def _with_key(conn: Connection, ids: Sequence[str]) -> set[str]:
    query = sa.select(job_secrets.c.job_id).where(
        job_secrets.c.job_id.in_(ids), job_secrets.c.name == FIRECRAWL_KEY
    )
    return set(conn.execute(query).scalars())
