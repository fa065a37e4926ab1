"""Fetching maps: by the plain fetcher, guarded, a second time after a hiccup, by another after 403.

The readers of lists are plain functions; `MapLoader` keeps the loop on which fetchers live.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from povod.crawl.fetch.addresses import check_address, href
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.fetch.request import WEB_PORTS, FetchRequest
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.sitemaps import MAX_RECEIVED_BYTES
from povod.crawl.steps import Step
from povod.kit.errors import ExternalError, InputError
from povod.kit.guard import AddressGuard

TIMEOUT_S = 120.0
PAUSE_S = 1.0
_HICCUPS = frozenset(
    {
        *(FailureClass.CONNECT_TIMEOUT, FailureClass.CONNECT_RESET, FailureClass.READ_TIMEOUT),
        *(FailureClass.TOTAL_TIMEOUT, FailureClass.HTTP_5XX, FailureClass.HTTP_503),
        FailureClass.HTTP_429,
    }
)
_STEPS = (Step("http"), Step("http"), Step("http_tls"))


class MapNotThereError(ExternalError):
    """A map cannot be had; `kind` is the class of the failure."""

    def __init__(self, url: str, kind: str, detail: str) -> None:
        super().__init__(f"{url}: {detail or kind}")
        self.kind = kind


class Load(Protocol):
    """Gives the bytes of an address, or `MapNotThereError`."""

    def __call__(self, url: str, /) -> bytes:
        """The body as received."""
        ...


@dataclass
class MapLoader:
    """Use as a context manager; `load` may be called any number of times within."""

    make: Callable[[], FetcherSet]
    """Makes the fetchers; called on the loop, which their resolver needs."""
    ports: Collection[int] = WEB_PORTS
    timeout_s: float = TIMEOUT_S
    received: int = 0
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _fetchers: FetcherSet | None = None

    def __enter__(self) -> Self:
        self._runner.__enter__()
        self._runner.run(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._runner.run(self.fetchers.__aexit__(kind, error, trace))
        finally:
            self._runner.__exit__(kind, error, trace)

    @property
    def fetchers(self) -> FetcherSet:
        """The fetchers, within the block."""
        assert self._fetchers is not None, "use MapLoader as a context manager"
        return self._fetchers

    async def _open(self) -> None:
        fetchers = self.make()
        await fetchers.__aenter__()
        self._fetchers = fetchers

    def load(self, url: str) -> bytes:
        """The file at `url`, redirects followed and vetted; `MapNotThereError`."""
        response = self._runner.run(self._load(url))
        self.received += response.wire_bytes
        return response.body

    async def _load(self, url: str) -> Response:
        failure: FetchError | None = None
        for number, step in enumerate(_STEPS):
            if step.fetcher not in self.fetchers.names:
                continue
            if number:
                await asyncio.sleep(PAUSE_S)
            try:
                return await self._ask(url, step)
            except FetchError as error:
                failure = failure or error
                if error.kind not in _HICCUPS and error.kind is not FailureClass.BOT_BLOCK:
                    break
        assert failure is not None, "the plain fetcher is always there"
        raise MapNotThereError(url, str(failure.kind), failure.detail)

    async def _ask(self, url: str, step: Step) -> Response:
        request = FetchRequest(
            url=url,
            step=step,
            ports=frozenset({*WEB_PORTS, *self.ports}),
            timeout_s=self.timeout_s,
            max_body=MAX_RECEIVED_BYTES,
            max_redirects=5,
            truncate=False,
            stop_at_html_end=False,
            accept="application/xml,text/xml,text/plain;q=0.9,*/*;q=0.5",
        )
        response = await self.fetchers.fetch(request)
        if response.status == 200:
            return response
        raise FetchError(_class_of(response.status), url, f"answered {response.status}")


def _class_of(status: int) -> FailureClass:
    known = {403: FailureClass.BOT_BLOCK, 429: FailureClass.HTTP_429, 503: FailureClass.HTTP_503}
    if status in known:
        return known[status]
    if status in (404, 410):
        return FailureClass.GONE
    return FailureClass.HTTP_5XX if status >= 500 else FailureClass.HTTP_4XX


def check_source(url: str, guard: AddressGuard, ports: Collection[int] = ()) -> str:
    """The address as it will be asked for; `InputError` (`url_blocked`) if it never may be (N39).

    Only what the address itself says is judged; its name is resolved and vetted when it is fetched.
    """
    try:
        address = href(url)
        check_address(address, guard, {*WEB_PORTS, *ports})
    except FetchError as error:
        raise InputError(f"{url[:200]}: {error.detail}", code="url_blocked") from None
    return address
