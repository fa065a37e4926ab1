"""S17: a job as it is shown."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from povod.sites.job_view import is_stalled, job_response
from povod.sites.options import JobOptions
from povod.store.tables import jobs

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def job(**changes):
    row = {column.name: None for column in jobs.columns}
    for column in jobs.columns:
        if column.default is not None and column.default.is_scalar:
            row[column.name] = column.default.arg
    row |= {
        "id": "i",
        "domain": "shop.ru",
        "options": JobOptions.parse({}).stored(),
        "warnings": [],
    }
    return {**row, "status": "running", "phase": "crawl", "total_urls": 10, **changes}


def test_figures_follow_from_the_counters():
    shown = job_response(
        job(success_urls=4, gone_urls=1, failed_urls=2, skipped_urls=1, traffic_bytes=1_572_864),
        now=NOW,
    )
    assert (shown["pending_urls"], shown["progress"], shown["traffic_mb_used"]) == (2, 0.8, 1.5)
    assert shown["coverage"] == pytest.approx(5 / 9, abs=1e-4)
    assert shown["diff"] == {
        "state": "none", "added": 0, "removed": 0, "modified": 0, "unchanged": 0, "not_checked": 0,
    }  # fmt: skip
    json.dumps(shown, default=str)


def test_what_is_not_known_is_not_invented():
    shown = job_response(job(total_urls=0, phase="input"), now=NOW)
    assert shown["progress"] is None
    assert shown["coverage"] is None


def test_no_secret_is_shown():
    options = JobOptions.parse({"firecrawl_api_key": "fc-1", "enable_firecrawl": True}).stored()
    shown = job_response(job(options=options), now=NOW, firecrawl_key_set=True)
    assert shown["options"]["firecrawl_key_set"] is True
    assert "firecrawl_api_key" not in shown["options"]


@pytest.mark.parametrize(
    ("changes", "stalled"),
    [
        ({"heartbeat_at": NOW - timedelta(seconds=61)}, True),
        ({"heartbeat_at": NOW - timedelta(seconds=59)}, False),
        ({"started_at": NOW - timedelta(seconds=61)}, True),
        ({"heartbeat_at": NOW - timedelta(hours=1), "status": "paused"}, False),
        ({}, False),
    ],
)
def test_stalled(changes, stalled):
    assert is_stalled(job(**changes), NOW) is stalled
