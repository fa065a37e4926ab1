"""A proxy as the crawler sees it. Its password is never part of a text made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol
from urllib.parse import quote

from sqlalchemy.engine import RowMapping

State = Literal["active", "resting", "degraded", "burned"]
SCHEMES = ("http", "https", "socks5")
PROXY_TIERS = ("dc", "isp", "residential", "mobile")


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy with its record of service."""

    id: str
    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tier: str = "dc"
    provider: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    state: State = "active"
    fails_in_row: int = 0
    rests_in_row: int = 0
    ok_count: int = 0
    fail_count: int = 0
    latency_ms: int = 0
    resting_until: datetime | None = None
    last_used_at: datetime | None = None
    last_ok_at: datetime | None = None
    bytes_used: int = 0
    cost_per_gb: Decimal = Decimal(0)

    @property
    def label(self) -> str:
        """How pages, logs and people name it: tier and id, never credentials (S23)."""
        return f"{self.tier}#{self.id}"

    @property
    def url(self) -> str:
        """The address with its credentials, for the libraries that connect."""
        login = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{login if self.username else ''}{host}:{self.port}"

    @classmethod
    def from_row(cls, row: RowMapping, password: str) -> "Proxy":
        """The proxy of a row of the table, its password opened by the caller."""
        names = set(cls.__dataclass_fields__) - {"password", "tags"}
        values = {name: row[name] for name in names}
        return cls(**values, password=password, tags=tuple(row["tags"] or ()))


class ProxyProvider(Protocol):
    """A seller of proxies as a plug-in (S84). None is shipped."""

    def list(self) -> Sequence[Proxy]:
        """The proxies that were bought."""
        ...

    def buy(self, tier: Literal["dc", "isp"]) -> Sequence[Proxy]:
        """Buy more; residential and mobile ones are never bought by themselves."""
        ...
