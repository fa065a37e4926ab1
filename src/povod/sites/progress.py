"""What a crawl tells while it runs: events for pages, bars and streams (S110)."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from povod.crawl.frontier import Settled
from povod.engine.events import Events
from povod.sites.states import job_topic

PROGRESS_SECONDS = 0.5
PAGES_A_SECOND = 20
TEXT_LENGTH = 2000


class Teller:
    """Writes the events of one job: progress twice a second, pages sampled, failures kept."""

    def __init__(self, events: Events, job_id: str, total: int, done: int) -> None:
        self._events = events
        self._topic = job_topic(job_id)
        self._job_id = job_id
        self._total = total
        self._started, self._first = time.monotonic(), done
        self._told_at = 0.0
        self._second, self._told_pages = 0, 0

    def pages(self, settled: Iterable[Settled]) -> None:
        """Addresses that are finished."""
        for item in settled:
            if item.outcome and (self._has_room() or item.outcome in ("blocked", "error")):
                self._events.emit(self._topic, "page", page_event(item))

    def news(self, items: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Budgets, breakers, log lines."""
        for kind, data in items:
            self._events.emit(self._topic, kind, {**data, "job_id": self._job_id})

    def is_due(self) -> bool:
        """Whether progress may be told again."""
        return time.monotonic() - self._told_at >= PROGRESS_SECONDS

    def progress(self, counters: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """How far it is; `counters` are columns of the job."""
        now = time.monotonic()
        self._told_at = now
        done = sum(int(counters[name]) for name in _COUNTERS)
        rate = (done - self._first) / max(now - self._started, 0.001)
        left = max(0, self._total - done)
        data = {
            "job_id": self._job_id,
            "message": "",
            "phase": "crawl",
            "progress": round(done / self._total, 4) if self._total else None,
            "counters": {"total_urls": self._total, **counters},
            "rate": round(rate, 2),
            "eta_s": round(left / rate) if rate > 0 else None,
            **state,
        }
        self._events.emit(self._topic, "progress", data)

    def _has_room(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._told_pages = second, 0
        self._told_pages += 1
        return self._told_pages <= PAGES_A_SECOND


_COUNTERS = ("success_urls", "failed_urls", "gone_urls", "skipped_urls")


def page_event(item: Settled) -> dict[str, Any]:
    """One finished address as an event."""
    entry = item.entry or {}
    return {
        "url": item.ticket.url[:TEXT_LENGTH],
        "outcome": item.outcome,
        "reason": item.reason,
        "status": entry.get("status") or None,
        "fetcher": item.ticket.step.fetcher,
        "tier": item.ticket.step.tier,
        "ms": entry.get("ms", 0),
        "bytes": entry.get("bytes", 0),
    }
