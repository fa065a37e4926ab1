"""A small internet on loopback: names, sites with and without TLS, proxies that can fail."""

import asyncio
import base64
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from povod.crawl.fetch.build import FetcherSet
from povod.crawl.fetch.cookies import CookieStore
from povod.crawl.fetch.egress import EgressProxy
from povod.crawl.fetch.http import HttpFetcher
from povod.crawl.fetch.http_tls import HttpTlsFetcher
from povod.crawl.fetch.resolver import PublicResolver
from povod.crawl.fetch.service import ServiceClient
from povod.crawl.proxies.model import Proxy
from povod.kit.guard import AddressGuard

sys.path.insert(0, str(Path(__file__).parent))

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """A certificate authority of the test, and a certificate for any name ending in `.ru`."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._cert = self._sign(_name("Test CA"), self._key, None)
        self.pem = self._cert.public_bytes(serialization.Encoding.PEM).decode()

    def _sign(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, hosts: list[str] | None
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name if hosts is None else self._cert.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True)
        )
        if hosts is not None:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def context(self, folder, hosts: list[str]) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        path = folder / f"{hosts[0]}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._sign(_name(hosts[0]), key, hosts).public_bytes(serialization.Encoding.PEM)
            + self.pem.encode()
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


class Names(AbstractResolver):
    """Name → address, and port → port of the server that plays it."""

    def __init__(self) -> None:
        self.addresses: dict[str, str | list[str]] = {}
        self.ports: dict[tuple[str, int], int] = {}
        self.asked: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.addresses.get(host)
        if found is None:
            raise OSError(socket.EAI_NONAME, "Name or service not known")
        if isinstance(found, list):  # another answer at every question
            found = found.pop(0)
        return [
            ResolveResult(
                hostname=host,
                host=found,
                port=self.ports.get((host, port), port),
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


class ProxyServer:
    """HTTP (CONNECT only) or SOCKS5; notes what it was asked for. Login `user`/`secret`."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.targets: list[tuple[str, int]] = []
        self.mode = "ok"
        self.port = 0

    @property
    def proxy(self) -> Proxy:
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return Proxy(f"p-{self.scheme}", self.scheme, host, self.port, "user", "secret")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (self._socks if self.scheme == "socks5" else self._connect)(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        login = base64.b64encode(b"user:secret").decode()
        if f"Basic {login}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        if self.mode == "deny":
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        host, _, port = head.split(" ")[1].rpartition(":")
        await self._relay(host, int(port), reader, writer, b"HTTP/1.1 200 OK\r\n\r\n")

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2 + (await reader.readexactly(2))[1] - 2)
        writer.write(b"\x05\x02")
        length = (await reader.readexactly(2))[1]
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        good = (user, password) == (b"user", b"secret")
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        if not good:
            return
        kind = (await reader.readexactly(4))[3]
        if kind == 1:
            host = socket.inet_ntoa(await reader.readexactly(4))
        else:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        reply = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        if self.mode == "deny":
            writer.write(b"\x05\x02" + reply[2:])
            return
        await self._relay(host, port, reader, writer, reply)

    async def _relay(self, host, port, reader, writer, reply: bytes) -> None:
        self.targets.append((host, port))
        far_reader, far_writer = await asyncio.open_connection(host, port)
        writer.write(reply)

        async def pump(source, sink) -> None:
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
            sink.close()

        pumps = [pump(reader, far_writer), pump(far_reader, writer)]
        await asyncio.gather(*pumps, return_exceptions=True)


