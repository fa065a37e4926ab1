"""Being a good guest: robots.txt before anything else, one request at a time, pauses in between."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from urllib.parse import urlsplit

import structlog

from povod.crawl.fetch.result import Failure, FailureClass, FetchError, FetchLimits, Response
from povod.crawl.fetch.visits import PageSource, Renderer
from povod.crawl.hosts import clamped_crawl_delay
from povod.crawl.policies import PolitenessPolicy, shipped_policies
from povod.crawl.robots import RobotsRules
from povod.crawl.robots_cache import AGENT, RobotsAnswer, rules_of

log = structlog.get_logger()


@cache
def _numbers() -> PolitenessPolicy:
    """Visits follow the shipped numbers of a good guest (S63, S64)."""
    return shipped_policies().politeness


class PoliteSession:
    """Visits one site: asks robots.txt once per origin and keeps the pause between requests.

    `pause` in seconds; a longer Crawl-delay (up to 60 s) wins. Every request goes through `get`,
    which raises `FetchError` with class `robots` for what the site does not want fetched.
    """

    def __init__(
        self,
        fetcher: PageSource,
        *,
        pause: float,
        limits: FetchLimits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._pause = pause
        self._limits = limits
        self._sleep = sleep
        self._rules: dict[str, RobotsRules | None] = {}
        self.requests = 0

    async def get(self, url: str) -> Response:
        """The page at `url`, if robots.txt lets us and after the pause."""
        rules = await self.rules(url)
        if rules is None:
            raise FetchError(FailureClass.ROBOTS, url, "robots.txt cannot be read now")
        if not rules.allows(AGENT, url):
            raise FetchError(FailureClass.ROBOTS, url, "robots.txt forbids this address")
        return await self._request(url, self._limits, rules)

    @property
    def renders_all(self) -> bool:
        """Whether every page is to be seen with a browser (ENRICH_BROWSER=always)."""
        return isinstance(self._fetcher, Renderer) and self._fetcher.renders_all

    async def render(self, url: str) -> Response | None:
        """A page that `get` gave, as its scripts make it; None when there is no browser here."""
        if not isinstance(self._fetcher, Renderer):
            return None
        rules = await self.rules(url)
        await self._take_turn(rules)
        return await self._fetcher.render(url, limits=self._limits)

    async def rules(self, url: str) -> RobotsRules | None:
        """The rules of the origin of `url`; None when the site answers 429, 5xx or not at all.

        A 4xx means that there are no rules (RFC 9309 section 2.3.1.3).
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = await self._load(origin)
        return self._rules[origin]

    async def _load(self, origin: str) -> RobotsRules | None:
        limits = FetchLimits(
            timeout=self._limits.timeout,
            max_redirects=_numbers().robots_max_redirects,
            max_body=4 * _numbers().robots_max_bytes,
        )
        try:
            response = await self._request(f"{origin}/robots.txt", limits, None)
        except FetchError as error:
            if error.failure in (Failure.TOO_LARGE, Failure.PROTOCOL):
                return None
            raise
        return rules_of(RobotsAnswer(response.status, response.body), _numbers())

    async def _request(self, url: str, limits: FetchLimits, rules: RobotsRules | None) -> Response:
        await self._take_turn(rules)
        return await self._fetcher.get(url, limits=limits)

    async def _take_turn(self, rules: RobotsRules | None) -> None:
        """The pause before a request, the first one excepted, and the count."""
        if self.requests:
            wanted = rules.crawl_delay(AGENT) if rules else None
            asked = clamped_crawl_delay(wanted, _numbers()) / 1000
            await self._sleep(max(self._pause, asked))
        self.requests += 1
