"""The HTTP fetcher: aiohttp, with redirects, guard, caps and decoding in our own hands."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDictProxy
from yarl import URL

from povod.crawl.fetch.inflate import ACCEPTED, BodyTooLargeError, Inflater, UnknownEncodingError
from povod.crawl.fetch.result import Failure, FetchError, FetchLimits, Response
from povod.kit.errors import GuardError, InvalidUrl
from povod.kit.guard import is_public_address
from povod.kit.retry_after import retry_after_seconds
from povod.kit.url import parse_url

CHUNK = 32 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ALLOWED_PORTS = frozenset({80, 443})


class HttpFetcher:
    """Loads pages one at a time per call; use as an async context manager.

    Every hop is vetted: scheme, port, address literals here, resolved addresses in the resolver.
    TLS is always verified. No cookies are kept.
    """

    def __init__(
        self,
        resolver: AbstractResolver,
        *,
        user_agent: str,
        limits: FetchLimits | None = None,
        tls: ssl.SSLContext | None = None,
        connections: int = 100,
    ) -> None:
        self._resolver = resolver
        self._limits = limits or FetchLimits()
        self._tls = tls or ssl.create_default_context()
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            "Accept-Language": "ru,en;q=0.5",
            "Accept-Encoding": ACCEPTED,
        }
        self._connections = connections
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
        """The page at `url` after redirects, whatever its status.

        Raises `FetchError` when no complete answer came within the limits.
        """
        caps = limits or self._limits
        started = time.monotonic()
        try:
            async with asyncio.timeout(caps.timeout):
                return await self._follow(url, caps, headers or {}, started)
        except TimeoutError:
            raise FetchError(Failure.TIMEOUT, url, f"no answer in {caps.timeout:g} s") from None

    async def _follow(
        self, url: str, caps: FetchLimits, headers: Mapping[str, str], started: float
    ) -> Response:
        redirects: list[tuple[int, str]] = []
        address = url
        while True:
            check_address(address)
            answer = await self._one(address, caps, headers)
            status, fields, body, wire = answer
            target = fields.get("Location", "")
            if status not in REDIRECTS or not target:
                break
            redirects.append((status, address))
            if len(redirects) > caps.max_redirects:
                raise FetchError(
                    Failure.REDIRECTS, url, f"more than {caps.max_redirects} redirects"
                )
            address = _join(target, address)
        named = {name.lower(): value for name, value in fields.items()}
        elapsed = time.monotonic() - started
        return Response(url, address, status, named, body, redirects, elapsed, wire)

    async def _one(
        self, url: str, caps: FetchLimits, headers: Mapping[str, str]
    ) -> tuple[int, CIMultiDictProxy[str], bytes, int]:
        assert self._session is not None, "use HttpFetcher as an async context manager"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=caps.connect_timeout)
        target = URL(url, encoded=True)
        try:
            async with self._session.get(
                target, allow_redirects=False, timeout=timeout, headers=headers
            ) as answer:
                if answer.status in REDIRECTS and answer.headers.get("Location"):
                    answer.close()
                    return answer.status, answer.headers, b"", 0
                body, wire = await _read(answer, caps)
                return answer.status, answer.headers, body, wire
        except (BodyTooLargeError, UnknownEncodingError) as error:
            raise FetchError(error.failure, url, str(error)) from None
        except GuardError as error:
            raise FetchError(Failure.GUARD, url, str(error)) from None
        except aiohttp.ClientError as error:
            raise FetchError(classify(error), url, _short(error)) from None


async def _read(answer: aiohttp.ClientResponse, caps: FetchLimits) -> tuple[bytes, int]:
    inflater = Inflater(answer.headers.get("Content-Encoding", ""), caps.max_body)
    wire = 0
    async for chunk in answer.content.iter_chunked(CHUNK):
        wire += len(chunk)
        inflater.feed(chunk)
    return inflater.body(), wire


def classify(error: aiohttp.ClientError) -> Failure:
    """The failure class of a client error."""
    if isinstance(error, aiohttp.ClientSSLError):
        return Failure.TLS
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Failure.DNS
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failure.CONNECT
    if isinstance(error, (aiohttp.ServerTimeoutError, aiohttp.ConnectionTimeoutError)):
        return Failure.TIMEOUT
    return Failure.PROTOCOL


def check_address(url: str) -> None:
    """Refuse what must not be requested whatever DNS says: scheme, userinfo, port, literals."""
    parts = urlsplit(url)
    host = (parts.hostname or "").strip("[]")
    if parts.scheme not in ("http", "https"):
        raise FetchError(Failure.GUARD, url, f"scheme {parts.scheme!r} is not fetched")
    if parts.username or parts.password:
        raise FetchError(Failure.GUARD, url, "an address with a login is not fetched")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port not in ALLOWED_PORTS:
        raise FetchError(Failure.GUARD, url, f"port {port} is not fetched, only 80 and 443")
    if _is_literal(host) and not is_public_address(host):
        raise FetchError(Failure.GUARD, url, f"{host} is not a public address")


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _join(target: str, base: str) -> str:
    try:
        return parse_url(target, base)
    except InvalidUrl:
        raise FetchError(
            Failure.REDIRECTS, base, f"redirect to {target[:200]!r}, which is no address"
        ) from None


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]


def raise_for_status(response: Response) -> None:
    """`FetchError` for every status that is no page; `Retry-After` travels with it."""
    status = response.status
    if 200 <= status < 300:
        return
    failure = Failure.HTTP_5XX if status >= 500 else Failure.HTTP_4XX
    if status in (403, 429, 503):
        failure = Failure.BLOCKED
    raise FetchError(
        failure,
        response.final_url,
        f"status {status}",
        status=status,
        retry_after=retry_after_seconds(response.headers.get("retry-after", "")),
    )
