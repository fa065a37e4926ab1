"""All fetchers of a process behind one door, and the result of one attempt (S51)."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from povod.crawl.classify import HTML_TYPES, JSON_TYPES, classify_response, retry_after_of
from povod.crawl.fetch.browser import BrowserFetcher
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.firecrawl import FirecrawlFetcher
from povod.crawl.fetch.flaresolverr import FlareSolverrFetcher
from povod.crawl.fetch.http import HttpFetcher
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import Fetcher, FetchError, Response
from povod.crawl.fetch.service import ServiceClient
from povod.crawl.steps import FETCHERS, Step

PAGE_TYPES = HTML_TYPES | JSON_TYPES


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended: an accepted page, or a failure of some class.

    `response` is there whenever an answer came, accepted or not. `retry_after` is None when the
    site named no time. `proxy_refused`: the proxy did not take our login, it must burn.
    """

    step: Step
    response: Response | None
    failure: FailureClass | None
    detail: str = ""
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    estimated: bool = False
    duration_ms: int = 0
    retry_after: float | None = None
    proxy_id: str = ""
    proxy_refused: bool = False

    @property
    def bytes_total(self) -> int:
        """What the budget is charged with."""
        return self.bytes_in + self.bytes_out


class FetcherSet:
    """The fetchers by name; use as an async context manager, one per event loop."""

    def __init__(
        self,
        fetchers: Sequence[Fetcher],
        *,
        egress: EgressProxy,
        cookies: CookieStore,
        services: ServiceClient,
        missing: Mapping[str, str],
    ) -> None:
        self._by_name = {fetcher.name: fetcher for fetcher in fetchers}
        self._egress = egress
        self._cookies = cookies
        self._services = services
        self.missing = dict(missing)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._egress)
            await stack.enter_async_context(self._services)
            for fetcher in self._by_name.values():
                if isinstance(fetcher, AbstractAsyncContextManager):
                    await stack.enter_async_context(fetcher)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def names(self) -> tuple[str, ...]:
        """Fetchers that are configured and installed, cheapest first."""
        return tuple(name for name in FETCHERS if name in self._by_name)

    @property
    def http(self) -> HttpFetcher:
        """The plain fetcher, for robots.txt, maps and visits."""
        fetcher = self._by_name["http"]
        assert isinstance(fetcher, HttpFetcher)
        return fetcher

    def available(self, *, firecrawl: bool = False) -> tuple[str, ...]:
        """Fetchers that may be used now: none that is switched off (S55) or does not start.

        `firecrawl`: the job has enabled it, has a key and requests left (S56).
        """
        off = set() if firecrawl else {"firecrawl"}
        for name, fetcher in self._by_name.items():
            if isinstance(fetcher, BrowserFetcher | FlareSolverrFetcher) and not fetcher.is_on:
                off.add(name)
        return tuple(name for name in self.names if name not in off)

    def firecrawl_key_set(self) -> bool:
        """Whether the house has a key for Firecrawl of its own."""
        paid = self._by_name.get("firecrawl")
        return isinstance(paid, FirecrawlFetcher) and paid.has_key

    async def fetch(self, request: FetchRequest) -> Response:
        """The answer of the step's fetcher, or `FetchError`."""
        fetcher = self._by_name.get(request.step.fetcher)
        if fetcher is None:
            why = self.missing.get(request.step.fetcher, "it is not known")
            detail = f"fetcher {request.step.fetcher} is not there: {why}"
            raise FetchError(FailureClass.BOT_BLOCK, request.url, detail)
        return await fetcher.fetch(request)

    async def attempt(self, request: FetchRequest, accept: frozenset[str] = PAGE_TYPES) -> Attempt:
        """Fetch and judge; a page that cannot be had is a result, not an error."""
        started = time.monotonic()
        try:
            response = await self.fetch(request)
        except FetchError as error:
            return _failed(request, error, time.monotonic() - started)
        verdict = classify_response(response, accept)
        asked_to_wait = verdict is not None or bool(response.redirects)
        return Attempt(
            step=request.step,
            response=response,
            failure=verdict.failure if verdict else None,
            detail=verdict.detail if verdict else "",
            status=response.status,
            bytes_in=response.wire_bytes,
            bytes_out=response.bytes_out,
            estimated=response.estimated,
            duration_ms=response.duration_ms,
            retry_after=retry_after_of(response, datetime.now(UTC)) if asked_to_wait else None,
            proxy_id=response.proxy_id,
        )

    async def end_job(self, hosts: Collection[str] = ()) -> None:
        """Leave nothing behind at a job's end: sessions, contexts, cookies (S55, S62).

        `hosts` (without `www.`) are the job's; without them everything is dropped.
        """
        self._cookies.forget(hosts)
        for fetcher in self._by_name.values():
            if isinstance(fetcher, BrowserFetcher | FlareSolverrFetcher):
                await fetcher.end_job(hosts)


def _failed(request: FetchRequest, error: FetchError, elapsed: float) -> Attempt:
    return Attempt(
        step=request.step,
        response=None,
        failure=error.kind,
        detail=error.detail,
        status=error.status,
        bytes_in=error.bytes_in,
        bytes_out=error.bytes_out,
        estimated=error.estimated,
        duration_ms=round(elapsed * 1000),
        retry_after=error.retry_after or None,
        proxy_id=request.proxy.id if request.proxy else "",
        proxy_refused=error.proxy_refused,
    )
