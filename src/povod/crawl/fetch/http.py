"""The `http` fetcher: aiohttp; redirects, guard, caps, cookies, decoding in our own hands."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from povod.crawl.fetch.addresses import PUBLIC_ONLY
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import REASON_HEADER, EgressProxy
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.hops import REDIRECTS, Hop, follow
from povod.crawl.fetch.inflate import ACCEPTED
from povod.crawl.fetch.reading import Meter, head_size, read_body, skip_body
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, FetchLimits, Response
from povod.crawl.fetch.tickets import Ticket
from povod.crawl.fetch.trouble import CAUGHT, egress_reason, failure_of, short
from povod.kit.guard import AddressGuard
from povod.kit.retry_after import retry_after_seconds

MAX_FIELD = 64 * 1024
"""Longest field of an answer: security policies of real sites pass the usual 8 KiB."""

_UNSENT = frozenset(
    {
        FailureClass.GUARD_BLOCKED,
        FailureClass.DNS_ERROR,
        FailureClass.CONNECT_TIMEOUT,
        FailureClass.CONNECT_REFUSED,
        FailureClass.TLS_ERROR,
        FailureClass.PROXY_ERROR,
    }
)
"""After these nothing of the request was sent."""


class HttpFetcher:
    """Loads pages one at a time per call; use as an async context manager.

    Every hop is vetted: scheme, port, address literals here, resolved addresses in the resolver.
    TLS is always verified. Cookies are kept only when a store for them is given. Requests with a
    proxy go through `egress`.
    """

    name = "http"

    def __init__(
        self,
        resolver: AbstractResolver,
        *,
        user_agent: str,
        limits: FetchLimits | None = None,
        tls: ssl.SSLContext | None = None,
        connections: int = 100,
        guard: AddressGuard = PUBLIC_ONLY,
        cookies: CookieStore | None = None,
        egress: EgressProxy | None = None,
    ) -> None:
        self._resolver = resolver
        self._limits = limits or FetchLimits()
        self._tls = tls or True  # aiohttp's own context: the public authorities, read once
        self._guard = guard
        self._cookies = cookies
        self._egress = egress
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            "Accept-Language": "ru,en;q=0.5",
            "Accept-Encoding": ACCEPTED,
        }
        self._head_bytes = 25 + sum(len(k) + len(v) + 4 for k, v in self._headers.items())
        self._connections = connections
        self._timeouts: dict[tuple[float, float], aiohttp.ClientTimeout] = {}
        self._tickets: dict[str, Ticket] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            ssl=self._tls,
            limit=self._connections,
            use_dns_cache=False,
            keepalive_timeout=15,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            max_line_size=MAX_FIELD,
            max_field_size=MAX_FIELD,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
        await self._resolver.close()

    async def get(
        self,
        url: str,
        *,
        limits: FetchLimits | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The page at `url` after redirects, whatever its status: the short form for visits.

        Raises `FetchError` when no complete answer came within the limits.
        """
        caps = limits or self._limits
        request = FetchRequest(
            url=url,
            timeout_s=caps.timeout,
            connect_timeout_s=caps.connect_timeout,
            read_timeout_s=caps.timeout,
            max_redirects=caps.max_redirects,
            max_body=caps.max_body,
            headers=headers,
            truncate=False,
        )
        return await self.fetch(request)

    async def fetch(self, request: FetchRequest) -> Response:
        """The page of the request after redirects, whatever its status."""
        meter = Meter()
        started = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request, meter, started)
        except TimeoutError:
            detail = f"no answer in {request.timeout_s:g} s"
            error = FetchError(FailureClass.TOTAL_TIMEOUT, request.url, detail)
        except FetchError as caught:
            error = caught
        error.bytes_in, error.bytes_out = meter.bytes_in, meter.bytes_out
        ticket = self._tickets.get(request.proxy.id) if request.proxy else None
        error.proxy_refused = ticket is not None and ticket.login_refused
        raise error

    async def _follow(self, request: FetchRequest, meter: Meter, started: float) -> Response:
        end = await follow(
            request, self._guard, lambda url, host: self._one(request, url, host, meter)
        )
        return Response(
            url=request.url,
            final_url=end.url,
            status=end.hop.status,
            headers=end.headers(),
            body=end.hop.body,
            redirects=end.redirects,
            elapsed=time.monotonic() - started,
            wire_bytes=meter.bytes_in,
            bytes_out=meter.bytes_out,
            truncated=end.hop.is_cut,
            via=request.step,
            proxy_id=request.proxy.id if request.proxy else "",
        )

    async def _one(self, request: FetchRequest, url: str, host: str, meter: Meter) -> Hop:
        """One answer."""
        assert self._session is not None, "use HttpFetcher as an async context manager"
        if not await meter.may_read(request):
            raise FetchError(FailureClass.BUDGET, request.url, "no bytes left")
        target = URL(url, encoded=True)
        headers = self._request_headers(request, target)
        size = self._head_bytes + len(target.raw_path_qs) + len(host)
        if headers:
            size += sum(len(name) + len(value) + 4 for name, value in headers.items())
        proxy, login = self._way_out(request)
        if login and target.scheme == "http":
            headers = {**(headers or {}), **login}  # taken off by the egress proxy
        try:
            async with self._session.get(
                target,
                allow_redirects=False,
                timeout=self._timeout(request),
                headers=headers,
                proxy=proxy,
                proxy_headers=login,
            ) as answer:
                meter.bytes_out += size
                size = 0
                return await self._taken(answer, request, target, meter)
        except CAUGHT as error:
            failure = failure_of(error)
            if size and failure not in _UNSENT:
                meter.bytes_out += size
            raise FetchError(failure, request.url, short(error)) from None

    async def _taken(
        self, answer: aiohttp.ClientResponse, request: FetchRequest, url: URL, meter: Meter
    ) -> Hop:
        meter.bytes_in += head_size(answer)
        fields = answer.headers
        if request.proxy is not None and REASON_HEADER in fields:
            reason = egress_reason(fields[REASON_HEADER])
            raise FetchError(reason, request.url, f"through {request.proxy.label}")
        if self._cookies is not None and "Set-Cookie" in fields:
            self._cookies.keep(url, request.step.tier, fields.getall("Set-Cookie"))
        if answer.status in REDIRECTS and fields.get("Location"):
            await skip_body(answer, meter)
            return Hop(answer.status, fields, b"", False, fields["Location"])
        body, is_cut = await read_body(answer, request, meter)
        return Hop(answer.status, fields, body, is_cut)

    def _request_headers(self, request: FetchRequest, url: URL) -> dict[str, str] | None:
        """What this request adds to the usual fields; nothing as a rule."""
        headers = self._cookies.headers(url, request.step.tier) if self._cookies else {}
        if request.headers:
            headers = {**headers, **request.headers}
        if request.accept:
            headers["Accept"] = request.accept
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        return headers or None

    def _timeout(self, request: FetchRequest) -> aiohttp.ClientTimeout:
        key = (request.connect_timeout_s, request.read_timeout_s)
        timeout = self._timeouts.get(key)
        if timeout is None:
            connect, read = key
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=read)
            self._timeouts[key] = timeout
        return timeout

    def _way_out(self, request: FetchRequest) -> tuple[str | None, dict[str, str] | None]:
        """The way through our egress proxy, which knows the bought one and vets every name."""
        proxy = request.proxy
        if proxy is None:
            return None, None
        assert self._egress is not None, "a proxy needs an egress proxy to go through"
        ticket = self._tickets.get(proxy.id)
        if ticket is None or ticket.upstream != proxy:
            if ticket is not None:
                self._egress.dismiss(ticket)
            ticket = self._tickets[proxy.id] = self._egress.admit(Ticket(upstream=proxy))
        ticket.ports |= request.ports  # a site's profile may have named more
        return self._egress.url, {"Proxy-Authorization": ticket.authorization}


def raise_for_status(response: Response) -> None:
    """`FetchError` for every status that is no page; `Retry-After` travels with it."""
    status = response.status
    if 200 <= status < 300:
        return
    raise FetchError(
        _status_failure(status),
        response.final_url,
        f"status {status}",
        status=status,
        retry_after=retry_after_seconds(response.headers.get("retry-after", "")),
    )


def _status_failure(status: int) -> FailureClass:
    """The class of a status in a visit, which knows no ladder."""
    exact = {403: FailureClass.BOT_BLOCK, 429: FailureClass.HTTP_429, 503: FailureClass.HTTP_503}
    by_hundred = FailureClass.HTTP_5XX if status >= 500 else FailureClass.HTTP_4XX
    return exact.get(status, by_hundred)
