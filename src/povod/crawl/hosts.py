"""How a host is treated: pauses, what it asked for, how many at once (S64, S65, S67). Pure.

The state of a host is shared by all workers through its row (`host_store`); here are the rules
that change it, fed with what was observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.policies import PolitenessPolicy

AHEAD = timedelta(seconds=60)
"""Start times are never handed out further ahead (S45)."""

_SLOW_DOWN = (429, 503)
_PAGES = (200, 304)
_MEAN_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Observation:
    """What one request told: `status` 0 when no answer came; times in seconds."""

    tier: str = "direct"
    status: int = 0
    failure: FailureClass | None = None
    latency_s: float = 0
    retry_after: float | None = None
    bytes_in: int = 0


@dataclass(frozen=True, slots=True)
class HostState:
    """What is known of a host, whatever the tier. `concurrency` 0: never had to be lowered."""

    delay_ms: int = 0
    next_request_at: datetime | None = None
    blocked_until: datetime | None = None
    blocked_reason: str = ""
    latencies: Sequence[int] = ()
    concurrency: int = 0
    requests: int = 0
    mean_page_bytes: int = 0
    crawl_delay_ms: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    """Hint and protection of the host (`hosthint`), as JSON."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What job and profile ask for, on top of the policies."""

    max_concurrency: int = 2
    min_delay_ms: int = 0


def observed(
    state: HostState, seen: Observation, rules: PolitenessPolicy, limits: HostLimits, now: datetime
) -> HostState:
    """The state after one more request."""
    latencies = [*state.latencies, round(seen.latency_s * 1000)][-rules.slow_window :]
    until, reason = _asked_to_wait(state, seen, rules, now)
    return HostState(
        delay_ms=_throttled(state.delay_ms, seen, rules, limits),
        next_request_at=state.next_request_at,
        blocked_until=until,
        blocked_reason=reason,
        latencies=latencies,
        concurrency=_paced(state.concurrency, state.requests + 1, latencies, rules, limits),
        requests=state.requests + 1,
        mean_page_bytes=_mean(state.mean_page_bytes, seen),
        crawl_delay_ms=state.crawl_delay_ms,
        notes=state.notes,
    )


def _throttled(
    delay_ms: int, seen: Observation, rules: PolitenessPolicy, limits: HostLimits
) -> int:
    """AutoThrottle (S64): only a page may lower the pause, be it new (200) or as known (304).

    A second crawl has hardly any 200; without the 304 one refusal would slow it down for good.
    """
    most = rules.max_delay_s * 1000
    least = float(max(rules.min_delay_ms, limits.min_delay_ms))
    before = max(float(delay_ms), least)
    if seen.status in _SLOW_DOWN:
        return round(min(most, max(1000.0, 2 * before)))
    if not seen.status:
        return round(before)
    target = seen.latency_s * 1000 / max(1, limits.max_concurrency)
    after = min(max(target, (before + target) / 2, least), most)
    return round(after if seen.status in _PAGES else max(before, after))


def _mean(mean: int, seen: Observation) -> int:
    if seen.status != 200 or not seen.bytes_in:
        return mean
    return round(mean + (seen.bytes_in - mean) * _MEAN_SHARE) if mean else seen.bytes_in


def _asked_to_wait(
    state: HostState, seen: Observation, rules: PolitenessPolicy, now: datetime
) -> tuple[datetime | None, str]:
    """`Retry-After` stops the host (S65)."""
    before = state.blocked_until
    if not seen.retry_after:
        return before, state.blocked_reason
    until = now + timedelta(seconds=min(seen.retry_after, rules.retry_after_max_s))
    if before is not None and before >= until:
        return before, state.blocked_reason
    return until, "retry_after"


def _paced(
    concurrency: int,
    requests: int,
    latencies: Sequence[int],
    rules: PolitenessPolicy,
    limits: HostLimits,
) -> int:
    """Fewer at once while the host is slow, one more a hundred pages when it is not (S67)."""
    if requests % rules.slow_window == 0 and is_slow(latencies, rules):
        return max(1, int((concurrency or limits.max_concurrency) * rules.slow_factor))
    if concurrency and requests % rules.faster_every_pages == 0:
        return 0 if concurrency + 1 >= limits.max_concurrency else concurrency + 1
    return concurrency


def is_slow(latencies: Sequence[int], rules: PolitenessPolicy) -> bool:
    """Whether 95 of 100 fetches stay within the bound no longer."""
    if len(latencies) < rules.slow_window:
        return False
    return percentile(latencies, 0.95) > rules.slow_p95_s * 1000


def percentile(values: Sequence[int], share: float) -> int:
    """The value that `share` of all do not exceed; 0 of none."""
    if not values:
        return 0
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def delay_of(state: HostState, rules: PolitenessPolicy, limits: HostLimits) -> timedelta:
    """The pause between two starts (S64)."""
    own = max(state.delay_ms, rules.min_delay_ms, limits.min_delay_ms, state.crawl_delay_ms)
    return timedelta(milliseconds=own)


def clamped_crawl_delay(seconds: float | None, rules: PolitenessPolicy) -> int:
    """Crawl-delay in milliseconds as far as we follow it; 0 when none was asked for."""
    if not seconds or seconds < 0:
        return 0
    return round(1000 * min(max(seconds, rules.crawl_delay_min_s), rules.crawl_delay_max_s))


def at_once(state: HostState, rules: PolitenessPolicy, limits: HostLimits) -> int:
    """How many requests the host gets at one time, over all workers."""
    if state.crawl_delay_ms:
        return 1
    own = state.concurrency or limits.max_concurrency
    return max(1, min(own, limits.max_concurrency, rules.max_concurrency))


def start_times(
    state: HostState, wanted: int, delay: timedelta, now: datetime
) -> tuple[list[datetime], HostState]:
    """When each of the next requests starts, and the state with those starts taken."""
    at = max(now, state.next_request_at or now)
    starts: list[datetime] = []
    while len(starts) < wanted and at <= now + AHEAD:
        starts.append(at)
        at += delay
    return starts, replace(state, next_request_at=at) if starts else state
