"""How a job ends, from what became of its addresses (S27, S28). Pure."""

from dataclasses import dataclass
from typing import Literal

from povod.crawl.frontier import Counts

FinalStatus = Literal["succeeded", "partial", "failed"]
LIMITS = ("budget", "deadline", "host_unavailable")
"""Stop reasons that mean that a limit ended the crawl before the list did."""


@dataclass(frozen=True)
class Verdict:
    """The final status, and why it is no better."""

    status: FinalStatus
    stop_reason: str
    coverage: float | None
    counts: Counts


def judge(
    counts: Counts, *, min_coverage: float, input_complete: bool, stop_reason: str
) -> Verdict:
    """Succeeded when enough was covered of a complete list and no limit stopped the crawl.

    A list whose addresses were all skipped by rule (robots, masks, types) has nothing to cover:
    nobody saw the site, so that is a failure too.
    """
    coverage = counts.coverage
    if not counts.covered:
        return Verdict("failed", stop_reason, coverage, counts)
    reason = stop_reason if stop_reason in LIMITS else ""
    if not reason and not input_complete:
        reason = "input_incomplete"
    if not reason and (coverage or 0) < min_coverage:
        reason = "coverage"
    return Verdict("partial" if reason else "succeeded", reason, coverage, counts)
