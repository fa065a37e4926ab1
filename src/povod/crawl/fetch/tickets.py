"""What one user of the egress proxy may do: where to, through which proxy, for how many bytes."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.fetch.request import WEB_PORTS, Allowance
from povod.crawl.proxies.model import Proxy

READ_SIZE = 32 * 1024


@dataclass(slots=True)
class Ticket:
    """The login of one fetcher, and what it has spent. `admits` says which hosts it may reach."""

    upstream: Proxy | None = None
    ports: frozenset[int] = WEB_PORTS
    admits: Callable[[str], bool] | None = None
    allowance: Allowance | None = None
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    bytes_in: int = 0
    bytes_out: int = 0
    is_exhausted: bool = False
    failures: dict[str, tuple[FailureClass, str]] = field(default_factory=dict)
    login_refused: bool = False
    _start: int = 0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def spent(self) -> int:
        """Bytes both ways since `begin`."""
        return self.bytes_in + self.bytes_out - self._start

    @property
    def authorization(self) -> str:
        """Value of `Proxy-Authorization`."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.token}".encode()).decode()

    def begin(self, allowance: Allowance | None) -> None:
        """A new request of the same user: failures forgotten, bytes counted against this one."""
        self.allowance = allowance
        self._start = self.bytes_in + self.bytes_out
        self.is_exhausted = self.login_refused = False
        self.failures.clear()

    def failed(self, host: str, kind: FailureClass, detail: str) -> None:
        """Note why no connection to the host was made."""
        self.failures[host] = kind, detail

    async def may_read(self) -> bool:
        """Whether another buffer may be read; reserves more when the reservation is reached."""
        allowance = self.allowance
        if allowance is None or self.spent < allowance.granted:
            return not self.is_exhausted
        async with self._asking:
            while self.spent >= allowance.granted and not self.is_exhausted:
                self.is_exhausted = not await allowance.more()
        return not self.is_exhausted
