"""robots.txt of every origin, asked for once a day by all workers together (S63).

What cannot be read is asked for again after 60, 300 and 900 s; meanwhile a copy of the last seven
days counts, and without one nothing of that origin is fetched.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from povod.crawl.host_store import StoredRobots
from povod.crawl.hosts import clamped_crawl_delay
from povod.crawl.policies import PolitenessPolicy
from povod.crawl.robots import RobotsRules
from povod.kit.clock import Clock

AGENT = "PovodBot"
"""The product token that robots.txt knows us by."""


ALL_ALLOWED = RobotsRules.parse("")


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What asking for the file gave: `status` 0 when no complete answer came."""

    status: int
    body: bytes = b""


Ask = Callable[[str], Awaitable[RobotsAnswer]]
"""Loads one address (…/robots.txt), redirects followed; never raises for a site's failure."""


class RobotsStore(Protocol):
    """Where the copies are kept."""

    async def load(self, origin: str) -> StoredRobots | None:
        """The copy of that origin."""
        ...

    async def save(self, origin: str, stored: StoredRobots) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What an origin's robots.txt means now.

    `rules` None: nothing may be fetched; `retry_at` says when it is asked for again, None that
    it was asked for often enough.
    """

    rules: RobotsRules | None
    retry_at: datetime | None = None
    crawl_delay_ms: int = 0


def rules_of(answer: RobotsAnswer, rules: PolitenessPolicy) -> RobotsRules | None:
    """What an answer alone means (pure): rules, all allowed for 4xx, None for 429, 5xx, silence."""
    if 200 <= answer.status < 300:
        return RobotsRules.parse(answer.body[: rules.robots_max_bytes])
    if 300 <= answer.status < 500 and answer.status != 429:
        return ALL_ALLOWED
    return None


def after_answer(
    before: StoredRobots, answer: RobotsAnswer, rules: PolitenessPolicy, now: datetime
) -> StoredRobots:
    """What to keep after the file was asked for (pure)."""
    meant = rules_of(answer, rules)
    if meant is not None:
        body = b"" if meant is ALL_ALLOWED else answer.body[: rules.robots_max_bytes]
        text = body.decode("utf-8", "replace").replace("\0", "")
        return StoredRobots(text, answer.status, now)
    waits = rules.robots_retry_s
    tries = 0 if is_exhausted(before, rules) else before.tries
    retry_at = now + timedelta(seconds=waits[min(tries, len(waits) - 1)])
    return replace(before, status=answer.status, retry_at=retry_at, tries=tries + 1)


def is_exhausted(stored: StoredRobots, rules: PolitenessPolicy) -> bool:
    """Whether the file was asked for in vain as often as we ask."""
    return stored.tries > len(rules.robots_retry_s)


def standing_of(stored: StoredRobots, rules: PolitenessPolicy, now: datetime) -> Standing:
    """What the kept copy means now (pure)."""
    usable = stored.fetched_at is not None and now - stored.fetched_at <= timedelta(
        days=rules.robots_stale_days
    )
    if not usable:
        return Standing(None, None if is_exhausted(stored, rules) else stored.retry_at)
    parsed = RobotsRules.parse(stored.text) if stored.text else ALL_ALLOWED
    return Standing(parsed, None, clamped_crawl_delay(parsed.crawl_delay(AGENT), rules))


def is_due(stored: StoredRobots | None, rules: PolitenessPolicy, now: datetime) -> bool:
    """Whether the file is to be asked for now (pure)."""
    if stored is None:
        return True
    at = _due_at(stored, rules)
    return at is None or now >= at


def _due_at(stored: StoredRobots, rules: PolitenessPolicy) -> datetime | None:
    """When the file is to be asked for; None: at once."""
    if stored.tries or stored.fetched_at is None:
        return stored.retry_at if stored.tries else None
    return stored.fetched_at + timedelta(hours=rules.robots_cache_h)


class RobotsCache:
    """The rules of origins for one process; the store behind it is shared by all."""

    def __init__(self, ask: Ask, store: RobotsStore, rules: PolitenessPolicy, clock: Clock) -> None:
        self._ask = ask
        self._store = store
        self._rules = rules
        self._clock = clock
        self._known: dict[str, tuple[datetime | None, Standing]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def standing(self, origin: str) -> Standing:
        """What the origin's robots.txt means now; asked for if its copy is old."""
        known = self._fresh(origin)
        if known is not None:
            return known
        async with self._locks.setdefault(origin, asyncio.Lock()):
            return self._fresh(origin) or await self._refreshed(origin)

    def known(self, origin: str) -> RobotsRules | None:
        """The rules of an origin that was asked about before; for redirects, which cannot wait."""
        found = self._known.get(origin)
        return found[1].rules if found else None

    def forget(self, origin: str) -> None:
        """Look into the store again next time."""
        self._known.pop(origin, None)

    def _fresh(self, origin: str) -> Standing | None:
        known = self._known.get(origin)
        if known is None or known[0] is None or self._clock.now() >= known[0]:
            return None
        return known[1]

    async def _refreshed(self, origin: str) -> Standing:
        stored = await self._store.load(origin)
        if is_due(stored, self._rules, self._clock.now()):
            answer = await self._ask(f"{origin}/robots.txt")
            stored = after_answer(stored or StoredRobots(), answer, self._rules, self._clock.now())
            await self._store.save(origin, stored)
        assert stored is not None, "what is not due is stored"
        standing = standing_of(stored, self._rules, self._clock.now())
        self._known[origin] = (_due_at(stored, self._rules), standing)
        return standing
