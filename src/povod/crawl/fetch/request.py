"""What is asked of a fetcher: one address, from where, within which limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.proxies.model import Proxy
from povod.crawl.steps import FIRST, Step

WEB_PORTS = frozenset({80, 443})
BODY_CAP = 1_572_864
"""Most bytes of one page after decoding (S69)."""


class Allowance(Protocol):
    """Bytes reserved for one address; a stream asks for more before it reads on (S74)."""

    granted: int

    async def more(self) -> bool:
        """Raise `granted` by another reservation; False when the budget is out."""
        ...


@dataclass(frozen=True, slots=True)
class FirecrawlOptions:
    """What a job gives for the paid service: its keys, in turn, and what the service may keep."""

    keys: tuple[SecretStr, ...] = ()
    zero_data_retention: bool = False
    max_age_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One attempt at one address. Times in seconds, sizes in bytes.

    `hosts` (without `www.`) are where redirects may lead, empty for anywhere. `may_follow` is
    asked for each address that a redirect names. `truncate` tells what happens at the body cap:
    a shortened page, or an error of class `too_large`.
    """

    url: str
    step: Step = FIRST
    proxy: Proxy | None = None
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = WEB_PORTS
    etag: str = ""
    last_modified: str = ""
    timeout_s: float = 45
    connect_timeout_s: float = 10
    read_timeout_s: float = 30
    max_redirects: int = 3
    max_body: int = BODY_CAP
    allowance: Allowance | None = None
    truncate: bool = True
    stop_at_html_end: bool = True
    accept: str = ""
    headers: Mapping[str, str] | None = None
    may_follow: Callable[[str], FailureClass | None] | None = None
    wait_selector: str = ""
    firecrawl: FirecrawlOptions | None = None
