"""S27, S28: how a job ends."""

import pytest

from povod.crawl.frontier import Counts
from povod.sites.verdict import judge


def verdict(counts, complete=True, reason=""):
    got = judge(counts, min_coverage=0.95, input_complete=complete, stop_reason=reason)
    return got.status, got.stop_reason


@pytest.mark.parametrize(
    ("counts", "status", "reason"),
    [
        (Counts(total=10, ok=10), "succeeded", ""),
        (Counts(total=10, ok=4, not_modified=3, not_product=2, gone=1), "succeeded", ""),
        (Counts(total=100, ok=94, blocked=6), "partial", "coverage"),
        (Counts(total=100, ok=95, error=5), "succeeded", ""),
        (Counts(total=10, gone=10), "succeeded", ""),
        (Counts(total=10, blocked=10), "failed", ""),
        (Counts(total=10, error=9, skipped=1, uncounted=1), "failed", ""),
        (Counts(), "failed", ""),
        (Counts(total=100, ok=50, skipped=50, uncounted=50), "succeeded", ""),
        (Counts(total=100, ok=50, skipped=50, uncounted=10), "partial", "coverage"),
    ],
)
def test_coverage(counts, status, reason):
    assert verdict(counts) == (status, reason)


def test_limits_come_before_the_list_and_the_list_before_coverage():
    counts = Counts(total=100, ok=50, error=50)
    assert verdict(counts, complete=False, reason="budget") == ("partial", "budget")
    assert verdict(counts, complete=False) == ("partial", "input_incomplete")
    assert verdict(Counts(total=10, ok=10), reason="deadline") == ("partial", "deadline")
    assert verdict(Counts(total=10, error=10), reason="host_unavailable") == (
        "failed",
        "host_unavailable",
    )