class Net:
    """Sites by name. `pages` are aiohttp handlers by path, `raw` one handler for raw.ru."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.names = Names()
        self.pages: dict[str, Handler] = {}
        self.log: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.raw: RawHandler | None = None
        self.stack = AsyncExitStack()
        self.guard = AddressGuard(["127.0.0.1/32"])
        self.resolver = PublicResolver(self.guard, self.names)
        self.cookies = CookieStore()
        tls = ssl.create_default_context(cadata=authority.pem)
        self.egress = EgressProxy(self.resolver, self.guard, tls=tls)
        self.services = ServiceClient()
        self.http_port = self.tls_port = self.raw_port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.log.append(f"{request.host} {request.path}")
        self.requests.append(dict(request.headers))
        handler = self.pages.get(request.path)
        if handler is None:
            raise web.HTTPNotFound
        return await handler(request)

    async def open(self, folder) -> None:
        self.folder = folder
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        good = self.authority.context(
            folder, ["firma.ru", "www.firma.ru", "other.ru", "cdn.firma.ru"]
        )
        bad = Authority().context(folder, ["bad.ru"])
        for context, name in ((None, "http"), (good, "tls"), (bad, "bad")):
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
            await site.start()
            setattr(self, f"{name}_port", runner.addresses[-1][1])
        self.raw_port = await self.listen(self.play_raw)
        for host in ("firma.ru", "www.firma.ru", "other.ru", "cdn.firma.ru"):
            self.place(host, self.http_port, self.tls_port)
        self.place("bad.ru", self.http_port, self.bad_port)
        self.place("raw.ru", self.raw_port, self.raw_port)
        self.place("dead.ru", *([unused_port()] * 2))
        await self.stack.enter_async_context(self.egress)
        await self.stack.enter_async_context(self.services)

    async def play_raw(self, reader, writer) -> None:
        await self.raw(reader, writer)

    def place(self, host: str, http: int, tls: int, address: str | list[str] = "127.0.0.1") -> None:
        self.names.addresses[host] = address
        self.names.ports[host, 80], self.names.ports[host, 443] = http, tls

    async def listen(self, handler: RawHandler, context: ssl.SSLContext | None = None) -> int:
        async def serve(reader, writer) -> None:
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        self.stack.callback(server.close)
        return server.sockets[0].getsockname()[1]

    async def proxy(self, scheme: str) -> ProxyServer:
        server = ProxyServer(scheme)
        context = self.authority.context(self.folder, ["localhost"]) if scheme == "https" else None
        server.port = await self.listen(server.serve, context)
        return server

    async def http(self, **options) -> HttpFetcher:
        tls = ssl.create_default_context(cadata=self.authority.pem)
        fetcher = HttpFetcher(
            self.resolver,
            user_agent="PovodBot/0",
            tls=tls,
            guard=self.guard,
            cookies=self.cookies,
            egress=self.egress,
            **options,
        )
        return await self.stack.enter_async_context(fetcher)

    async def http_tls(self) -> HttpTlsFetcher:
        fetcher = HttpTlsFetcher(
            self.egress, self.cookies, guard=self.guard, authority=self.authority.pem
        )
        return await self.stack.enter_async_context(fetcher)

    async def fetchers(self, *fetchers, missing=None) -> FetcherSet:
        """The given ones (open already) behind one door."""
        return FetcherSet(
            fetchers,
            egress=self.egress,
            cookies=self.cookies,
            services=self.services,
            missing=missing or {},
        )

    def html(self, path: str, body: bytes | str, status: int = 200, **headers: str) -> None:
        raw = body.encode() if isinstance(body, str) else body

        async def page(_: web.Request) -> web.Response:
            fields = {"Content-Type": "text/html; charset=utf-8", **headers}
            return web.Response(body=raw, status=status, headers=fields)

        self.pages[path] = page

    def moved(self, path: str, target: str, status: int = 302, **headers: str) -> None:
        async def page(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": target, **headers}, text="bye")

        self.pages[path] = page


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def internet(authority, tmp_path):
    """`async with internet() as net:` in a test's coroutine."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Net]:
        net = Net(authority)
        async with net.stack:
            await net.open(tmp_path)
            yield net

    return opened


class Grant:
    """An allowance with so many bytes in all, given in portions."""

    def __init__(self, total: int, portion: int = 256 * 1024) -> None:
        self.left = total - min(total, portion)
        self.granted = min(total, portion)
        self.portion = portion
        self.asked = 0

    async def more(self) -> bool:
        self.asked += 1
        part = min(self.left, self.portion)
        self.left -= part
        self.granted += part
        return part > 0


@pytest.fixture
def grant():
    return Grant
