"""What a worker crawls a job with: fetchers, proxies, robots.txt, and the ladder of the moment."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from povod.crawl.budgets import RESIDENTIAL, Account
from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.frontier import Wish
from povod.crawl.host_store import StoredRobots, load_robots, save_robots
from povod.crawl.ladder import LadderPolicy
from povod.crawl.proxies.pool import ProxyPool
from povod.crawl.residential import refusal
from povod.crawl.robots_cache import RobotsAnswer, RobotsCache
from povod.crawl.urlkey import origin_of
from povod.sites.deps import JobContext
from povod.sites.fetching import (
    Desk,
    InThread,
    Means,
    allowed_tiers,
    ask_robots,
    firecrawl_options,
)
from povod.sites.jobs import FIRECRAWL_KEY, get_secret
from povod.sites.plan import CrawlJob
from povod.store.db import Database

log = structlog.get_logger()

LADDER_SECONDS = 3.0
"""How long the list of usable steps is taken for granted."""


class DbRobots:
    """Copies of robots.txt in the database."""

    def __init__(self, db: Database, thread: "InThread[Any]") -> None:
        self._db = db
        self._thread = thread

    async def load(self, origin: str) -> StoredRobots | None:
        """The copy of that origin."""

        def load() -> StoredRobots | None:
            with self._db.read() as conn:
                return load_robots(conn, [origin]).get(origin)

        found: StoredRobots | None = await self._thread(load)
        return found

    async def save(self, origin: str, stored: StoredRobots) -> None:
        """Keep it."""

        def save() -> None:
            with self._db.tx() as conn:
                save_robots(conn, origin, stored)

        await self._thread(save)


class Equipment:
    """The means of one worker for one job."""

    def __init__(self, crawl: CrawlJob, means: Means) -> None:
        self._crawl = crawl
        self._ctx = crawl.ctx
        self._means = means
        self._debt = 0
        self._ladder: LadderPolicy | None = None
        self._ladder_at = 0.0
        self._residential_spent = False
        self._delays: dict[str, int] = {}
        self.desk = Desk(means)

    @property
    def ladder(self) -> LadderPolicy:
        """The steps that an address may take now."""
        if self._ladder is None or time.monotonic() - self._ladder_at > LADDER_SECONDS:
            self._ladder = self._present_ladder()
            self._ladder_at = time.monotonic()
        return self._ladder

    def owe(self, size: int) -> None:
        """Bytes that belong to no address (robots.txt); the next settled one pays for them."""
        self._debt += size

    def take_debt(self) -> int:
        """What is owed, once."""
        debt, self._debt = self._debt, 0
        return debt

    def spent(self, account: Account) -> None:
        """A budget is used up: residential steps are over for this job."""
        if account.traffic_class == RESIDENTIAL:
            self._residential_spent, self._ladder = True, None

    async def ask_first(self, samples: Mapping[str, str]) -> datetime | None:
        """Read robots.txt of the job's hosts before anything else: they say how fast (S64).

        A host whose file cannot be read is left to the first claim. None: go on.
        """
        if not self._ctx.profile.get("respect_robots", True):
            return None
        for host, url in samples.items():
            standing = await self._means.robots.standing(origin_of(url))
            self._delays[host] = standing.crawl_delay_ms
        return None

    async def wish(self, want: int, flying: Sequence[str]) -> Wish:
        """What may be claimed now, given the fetchers that are busy in this process."""
        busy = Counter(flying)
        rules = self._ctx.policies
        slots = {"browser": rules.browser.at_once - busy["browser"]}
        shared = {}
        if "flaresolverr" in self.ladder.fetchers:
            shared["flaresolverr"] = rules.flaresolverr.at_once
        return Wish(want, self.ladder, slots, shared, self._delays)

    def _present_ladder(self) -> LadderPolicy:
        ctx, fetch = self._ctx, self._ctx.policies.fetch
        wanted = ctx.options.fetchers or tuple(ctx.profile.get("fetchers") or fetch.fetchers)
        paid = self._means.firecrawl is not None and ctx.options.firecrawl_max_requests > 0
        here = self._means.fetchers.available(firecrawl=paid)
        fetchers = tuple(name for name in wanted if name in here) or ("http",)
        tiers = tuple(ctx.profile.get("tiers") or fetch.tiers)
        alive = self._means.proxies.tiers(ctx.options.proxy_tags)
        strategy = ctx.options.proxy_strategy
        usable = allowed_tiers(tiers, alive, strategy, self._no_residential())
        return LadderPolicy.of(ctx.policies, fetchers=fetchers, tiers=usable or ("direct",))

    def _no_residential(self) -> str:
        return refusal(
            enabled=self._ctx.policies.residential.enabled,
            profile=bool(self._ctx.profile.get("allow_residential")),
            job=self._ctx.options.allow_residential,
            quota_left=not self._residential_spent,
        )


async def open_equipment(
    crawl: CrawlJob, fetchers: FetcherSet, thread: "InThread[Any]"
) -> Equipment:
    """Everything that a worker needs; what is missing is logged once (S4)."""
    ctx = crawl.ctx
    for name, reason in fetchers.missing.items():
        log.info("fetcher missing", fetcher=name, reason=reason, job_id=ctx.job_id)
    owing: list[Callable[[int], None]] = []

    async def ask(url: str) -> RobotsAnswer:
        return await ask_robots(fetchers, ctx, url, owing[0])

    robots = RobotsCache(
        ask, DbRobots(ctx.deps.db, thread), ctx.policies.politeness, ctx.deps.clock
    )
    proxies = ProxyPool(ctx.deps.db, ctx.deps.sealer, ctx.deps.clock, ctx.policies.proxies)
    keys = [await thread(lambda: _own_key(ctx))]
    paid = firecrawl_options(ctx, keys, ctx.profile)
    if paid is not None and not paid.keys and not fetchers.firecrawl_key_set():
        paid = None
    equipment = Equipment(crawl, Means(ctx, crawl.plan, fetchers, proxies, robots, thread, paid))
    owing.append(equipment.owe)
    await thread(lambda: proxies.tiers(ctx.options.proxy_tags))
    return equipment


def _own_key(ctx: JobContext) -> str:
    with ctx.deps.db.read() as conn:
        return get_secret(conn, ctx.deps.sealer, ctx.job_id, FIRECRAWL_KEY)
