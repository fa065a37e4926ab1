"""Names to addresses, with the guard: no request reaches an address that is not public.

The check sits in the resolver, so that the address which was vetted is the one connected to and a
second DNS answer cannot slip in between (S133).
"""

import socket
import time
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from povod.crawl.fetch.addresses import PUBLIC_ONLY, is_literal
from povod.kit.errors import GuardError
from povod.kit.guard import AddressGuard

SANDBOX_TIMEOUT = aiohttp.ClientTimeout(total=5)
TTL_SECONDS = 60.0
MAX_NAMES = 10_000


def _refusal(host: str, address: str) -> GuardError:
    return GuardError(
        f"{host} resolves to {address}, which is not a public address; the request was not sent"
    )


class PublicResolver(AbstractResolver):
    """The system's resolver; every address of a name must be public (or opened by the operator).

    Good answers are kept for a minute, shared by all fetchers of a process.
    """

    def __init__(
        self, guard: AddressGuard = PUBLIC_ONLY, system: AbstractResolver | None = None
    ) -> None:
        self._guard = guard
        self._system = system or ThreadedResolver()
        self._known: dict[tuple[str, int, int], tuple[float, list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        key = (host, port, family)
        known = self._known.get(key)
        now = time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        results = await self._system.resolve(host, port, family)
        for result in results:
            if not self._guard.permits(result["host"]):
                raise _refusal(host, result["host"])
        if len(self._known) >= MAX_NAMES:
            self._known.clear()
        self._known[key] = (now + TTL_SECONDS, results)
        return results

    async def close(self) -> None:
        await self._system.close()


class SandboxResolver(AbstractResolver):
    """Asks the sandbox for names and sends web ports to its servers; nothing else is reachable.

    Used only while `SANDBOX_URL` is set. A planted private address is refused like a real one:
    what may be connected to is loopback at the sandbox's own ports.
    """

    def __init__(self, sandbox_url: str) -> None:
        self._base = sandbox_url.rstrip("/")
        self._ports: dict[int, int] = {}
        self._answers: dict[str, list[str]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if not self._ports:
            ports = await self._ask("/sandbox/ports")
            self._ports = {80: ports["http"], 443: ports["https"]}
        addresses = self._answers.get(host)
        if addresses is None:
            answer = await self._ask("/sandbox/dns", name=host)
            addresses = answer.get("addresses", [])
            if addresses:
                self._answers[host] = addresses
        if not addresses:
            raise OSError(socket.EAI_NONAME, f"no such name: {host}")
        return [self._result(host, address, port) for address in addresses]

    def _result(self, host: str, address: str, port: int) -> ResolveResult:
        if address != "127.0.0.1" or port not in self._ports:
            raise _refusal(host, f"{address}:{port}")
        return ResolveResult(
            hostname=host,
            host=address,
            port=self._ports[port],
            family=socket.AF_INET,
            proto=0,
            flags=socket.AI_NUMERICHOST,
        )

    async def _ask(self, path: str, **query: str) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=SANDBOX_TIMEOUT)
        async with self._session.get(self._base + path, params=query) as response:
            return {} if response.status == 404 else await response.json()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def vetted(
    resolver: AbstractResolver, guard: AddressGuard, host: str, port: int
) -> tuple[str, int]:
    """One address and port to connect to for `host`; `GuardError` for one that is closed."""
    if is_literal(host):
        if not guard.permits(host):
            raise _refusal(host, host)
        return host, port
    results = await resolver.resolve(host, port)
    first = min(results, key=lambda result: result["family"] != socket.AF_INET)
    return first["host"], first["port"]
