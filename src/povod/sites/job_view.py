"""A job as the API and the command line show it (S17)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from povod.crawl.budgets import MB
from povod.sites.jobs import Job
from povod.sites.options import JobOptions

STALLED_AFTER = timedelta(seconds=60)


def job_response(job: Job, *, now: datetime, firecrawl_key_set: bool = False) -> dict[str, Any]:
    """JobResponse: plain values, times as they are, no secrets."""
    done = sum(job[name] for name in ("success_urls", "failed_urls", "gone_urls", "skipped_urls"))
    total = job["total_urls"]
    known = total > 0 and job["phase"] != "input"
    plain = (
        "id", "domain", "label", "status", "phase", "created_at", "started_at", "finished_at",
        "total_urls", "success_urls", "failed_urls", "gone_urls", "skipped_urls",
        "traffic_bytes", "residential_bytes", "error_message", "stop_reason", "pause_reason",
        "input_complete", "warnings", "policies_version", "reports_version", "created_by",
    )  # fmt: skip
    return {name: job[name] for name in plain} | {
        "pending_urls": max(0, total - done),
        "progress": round(done / total, 4) if known else None,
        "traffic_mb_used": round(job["traffic_bytes"] / MB, 2),
        "residential_mb_used": round(job["residential_bytes"] / MB, 2),
        "stalled": is_stalled(job, now),
        "coverage": _coverage(job),
        "diff": diff_of(job),
        "options": JobOptions.parse(job["options"]).public(firecrawl_key_set=firecrawl_key_set),
    }


def is_stalled(job: Job, now: datetime) -> bool:
    """Whether a running job has shown no sign of a worker for a minute (S31)."""
    seen = job["heartbeat_at"] or job["started_at"]
    return job["status"] == "running" and seen is not None and now - seen > STALLED_AFTER


def diff_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """The counts of changes."""
    names = ("added", "removed", "modified", "unchanged", "not_checked")
    return {"state": job["diff_state"], **{name: job[name] for name in names}}


def _coverage(job: Job) -> float | None:
    """Of what the job's own counters tell; skipped addresses are no part of it."""
    whole = job["total_urls"] - job["skipped_urls"]
    covered = job["success_urls"] + job["gone_urls"]
    return round(covered / whole, 4) if whole > 0 else None
