"""The `browser` fetcher: Chromium through Playwright, for pages that need their scripts (S54).

All its traffic goes through our egress proxy: there names are vetted (so a rebinding name is caught
too), other sites refused and bytes counted. Pictures, fonts, media and other sites are not loaded.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import structlog

from povod.crawl.fetch.addresses import PUBLIC_ONLY, check_address, href, same_site
from povod.crawl.fetch.chromium import agent_of, arguments, find_browser
from povod.crawl.fetch.egress import REASON_HEADER, EgressProxy
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.hops import check_end, too_many
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.tickets import Ticket
from povod.crawl.fetch.trouble import egress_reason
from povod.crawl.policies import BrowserPolicy
from povod.kit.guard import AddressGuard
from povod.kit.url import registrable_domain

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route
    from playwright.async_api import Request as PageRequest
    from playwright.async_api import Response as PageResponse

log = structlog.get_logger()

BLOCKED_TYPES = frozenset({"image", "media", "font", "texttrack", "eventsource", "manifest"})
MAX_CONTEXTS = 8
OFF_SECONDS = 300.0
SETTLE_S = 3.0
"""How long scripts may go on loading when the profile names no selector to wait for."""

_BY_WORD = (
    ("ERR_CERT", FailureClass.TLS_ERROR),
    ("ERR_SSL", FailureClass.TLS_ERROR),
    ("ERR_BAD_SSL", FailureClass.TLS_ERROR),
    ("ERR_TOO_MANY_REDIRECTS", FailureClass.TOO_MANY_REDIRECTS),
    ("ERR_TUNNEL", FailureClass.PROXY_ERROR),
    ("ERR_PROXY", FailureClass.PROXY_ERROR),
    ("ERR_TIMED_OUT", FailureClass.READ_TIMEOUT),
    ("ERR_INVALID", FailureClass.PARSE_ERROR),
    ("ERR_CONTENT_DECODING", FailureClass.PARSE_ERROR),
    ("Timeout", FailureClass.TOTAL_TIMEOUT),
)


@dataclass(slots=True)
class _Room:
    """A browser context of one site at one tier, with its ticket; one page at a time."""

    context: "BrowserContext"
    ticket: Ticket
    proxy_id: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class BrowserFetcher:
    """Starts Chromium at the first page; one context per (host, tier).

    `agent` is the name that it gives; empty for that of a Chromium with a window.
    """

    name = "browser"

    def __init__(
        self,
        egress: EgressProxy,
        rules: BrowserPolicy,
        *,
        guard: AddressGuard = PUBLIC_ONLY,
        executable: str = "",
        authority: str = "",
        agent: str = "",
    ) -> None:
        self._egress = egress
        self._rules = rules
        self._guard = guard
        self._executable = executable
        self._authority = authority
        self._agent = agent
        self._slots = asyncio.Semaphore(rules.at_once)
        self._starting = asyncio.Lock()
        self._off_until = 0.0
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._rooms: OrderedDict[tuple[str, str], _Room] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.end_job()
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def end_job(self, hosts: Collection[str] = ()) -> None:
        """Close the contexts of these sites (of all when none is named) with their cookies."""
        for key in [key for key in self._rooms if not hosts or key[0] in hosts]:
            await self._leave(self._rooms.pop(key))

    async def fetch(self, request: FetchRequest) -> Response:
        """The page after its scripts have run."""
        address = href(request.url)
        host = check_address(address, self._guard, request.ports)
        async with self._slots:
            room = await self._opened_room(host, request)
            async with room.lock:
                room.ticket.begin(request.allowance)
                room.ticket.admits = _same_site_as(host, request)
                return await self._counted(request, address, room)

    async def _counted(self, request: FetchRequest, address: str, room: _Room) -> Response:
        """The page with what it cost, on an error too."""
        ticket = room.ticket
        before = ticket.bytes_in, ticket.bytes_out
        started = time.monotonic()
        try:
            answer, final, body, redirects = await self._load(request, address, room)
        except FetchError as error:
            error.bytes_in = ticket.bytes_in - before[0]
            error.bytes_out = ticket.bytes_out - before[1]
            error.proxy_refused = ticket.login_refused
            raise
        return Response(
            url=request.url,
            final_url=final,
            status=answer.status,
            headers={name: value for name, value in answer.headers.items() if name not in _STALE},
            body=body[: request.max_body],
            redirects=redirects,
            elapsed=time.monotonic() - started,
            wire_bytes=ticket.bytes_in - before[0],
            bytes_out=ticket.bytes_out - before[1],
            truncated=len(body) > request.max_body,
            via=request.step,
            proxy_id=request.proxy.id if request.proxy else "",
        )

    async def _load(
        self, request: FetchRequest, address: str, room: _Room
    ) -> tuple["PageResponse", str, bytes, list[tuple[int, str]]]:
        from playwright.async_api import Error

        page = None
        asked: list[str] = []
        try:
            async with asyncio.timeout(request.timeout_s):
                page = await room.context.new_page()
                page.on("request", lambda hop: _note_hop(hop, asked))
                answer = await self._opened(page, request, address)
                final = check_end(page.url, request, self._guard)
                body = await _body(page, answer)
                redirects = await _redirects(answer)
        except Error as error:
            raise _failure(request, room.ticket, asked, error.message) from None
        except TimeoutError:
            raise _failure(request, room.ticket, (), "Timeout") from None
        finally:
            if page is not None:
                await _closed(page)
        if room.ticket.is_exhausted:
            raise FetchError(FailureClass.BUDGET, request.url, "no bytes left")
        if len(redirects) > request.max_redirects:
            raise too_many(request)
        return answer, final, body, redirects

    async def _opened(self, page: "Page", request: FetchRequest, address: str) -> "PageResponse":
        """Go there and wait for what the profile waits for, or for the scripts to settle."""
        from playwright.async_api import TimeoutError as SlowError

        wait_ms = self._rules.wait_s * 1000
        answer = await page.goto(address, wait_until="domcontentloaded", timeout=wait_ms)
        if answer is None:
            raise FetchError(FailureClass.PARSE_ERROR, request.url, "the browser got no answer")
        reason = answer.headers.get(REASON_HEADER.lower(), "")
        if reason:
            raise FetchError(egress_reason(reason), request.url, "refused by the egress proxy")
        try:
            if request.wait_selector:
                await page.wait_for_selector(
                    request.wait_selector, state="attached", timeout=wait_ms
                )
            else:
                await page.wait_for_load_state("networkidle", timeout=SETTLE_S * 1000)
        except SlowError:
            pass  # the page as far as it has come; the extractor says whether that is enough
        return answer

    async def _opened_room(self, host: str, request: FetchRequest) -> _Room:
        from playwright.async_api import Error

        try:
            return await self._room(host, request)
        except Error as error:
            detail = f"the browser has gone: {error.message[:200]}"
            raise FetchError(FailureClass.CONNECT_RESET, request.url, detail) from None

    async def _room(self, host: str, request: FetchRequest) -> _Room:
        key = (host.removeprefix("www."), request.step.tier)
        proxy_id = request.proxy.id if request.proxy else ""
        async with self._starting:
            browser = await self._started(request)
            room = self._rooms.get(key)
            if room is not None and room.proxy_id != proxy_id:
                del self._rooms[key]
                await self._leave(room)
                room = None
            if room is None:
                room = self._rooms[key] = await self._new_room(browser, request, proxy_id)
            self._rooms.move_to_end(key)
            while len(self._rooms) > MAX_CONTEXTS:
                _, oldest = self._rooms.popitem(last=False)
                async with oldest.lock:
                    await self._leave(oldest)
        return room

    async def _new_room(self, browser: "Browser", request: FetchRequest, proxy_id: str) -> _Room:
        ticket = self._egress.admit(Ticket(upstream=request.proxy, ports=request.ports))
        context = await browser.new_context(
            user_agent=self._agent or agent_of(browser.version),
            locale="ru-RU",
            service_workers="block",
            accept_downloads=False,
            proxy={
                "server": self._egress.url,
                "bypass": "<-loopback>",
                "username": ticket.name,
                "password": ticket.token,
            },
        )
        room = _Room(context, ticket, proxy_id)
        await context.route("**/*", _router(ticket))
        return room

    @property
    def is_on(self) -> bool:
        """Whether the browser may be asked: not for a while after it did not start."""
        return time.monotonic() >= self._off_until

    async def _started(self, request: FetchRequest) -> "Browser":
        """The browser, started again if it has gone."""
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        from playwright.async_api import Error, async_playwright

        self._rooms.clear()
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=find_browser(self._executable),
                args=arguments(self._authority),
                proxy={"server": self._egress.url, "bypass": "<-loopback>"},
            )
        except Error as error:
            # The ladder goes on to the next fetcher; the reason stands in the address's log.
            self._off_until = time.monotonic() + OFF_SECONDS
            log.warning("browser.off", seconds=OFF_SECONDS, reason=error.message[:500])
            detail = f"Chromium does not start: {error.message[:200]}"
            raise FetchError(FailureClass.JS_REQUIRED, request.url, detail) from None
        return self._browser

    async def _leave(self, room: _Room) -> None:
        self._egress.dismiss(room.ticket)
        await _closed(room.context)


_STALE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def _same_site_as(host: str, request: FetchRequest) -> Callable[[str], bool]:
    """Whether a host belongs to the page's own site or to the job's hosts."""
    own = registrable_domain(host)

    def admits(other: str) -> bool:
        other = other.strip("[]")
        if other == host or same_site(other, request.hosts):
            return True
        return own is not None and registrable_domain(other) == own

    return admits


def _router(ticket: Ticket) -> "Callable[[Route], Any]":
    async def decide(route: "Route") -> None:
        wanted = route.request
        host = urlsplit(wanted.url).hostname or ""
        foreign = ticket.admits is not None and not ticket.admits(host)
        # A navigation to another site is left to the egress proxy, which refuses it by name.
        if wanted.resource_type in BLOCKED_TYPES or (
            foreign and not wanted.is_navigation_request()
        ):
            await route.abort("blockedbyclient")
        else:
            await route.continue_()

    return decide


async def _body(page: "Page", answer: "PageResponse") -> bytes:
    """The page as the scripts left it; anything but HTML as it came."""
    kind = answer.headers.get("content-type", "text/html")
    if "html" in kind.lower():
        return (await page.content()).encode()
    return await answer.body()


async def _redirects(answer: "PageResponse") -> list[tuple[int, str]]:
    hops: list[tuple[int, str]] = []
    before = answer.request.redirected_from
    while before is not None:
        hop = await before.response()
        hops.append((hop.status if hop else 302, before.url))
        before = before.redirected_from
    return hops[::-1]


async def _closed(thing: "Page | BrowserContext") -> None:
    from playwright.async_api import Error

    with contextlib.suppress(Error):  # it has gone by itself
        await thing.close()


def _note_hop(hop: "PageRequest", asked: list[str]) -> None:
    """Remember the host of a page that the browser goes to, redirects included."""
    if hop.is_navigation_request():
        asked.append(urlsplit(hop.url).hostname or "")


def _failure(
    request: FetchRequest, ticket: Ticket, asked: Sequence[str], message: str
) -> FetchError:
    """The class: what the egress proxy knows first, then the browser's words."""
    if ticket.is_exhausted:
        return FetchError(FailureClass.BUDGET, request.url, "no bytes left")
    if asked and asked[-1] in ticket.failures:
        kind, detail = ticket.failures[asked[-1]]
        return FetchError(kind, request.url, detail)
    kind = next((kind for word, kind in _BY_WORD if word in message), FailureClass.CONNECT_RESET)
    return FetchError(kind, request.url, message.splitlines()[0][:300])
