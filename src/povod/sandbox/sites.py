"""HTTP and HTTPS servers on loopback that answer for every host of the world.

Clients connect to the two ports by whatever way they like (a resolver that sends port 80 and 443
here) and name the host in `Host` and SNI, as on the real net.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from povod.kit.clock import Clock
from povod.sandbox.answers import Answer, Hosts
from povod.sandbox.helpers.browser import Where
from povod.sandbox.shops.service import Shops, Visit
from povod.sandbox.tls import Authority
from povod.sandbox.world.hosts import ascii_host, is_bystander
from povod.sandbox.world.model import Trouble, World

_LOOPBACK = "127.0.0.1"
_SLOW_STEPS = 120
_SLOW_STEP_SECONDS = 0.25


@dataclass(slots=True)
class SitesServer:
    """The running servers; `log` has one entry per request, the oldest first."""

    http_port: int
    https_port: int
    ca_pem: str
    log: list[dict[str, Any]]
    world: World
    runner: web.ServerRunner
    shops: Shops

    def dns(self, name: str) -> list[str] | None:
        """Addresses of a host of the world, `None` for NXDOMAIN."""
        return self.shops.dns(name) or self.world.dns(name)

    def where(self) -> Where:
        """How the imitated helpers reach the sites."""
        return Where(self.dns, self.http_port, self.https_port, self.ca_pem)

    async def close(self) -> None:
        """Stop both servers; slow and endless answers are cut off."""
        await self.runner.cleanup()


async def start_sites(
    world: World, clock: Clock, state_dir: Path, shops: Shops | None = None
) -> SitesServer:
    """Serve all sites on two free ports; `state_dir` holds certificates for a moment."""
    shops = shops or Shops()
    authority = Authority(state_dir / "tls")
    log: list[dict[str, Any]] = []
    service = _Service(world, shops, clock, log)
    runner = web.ServerRunner(web.Server(service.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, _LOOPBACK, 0).start()
    await web.TCPSite(runner, _LOOPBACK, 0, ssl_context=_tls(world, shops, authority)).start()
    http_port, https_port = (address[1] for address in runner.addresses)
    return SitesServer(http_port, https_port, authority.ca_pem, log, world, runner, shops)


def _tls(world: World, shops: Shops, authority: Authority) -> ssl.SSLContext:
    """A context that picks the certificate by SNI and refuses hosts that do not speak TLS."""

    def choose(
        connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        host = ascii_host(name or "")
        site = world.site_at(host)
        known = site.https if site else is_bystander(host) or shops.at(host) is not None
        if not known:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        expired = site is not None and site.trouble is Trouble.EXPIRED_TLS
        connection.context = authority.context(host, expired=expired)
        return None

    context = authority.context("localhost")
    context.sni_callback = choose
    return context


class _Service:
    """Turns a request into an answer of the world and writes the log."""

    def __init__(self, world: World, shops: Shops, clock: Clock, log: list[dict[str, Any]]) -> None:
        self._hosts = Hosts(world)
        self._shops = shops
        self._clock = clock
        self._log = log

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request of any host."""
        now = self._clock.now()
        host = _host_of(request)
        shop = self._shops.at(host)
        if shop is not None:
            return await _send(request, shop.answer(_visit_of(request, host), now))
        answer = self._hosts.answer(request.scheme, host, request.path, now)
        self._log.append(
            {
                "at": now.isoformat(),
                "host": host,
                "scheme": request.scheme,
                "method": request.method,
                "path": request.path_qs,
                "agent": request.headers.get("User-Agent", ""),
                "status": answer.status,
            }
        )
        return await _send(request, answer)


def _visit_of(request: web.BaseRequest, host: str) -> Visit:
    # the path as it was sent: a map's spelling and a decoded one are two pages
    path, _, query = request.raw_path.partition("?")
    return Visit(request.scheme, host, request.method, path, query, request.headers)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """The answer on the wire, with the troubles that it carries."""
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.reset:
        return _hung_up(request)
    if answer.parts is not None:
        return await _send_parts(request, answer, answer.parts)
    if answer.slow or answer.endless:
        return await _stream(request, answer)
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _hung_up(request: web.BaseRequest) -> web.StreamResponse:
    """Close the connection without an answer; the returned response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _send_parts(
    request: web.BaseRequest, answer: Answer, parts: Iterable[bytes]
) -> web.StreamResponse:
    """A long body piece by piece, never whole in memory; a client that leaves ends it."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for part in parts:
            await response.write(part)
        await response.write_eof()
    return response


def _host_of(request: web.BaseRequest) -> str:
    try:
        return ascii_host(request.host.rsplit(":", 1)[0])
    except UnicodeError:
        return ""


async def _stream(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """A body that drips for half a minute or never ends; a client that leaves ends it."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    await response.prepare(request)
    sent = 0
    with contextlib.suppress(ConnectionError):
        while answer.endless or sent < _SLOW_STEPS:
            await response.write(answer.body)
            sent += 1
            # even a fast stream must yield, or the loop never hears that the client has left
            await asyncio.sleep(_SLOW_STEP_SECONDS if answer.slow else 0)
        await response.write_eof()
    return response
