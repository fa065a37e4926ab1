"""What visits to company sites fetch with: plainly first, then by what the operator has set up.

A visit tells its name and is a guest. So nothing dearer is tried than the specification names: a
proxy after a failed connection (L73), a browser for a page that is empty without one (L75), and
FlareSolverr, if there is one, for a page behind a challenge.
"""

import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable
from urllib.parse import urlsplit

from povod.crawl.classify import has_challenge_marks
from povod.crawl.fetch.failures import Failure
from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, FetchLimits, Response
from povod.crawl.proxies.model import Proxy
from povod.crawl.proxies.parsing import parse_proxies
from povod.crawl.steps import Step
from povod.kit.errors import ConfigurationError

BrowserWish = Literal["auto", "off", "always"]
COOLDOWN_SECONDS = 300.0
BROWSER_SECONDS = 30.0
SERVICE_SECONDS = 75.0
_CONNECTION = frozenset({Failure.CONNECT, Failure.TIMEOUT})
_NO_PAGES = (".txt", ".xml", ".gz")


class PageSource(Protocol):
    """What a visit needs: pages by address. An async context manager."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def get(self, url: str, *, limits: FetchLimits | None = None) -> Response:
        """The page whatever its status, or `FetchError`."""
        ...


@runtime_checkable
class Renderer(Protocol):
    """A source that can show a page as its scripts make it."""

    renders_all: bool

    async def render(self, url: str, *, limits: FetchLimits | None = None) -> Response | None:
        """The page after its scripts, or None when it cannot be had so."""
        ...


class VisitFetcher:
    """The fetchers of a visit; `proxies` are those of ENRICH_PROXY_URL."""

    def __init__(
        self,
        fetchers: FetcherSet,
        *,
        limits: FetchLimits,
        browser: BrowserWish = "auto",
        proxies: Sequence[Proxy] = (),
    ) -> None:
        self._fetchers = fetchers
        self._limits = limits
        self._browser = browser
        self._proxies = proxies
        self._cooling: dict[str, float] = {}
        self.renders_all = browser == "always"

    async def __aenter__(self) -> Self:
        await self._fetchers.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._fetchers.__aexit__(kind, error, trace)

    async def get(self, url: str, *, limits: FetchLimits | None = None) -> Response:
        """The page after redirects, whatever its status; `FetchError` when none came."""
        request = _request(url, limits or self._limits)
        try:
            response = await self._fetchers.fetch(request)
        except FetchError as error:
            proxy = self._proxy_for(url) if error.failure in _CONNECTION else None
            if proxy is None:
                raise
            return await self._through(proxy, request)
        if urlsplit(url).path.endswith(_NO_PAGES) or not has_challenge_marks(response):
            return response
        return await self._solved(request) or response

    async def render(self, url: str, *, limits: FetchLimits | None = None) -> Response | None:
        """The page as a browser shows it; None when there is no browser or it failed."""
        if self._browser == "off" or "browser" not in self._fetchers.available():
            return None
        request = _request(url, limits or self._limits)
        return await self._tried(
            replace(request, step=Step("browser"), timeout_s=BROWSER_SECONDS, truncate=True)
        )

    async def _solved(self, request: FetchRequest) -> Response | None:
        if "flaresolverr" not in self._fetchers.available():
            return None
        return await self._tried(
            replace(request, step=Step("flaresolverr"), timeout_s=SERVICE_SECONDS)
        )

    async def _tried(self, request: FetchRequest) -> Response | None:
        with suppress(FetchError):
            response = await self._fetchers.fetch(request)
            return response if 200 <= response.status < 300 else None
        return None

    async def _through(self, proxy: Proxy, request: FetchRequest) -> Response:
        try:
            step = Step("http", proxy.tier)
            return await self._fetchers.fetch(replace(request, step=step, proxy=proxy))
        except FetchError:
            self._cooling[proxy.id] = time.monotonic() + COOLDOWN_SECONDS
            raise

    def _proxy_for(self, url: str) -> Proxy | None:
        """By hash of the host, so that a site always sees the same one (L73)."""
        now = time.monotonic()
        usable = [proxy for proxy in self._proxies if self._cooling.get(proxy.id, 0.0) <= now]
        if not usable:
            return None
        return usable[zlib.crc32((urlsplit(url).hostname or "").encode()) % len(usable)]


def visit_proxies(lines: Sequence[str]) -> list[Proxy]:
    """The proxies of ENRICH_PROXY_URL; `ConfigurationError` for what is none."""
    parsed = parse_proxies("\n".join(lines))
    if parsed.bad:
        raise ConfigurationError(
            f"ENRICH_PROXY_URL: entry {parsed.bad[0].number} {parsed.bad[0].reason}. "
            "Example: ENRICH_PROXY_URL=http://user:password@proxy.ru:8080"
        )
    return [Proxy(f"visit-{n}", *address) for n, address in enumerate(parsed.proxies, 1)]


def _request(url: str, limits: FetchLimits) -> FetchRequest:
    return FetchRequest(
        url=url,
        timeout_s=limits.timeout,
        connect_timeout_s=limits.connect_timeout,
        read_timeout_s=limits.timeout,
        max_redirects=limits.max_redirects,
        max_body=limits.max_body,
        truncate=False,
    )
