"""The `http_tls` fetcher: libcurl that greets servers as a browser does, HTTP/2 included (S53).

It connects through our egress proxy, always: that is where its names are vetted and its bytes
counted and cut, and libcurl never looks a name up. TLS is between it and the site, and verified.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from curl_cffi import CurlECode, CurlError, CurlOpt
from curl_cffi.requests import AsyncSession
from curl_cffi.requests import Response as CurlResponse
from yarl import URL

from povod.crawl.fetch.addresses import PUBLIC_ONLY
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.hops import REDIRECTS, Hop, follow
from povod.crawl.fetch.inflate import DecodingError, Inflater
from povod.crawl.fetch.request import FetchRequest
from povod.crawl.fetch.result import FetchError, Response
from povod.crawl.fetch.tickets import Ticket
from povod.kit.guard import AddressGuard

PROFILE = "chrome"
_BY_CODE = {
    CurlECode.COULDNT_CONNECT: FailureClass.CONNECT_REFUSED,
    CurlECode.COULDNT_RESOLVE_HOST: FailureClass.DNS_ERROR,
    CurlECode.OPERATION_TIMEDOUT: FailureClass.READ_TIMEOUT,
    CurlECode.SSL_CONNECT_ERROR: FailureClass.TLS_ERROR,
    CurlECode.PEER_FAILED_VERIFICATION: FailureClass.TLS_ERROR,
    CurlECode.SSL_CACERT_BADFILE: FailureClass.TLS_ERROR,
    CurlECode.BAD_CONTENT_ENCODING: FailureClass.PARSE_ERROR,
    CurlECode.WEIRD_SERVER_REPLY: FailureClass.PARSE_ERROR,
}


_OPTIONS = {
    CurlOpt.HTTPPROXYTUNNEL: 1,
    CurlOpt.PROXYAUTH: 1,  # Basic, without being asked
    CurlOpt.HTTP_CONTENT_DECODING: 0,  # decoded by us, under the cap
}


class HttpTlsFetcher:
    """One libcurl session; every request has a ticket of its own at the egress proxy."""

    name = "http_tls"

    def __init__(
        self,
        egress: EgressProxy,
        cookies: CookieStore,
        *,
        guard: AddressGuard = PUBLIC_ONLY,
        authority: str = "",
    ) -> None:
        self._egress = egress
        self._cookies = cookies
        self._guard = guard
        self._authority = authority
        self._bundle: Path | None = None
        self._session: AsyncSession[CurlResponse] | None = None

    async def __aenter__(self) -> Self:
        verify: Any = True
        if self._authority:
            with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
                file.write(self._authority)
            self._bundle = Path(file.name)
            verify = file.name
        self._session = AsyncSession(
            verify=verify,
            trust_env=False,
            allow_redirects=False,
            impersonate=PROFILE,
            discard_cookies=True,
            curl_options=_OPTIONS,
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
        if self._bundle is not None:
            self._bundle.unlink(missing_ok=True)

    async def fetch(self, request: FetchRequest) -> Response:
        """The page after redirects, whatever its status."""
        ticket = self._egress.admit(Ticket(upstream=request.proxy, ports=request.ports))
        ticket.begin(request.allowance)
        started = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request, ticket, started)
        except TimeoutError:
            detail = f"no answer in {request.timeout_s:g} s"
            error = FetchError(FailureClass.TOTAL_TIMEOUT, request.url, detail)
        except FetchError as caught:
            error = caught
        finally:
            self._egress.dismiss(ticket)
        error.bytes_in, error.bytes_out = ticket.bytes_in, ticket.bytes_out
        error.proxy_refused = ticket.login_refused
        raise error

    async def _follow(self, request: FetchRequest, ticket: Ticket, started: float) -> Response:
        end = await follow(
            request, self._guard, lambda url, host: self._one(request, url, host, ticket)
        )
        return Response(
            url=request.url,
            final_url=end.url,
            status=end.hop.status,
            headers=end.headers(),
            body=end.hop.body,
            redirects=end.redirects,
            elapsed=time.monotonic() - started,
            wire_bytes=ticket.bytes_in,
            bytes_out=ticket.bytes_out,
            truncated=end.hop.is_cut,
            via=request.step,
            proxy_id=request.proxy.id if request.proxy else "",
        )

    async def _one(self, request: FetchRequest, url: str, host: str, ticket: Ticket) -> Hop:
        assert self._session is not None, "use HttpTlsFetcher as an async context manager"
        try:
            answer = await self._session.request(
                "GET",
                url,
                headers=self._headers(request, url),
                proxy=self._egress.url,
                proxy_auth=(ticket.name, ticket.token),
                timeout=request.timeout_s,
                stream=True,
                quote=False,
            )
            try:
                body, is_cut = await _collect(answer, request)
            finally:
                await answer.aclose()  # type: ignore[no-untyped-call]
        except CurlError as error:
            raise _failure(request, ticket, host, error) from None
        except DecodingError as error:
            raise FetchError(FailureClass.PARSE_ERROR, request.url, str(error)) from None
        if ticket.is_exhausted:
            raise FetchError(FailureClass.BUDGET, request.url, "no bytes left")
        fields = {name.lower(): value or "" for name, value in answer.headers.items()}
        cookies = [value for value in answer.headers.get_list("set-cookie") if value]
        if cookies:
            self._cookies.keep(URL(url, encoded=True), request.step.tier, cookies)
        status = answer.status_code
        location = fields.get("location", "") if status in REDIRECTS else ""
        return Hop(status, fields, body, is_cut, location)

    def _headers(self, request: FetchRequest, url: str) -> dict[str, str]:
        """The profile's own fields stay; a clearance's user agent would not fit its greeting."""
        headers = {"Accept-Language": "ru,en;q=0.5"}
        headers |= self._cookies.headers(URL(url, encoded=True), request.step.tier)
        headers.pop("User-Agent", None)
        headers |= request.headers or {}
        if request.accept:
            headers["Accept"] = request.accept
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        return headers


async def _collect(answer: CurlResponse, request: FetchRequest) -> tuple[bytes, bool]:
    """The decoded body, and whether it was cut at the cap."""
    inflater = Inflater(answer.headers.get("content-encoding") or "", request.max_body)
    async for chunk in answer.aiter_content():  # type: ignore[no-untyped-call]
        inflater.feed(chunk)
        if inflater.is_full:
            break
    if inflater.is_full and not request.truncate:
        detail = f"body is larger than {request.max_body} bytes"
        raise FetchError(FailureClass.TOO_LARGE, request.url, detail)
    return inflater.body(), inflater.is_full or not inflater.is_complete


def _failure(request: FetchRequest, ticket: Ticket, host: str, error: CurlError) -> FetchError:
    """The class: what the egress proxy knows first, then libcurl's code."""
    if ticket.is_exhausted:
        return FetchError(FailureClass.BUDGET, request.url, "no bytes left")
    if host in ticket.failures:
        kind, detail = ticket.failures[host]
        return FetchError(kind, request.url, detail)
    kind = _BY_CODE.get(CurlECode(error.code), FailureClass.CONNECT_RESET)
    return FetchError(kind, request.url, str(error)[:300])
