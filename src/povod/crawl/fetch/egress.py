"""Our own proxy on loopback: the only way out for programs that connect by themselves (S54).

The browser, the TLS-impersonating client, FlareSolverr and everything that goes through a bought
proxy send their traffic here. Here names are resolved and vetted, the vetted address is connected
to (directly or through the ticket's proxy), and bytes are counted and cut. TLS passes through
untouched. Nobody gets in without a ticket.
"""

import asyncio
import contextlib
import errno
import ssl
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio.v2 import Proxy as Tunnel

from povod.crawl.fetch.addresses import PUBLIC_ONLY
from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.http1 import Head, HeadError, read_head
from povod.crawl.fetch.resolver import vetted
from povod.crawl.fetch.tickets import READ_SIZE, Ticket
from povod.crawl.proxies.model import Proxy
from povod.kit.errors import GuardError
from povod.kit.guard import AddressGuard

REASON_HEADER = "X-Povod-Egress"
"""In our refusals: the failure class, for clients that see the answer."""

CONNECT_TIMEOUT = 10.0
IDLE_TIMEOUT = 120.0
_STATUS = {
    FailureClass.GUARD_BLOCKED: "403 Forbidden",
    FailureClass.OFF_DOMAIN_REDIRECT: "403 Forbidden",
    FailureClass.BUDGET: "429 Too Many Requests",
}
_SOCKET_FAILURES = {
    errno.ECONNREFUSED: FailureClass.CONNECT_REFUSED,
    errno.ECONNRESET: FailureClass.CONNECT_RESET,
}
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _RefusedError(Exception):
    """The connection is not made; the client is told why."""

    def __init__(self, kind: FailureClass, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class EgressProxy:
    """CONNECT and plain HTTP forwarding for holders of a ticket. An async context manager.

    `advertise` ("host:port") makes it listen on that port on every interface too, for a service
    that runs on another machine (POVOD_EGRESS_ADVERTISE); tickets still guard it. `tls` verifies
    proxies that are themselves spoken to over TLS.
    """

    def __init__(
        self,
        resolver: AbstractResolver,
        guard: AddressGuard = PUBLIC_ONLY,
        *,
        advertise: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolver = resolver
        self._guard = guard
        self._advertise = advertise
        self._tls = tls
        self._tickets: dict[str, Ticket] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.is_advertised = False

    async def __aenter__(self) -> Self:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        port = self._advertise.rpartition(":")[2]
        if port.isdigit():
            # Another process of this machine may have it; then its bytes are estimated.
            with contextlib.suppress(OSError):
                self._servers.append(await asyncio.start_server(self._accept, None, int(port)))
                self.is_advertised = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        return f"http://127.0.0.1:{self.port}"

    def admit(self, ticket: Ticket) -> Ticket:
        """Let the holder of the ticket in."""
        self._tickets[ticket.authorization] = ticket
        return ticket

    def dismiss(self, ticket: Ticket) -> None:
        """Let its holder in no more; open connections run on."""
        self._tickets.pop(ticket.authorization, None)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._attend(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, HeadError, TimeoutError):
                await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader, IDLE_TIMEOUT)
        ticket = self._tickets.get(head.get("proxy-authorization"))
        while head and ticket is None:
            # A browser shows its login only after having been asked, on the same connection.
            await _say(writer, "407 Proxy Authentication Required", _ASK_LOGIN)
            head = await read_head(reader, IDLE_TIMEOUT)
            ticket = self._tickets.get(head.get("proxy-authorization"))
        if ticket is None:
            return
        try:
            await self._pass_on(head, ticket, (reader, writer))
        except _RefusedError as refusal:
            reason = f"{REASON_HEADER}: {refusal.kind.value}\r\nConnection: close\r\n"
            await _say(writer, _STATUS.get(refusal.kind, "502 Bad Gateway"), reason)

    async def _pass_on(self, head: Head, ticket: Ticket, client: Streams) -> None:
        host, port = _destination(head)
        try:
            upstream = await self._connect(ticket, host, port)
        except _RefusedError as refusal:
            ticket.failed(host, refusal.kind, refusal.detail)
            raise
        try:
            if head.method == "CONNECT":
                client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _both_ways(ticket, client, upstream)
            else:
                await _one_request(head, ticket, client, upstream)
        finally:
            upstream[1].close()

    async def _connect(self, ticket: Ticket, host: str, port: int) -> Streams:
        """A connection to the vetted address of the host, direct or through the proxy."""
        if port not in ticket.ports:
            raise _RefusedError(FailureClass.GUARD_BLOCKED, f"port {port} is not fetched")
        if ticket.admits is not None and not ticket.admits(host):
            raise _RefusedError(FailureClass.OFF_DOMAIN_REDIRECT, f"{host} is another site")
        if not await ticket.may_read():
            raise _RefusedError(FailureClass.BUDGET, "no bytes left")
        try:
            address, target = await vetted(self._resolver, self._guard, host, port)
        except GuardError as error:
            raise _RefusedError(FailureClass.GUARD_BLOCKED, str(error)) from None
        except (OSError, UnicodeError) as error:
            raise _RefusedError(FailureClass.DNS_ERROR, f"{host}: {error}") from None
        if ticket.upstream is not None:
            return await self._through(ticket, ticket.upstream, address, target)
        return await _direct(address, target)

    async def _through(self, ticket: Ticket, proxy: Proxy, address: str, port: int) -> Streams:
        """A tunnel through a bought proxy; it is told the vetted address and looks nothing up."""
        over_tls = (self._tls or ssl.create_default_context()) if proxy.scheme == "https" else None
        tunnel = Tunnel(
            proxy_type=ProxyType.SOCKS5 if proxy.scheme == "socks5" else ProxyType.HTTP,
            host=proxy.host,
            port=proxy.port,
            username=proxy.username or None,
            password=proxy.password or None,
            rdns=False,
            proxy_ssl=over_tls,
        )
        try:
            stream = await tunnel.connect(address, port, timeout=CONNECT_TIMEOUT)
        except ProxyError as error:
            ticket.login_refused = error.error_code == 407 or "authentication" in str(error).lower()
            raise _RefusedError(FailureClass.PROXY_ERROR, f"{proxy.label}: {error}") from None
        except (ProxyConnectionError, ProxyTimeoutError, OSError) as error:
            raise _RefusedError(FailureClass.PROXY_ERROR, f"{proxy.label}: {error}") from None
        return stream.reader, stream.writer


_ASK_LOGIN = 'Proxy-Authenticate: Basic realm="egress"\r\n'


async def _say(writer: asyncio.StreamWriter, status: str, fields: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n".encode())
    await writer.drain()


def _destination(head: Head) -> tuple[str, int]:
    """Host and port that the client wants."""
    connect = head.method == "CONNECT"
    try:
        parts = urlsplit(f"//{head.target}" if connect else head.target)
        port = 80 if parts.port is None else parts.port
    except ValueError:
        raise _RefusedError(FailureClass.GUARD_BLOCKED, "no address") from None
    if not parts.hostname or (not connect and parts.scheme != "http"):
        raise _RefusedError(FailureClass.GUARD_BLOCKED, "no address of a page")
    return parts.hostname, port


async def _direct(address: str, port: int) -> Streams:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await asyncio.open_connection(address, port)
    except TimeoutError:
        raise _RefusedError(FailureClass.CONNECT_TIMEOUT, f"{address}: no answer") from None
    except OSError as error:
        kind = _SOCKET_FAILURES.get(error.errno or 0, FailureClass.CONNECT_TIMEOUT)
        raise _RefusedError(kind, f"{address}: {error}") from None


async def _both_ways(ticket: Ticket, client: Streams, upstream: Streams) -> None:
    """Relay until either side has had enough; a budget that is out cuts both."""
    up = asyncio.create_task(_upwards(ticket, client[0], upstream[1]))
    down = asyncio.create_task(_downwards(ticket, upstream[0], client[1]))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not down.done() and not up.cancelled() and up.exception() is None:
            await asyncio.wait({down}, timeout=IDLE_TIMEOUT)  # half-closed by the client
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _upwards(
    ticket: Ticket, source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int = -1
) -> None:
    """Client to site; `most` bytes at most unless negative."""
    while most and (chunk := await source.read(READ_SIZE if most < 0 else min(most, READ_SIZE))):
        ticket.bytes_out += len(chunk)
        most = most - len(chunk) if most > 0 else most
        sink.write(chunk)
        await sink.drain()


async def _downwards(
    ticket: Ticket, source: asyncio.StreamReader, sink: asyncio.StreamWriter
) -> None:
    """Site to client, as long as there is budget."""
    while await ticket.may_read() and (chunk := await source.read(READ_SIZE)):
        ticket.bytes_in += len(chunk)
        sink.write(chunk)
        await sink.drain()


async def _one_request(head: Head, ticket: Ticket, client: Streams, upstream: Streams) -> None:
    """A plain http request: one per connection, so that no later one slips to the same server."""
    raw = head.for_origin()
    upstream[1].write(raw)
    ticket.bytes_out += len(raw)
    length = head.get("content-length")
    await _upwards(ticket, client[0], upstream[1], int(length) if length.isdigit() else 0)
    answer = await read_head(upstream[0], IDLE_TIMEOUT)
    if not answer:
        raise _RefusedError(FailureClass.CONNECT_RESET, "the site closed the connection")
    ticket.bytes_in += answer.size
    client[1].write(answer.closing())
    await _downwards(ticket, upstream[0], client[1])
