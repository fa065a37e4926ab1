"""Proxies on loopback: HTTP (CONNECT and plain) and SOCKS5, with passwords, counters, failures.

Any user with the password `sandbox` is let in. POST /sandbox/proxies/mode `{"user", "mode"}`
changes how a user (or `*`) fares: `ok`, `deny` (407 or refused login), `refuse` (the connection
is closed at once), `drop` (cut after 2 KB from the site), `slow` (two seconds before anything),
`unreachable` (502 or host unreachable). GET /sandbox/proxies tells bytes and connections by user.
Names are those of the world; ports 80 and 443 stand for its servers; nothing else but loopback is
reached.
"""

import asyncio
import base64
import contextlib
import ipaddress
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from povod.kit.errors import InputError
from povod.sandbox.helpers.browser import Where

PASSWORD = "sandbox"  # noqa: S105 - the sandbox's own
MODES = ("ok", "deny", "refuse", "drop", "slow", "unreachable")
DROP_AFTER = 2048
SLOW_SECONDS = 2.0
_BLOCK = 65_536
_LARGEST_HEAD = 64 * 1024
_LOOPBACK = "127.0.0.1"
_USER_PASS, _NO_METHOD = 2, 0xFF


class Refused(Exception):  # noqa: N818 - reads as the event it is
    """The proxy does not serve this; `status` for HTTP, `reply` for SOCKS5."""

    def __init__(self, status: int, reply: int = 1) -> None:
        super().__init__(status)
        self.status, self.reply = status, reply


@dataclass
class Traffic:
    """What a user has sent and got."""

    connections: int = 0
    up: int = 0
    down: int = 0


@dataclass
class Proxies:
    """Both servers and what they share."""

    where: Callable[[], Where]
    modes: dict[str, str] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    http_port: int = 0
    socks_port: int = 0
    _servers: list[asyncio.Server] = field(default_factory=list)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def begin(self) -> None:
        """Listen on two free ports."""
        for serve in (self._http, self._socks):
            self._servers.append(await asyncio.start_server(self._kept(serve), _LOOPBACK, 0))
        ports = [server.sockets[0].getsockname()[1] for server in self._servers]
        self.http_port, self.socks_port = ports

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        for server in self._servers:
            server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def set_mode(self, spec: dict[str, Any]) -> dict[str, str]:
        """Change a user's fate; returns all that differ from ok."""
        user, mode = str(spec.get("user", "*")), spec.get("mode")
        if mode not in MODES:
            raise InputError(f"mode: one of {', '.join(MODES)} expected, got {mode!r}")
        self.modes[user] = str(mode)
        return self.modes

    def report(self) -> dict[str, Any]:
        """Counters by user."""
        return {"users": {user: asdict(traffic) for user, traffic in self.traffic.items()}}

    def clear(self) -> None:
        """Everybody fares well, all counters at zero."""
        self.modes.clear()
        self.traffic.clear()

    def _kept(self, serve: Any) -> Any:
        """A connection's task, known so that it can be cut at the end."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._open.add(task)
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError, EOFError):
                    await serve(reader, writer)
            finally:
                self._open.discard(task)
                writer.close()

        return handle

    def mode_of(self, user: str) -> str:
        """How a user fares now."""
        return self.modes.get(user, self.modes.get("*", "ok"))

    async def admit(self, user: str, password: str) -> Traffic:
        """Let a user in, or `Refused`; waits for a slow one."""
        mode = self.mode_of(user)
        if mode == "refuse":
            raise ConnectionAbortedError
        if password != PASSWORD or not user or mode == "deny":
            raise Refused(407)
        if mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if mode == "unreachable":
            raise Refused(502, 4)
        traffic = self.traffic.setdefault(user, Traffic())
        traffic.connections += 1
        return traffic

    async def connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a host of the world, or to loopback; `Refused` for others."""
        where = self.where()
        if not _is_loopback(host) and (where.dns(host) or [""])[0] != _LOOPBACK:
            raise Refused(502, 4)
        try:
            return await asyncio.open_connection(_LOOPBACK, where.port(port))
        except OSError:
            raise Refused(502, 5) from None

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode_of("*") == "refuse":
            return
        head = await _head(reader)
        try:
            method, target, headers = _parsed(head)
            user, password = _basic(headers.get("proxy-authorization", ""))
            traffic = await self.admit(user, password)
            host, port = _target(method, target)
            far_reader, far_writer = await self.connect(host, port)
        except Refused as refused:
            await _say_no(writer, refused.status)
            return
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            onward = _origin_form(head, target)
            traffic.up += len(onward)
            far_writer.write(onward)
        limit = DROP_AFTER if self.mode_of(user) == "drop" else None
        await _relay(reader, writer, far_reader, far_writer, traffic, limit)

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode_of("*") == "refuse":
            return
        version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if version != 5 or _USER_PASS not in methods:
            writer.write(bytes([5, _NO_METHOD]))
            await writer.drain()
            return
        writer.write(bytes([5, _USER_PASS]))
        user, password = await _login(reader)
        try:
            traffic = await self.admit(user, password)
        except Refused as refused:
            writer.write(bytes([1, 1]) if refused.status == 407 else bytes([1, 0]))
            if refused.status != 407:
                await _socks_target(reader)
                writer.write(_socks_reply(refused.reply))
            await writer.drain()
            return
        writer.write(bytes([1, 0]))
        try:
            far_reader, far_writer = await self.connect(*await _socks_target(reader))
        except Refused as refused:
            writer.write(_socks_reply(refused.reply))
            await writer.drain()
            return
        writer.write(_socks_reply(0))
        limit = DROP_AFTER if self.mode_of(user) == "drop" else None
        await _relay(reader, writer, far_reader, far_writer, traffic, limit)


