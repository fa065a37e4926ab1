"""Fetches pages of the world for the imitated helpers, as a browser's user agent would."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from povod.kit.text import decode
from povod.sandbox.shops.service import VIA_HEADER

AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)
LARGEST_BODY = 8 << 20
Dns = Callable[[str], list[str] | None]


class PageUnreachable(Exception):  # noqa: N818 - reads as the event it is
    """The page did not come; the message says why in a word."""


@dataclass(frozen=True)
class Where:
    """How to reach the world: names, the two ports, the authority."""

    dns: Dns
    http_port: int
    https_port: int
    ca_pem: str

    def port(self, port: int) -> int:
        """The port here that stands for a port out there."""
        return {80: self.http_port, 443: self.https_port}.get(port, port)


@dataclass
class Page:
    """What came back."""

    url: str
    status: int
    headers: dict[str, str]
    text: str
    size: int
    cookies: dict[str, str] = field(default_factory=dict)


class WorldResolver(AbstractResolver):
    """Names of the world only, on the ports of the world."""

    def __init__(self, where: Where) -> None:
        self._where = where

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = self._where.dns(host)
        if not addresses or addresses[0] != "127.0.0.1":
            raise OSError(socket.EAI_NONAME, f"no such name: {host}")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._where.port(port),
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def fetch(
    where: Where,
    url: str,
    *,
    via: str,
    cookies: dict[str, str] | None = None,
    proxy: dict[str, Any] | None = None,
    seconds: float = 60,
) -> Page:
    """The page behind `url` after redirects; `PageUnreachable` when it does not come."""
    tls = ssl.create_default_context(cadata=where.ca_pem)
    connector = aiohttp.TCPConnector(resolver=WorldResolver(where), ssl=tls)
    headers = {"User-Agent": AGENT, VIA_HEADER: via, "Accept": "text/html,*/*"}
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=limit, headers=headers, cookies=cookies
            ) as session,
            session.get(url, max_redirects=10, **_proxied(proxy)) as response,
        ):
            return await _page(session, response)
    except TimeoutError:
        raise PageUnreachable(f"Timeout after {seconds:.1f} seconds.") from None
    except (aiohttp.ClientError, ValueError, OSError) as error:
        raise PageUnreachable(f"{type(error).__name__}: {error}") from None


async def _page(session: aiohttp.ClientSession, response: aiohttp.ClientResponse) -> Page:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            break
    kept = {cookie.key: cookie.value for cookie in session.cookie_jar}
    text, _ = decode(bytes(body), response.headers.get("Content-Type"))
    size = len(body)
    return Page(str(response.url), response.status, dict(response.headers), text, size, kept)


def _proxied(proxy: dict[str, Any] | None) -> dict[str, Any]:
    if not proxy or not proxy.get("url"):
        return {}
    options: dict[str, Any] = {"proxy": proxy["url"]}
    if proxy.get("username"):
        options["proxy_auth"] = aiohttp.BasicAuth(proxy["username"], proxy.get("password", ""))
    return options