async def _relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
    traffic: Traffic,
    limit: int | None,
) -> None:
    """Carry bytes both ways until one side ends, or the limit cuts the tunnel."""

    async def up() -> None:
        while data := await reader.read(_BLOCK):
            traffic.up += len(data)
            far_writer.write(data)
            await far_writer.drain()
        if far_writer.can_write_eof():
            far_writer.write_eof()

    async def down() -> None:
        left = limit
        while data := await far_reader.read(_BLOCK):
            if left is not None:
                data, left = data[:left], left - len(data)
            traffic.down += len(data)
            writer.write(data)
            await writer.drain()
            if left is not None and left <= 0:
                break

    sending = asyncio.create_task(up())
    try:
        await down()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        if limit is not None:
            writer.transport.abort()
        far_writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if len(head) > _LARGEST_HEAD:
        raise EOFError
    return head


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers (names in lower case) of a request's head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return method.upper(), rest.rpartition(" ")[0], headers


def _basic(header: str) -> tuple[str, str]:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(given).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def _target(method: str, target: str) -> tuple[str, int]:
    """Host and port of a request; `Refused` 400 for one that names none."""
    try:
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Refused(400) from None
    if not parts.hostname:
        raise Refused(400)
    return parts.hostname, port


def _origin_form(head: bytes, target: str) -> bytes:
    """The head as a site wants it: path instead of address, no word about proxies."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    version = first.rpartition(" ")[2]
    kept = [
        line for line in lines if line and not line.lower().startswith(("proxy-", "connection:"))
    ]
    start = f"{first.partition(' ')[0]} {path} {version}"
    return "\r\n".join([start, *kept, "Connection: close", "", ""]).encode("latin-1")


async def _say_no(writer: asyncio.StreamWriter, status: int) -> None:
    words = {400: "Bad Request", 407: "Proxy Authentication Required", 502: "Bad Gateway"}
    lines = [f"HTTP/1.1 {status} {words[status]}", "Content-Length: 0", "Connection: close"]
    if status == 407:
        lines.append('Proxy-Authenticate: Basic realm="sandbox"')
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


async def _login(reader: asyncio.StreamReader) -> tuple[str, str]:
    """User and password of RFC 1929."""
    _, length = await reader.readexactly(2)
    user = await reader.readexactly(length)
    length = (await reader.readexactly(1))[0]
    return user.decode("utf-8", "replace"), (await reader.readexactly(length)).decode(
        "utf-8", "replace"
    )


async def _socks_target(reader: asyncio.StreamReader) -> tuple[str, int]:
    _, command, _, kind = await reader.readexactly(4)
    match kind:
        case 1:
            host = str(ipaddress.IPv4Address(await reader.readexactly(4)))
        case 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("idna")
        case 4:
            host = str(ipaddress.IPv6Address(await reader.readexactly(16)))
        case _:
            raise Refused(400, 8)
    (port,) = struct.unpack("!H", await reader.readexactly(2))
    if command != 1:
        raise Refused(400, 7)
    return host, port


def _socks_reply(reply: int) -> bytes:
    return bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
