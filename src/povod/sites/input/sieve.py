"""What is taken of a list and what is not, every refusal counted by its reason (S34, S38-S40)."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from povod.crawl.urlkey import UrlKeyError, host_of_key, url_key
from povod.sites.input.masks import Masks
from povod.sites.input.spool import Kept, Spool

MAX_URLS = 200_000
DUPLICATE, OFF_DOMAIN, OVER_MAX, BAD_URL = "duplicate", "off_domain", "over_max", "bad_url"


@dataclass
class Sieve:
    """Takes addresses one by one. `hosts` (without `www.`) are those of the site."""

    spool: Spool
    hosts: Collection[str]
    masks: Masks
    drop_params: Collection[str] = ()
    max_urls: int = MAX_URLS
    total: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    seen_hosts: Counter[str] = field(default_factory=Counter)
    oldest: datetime | None = None
    newest: datetime | None = None
    _known: set[int] = field(default_factory=set)

    @property
    def is_full(self) -> bool:
        """Whether as many addresses were read as a list may have (S36)."""
        return self.total >= MAX_URLS

    @property
    def accepted(self) -> int:
        """How many will be fetched."""
        return min(len(self.spool), self.max_urls)

    def offer(
        self,
        url: str,
        priority: float | None = None,
        modified: datetime | None = None,
        source: str = "sitemap",
    ) -> bool:
        """Take the address, or count why not."""
        self.total += 1
        try:
            key = url_key(url, self.drop_params)
        except UrlKeyError as error:
            self.rejected[error.reason] += 1
            return False
        reason = self._refusal(url.strip(), key)
        if reason:
            self.rejected[reason] += 1
            return False
        self._mark(modified)
        lastmod = modified.isoformat() if modified else ""
        self.spool.add(Kept(url.strip(), key, priority, lastmod, source))
        return True

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count entries that are no address at all."""
        self.total += count
        self.rejected[reason] += count

    def taken(self) -> Iterator[Kept]:
        """What is to be fetched, sorted and cut (S40)."""
        return self.spool.ordered(0, self.max_urls)

    def report(self) -> dict[str, Any]:
        """The figures for the job and for people."""
        rejected = dict(self.rejected)
        if len(self.spool) > self.accepted:
            rejected[OVER_MAX] = len(self.spool) - self.accepted
        return {"total": self.total, "accepted": self.accepted, "rejected": rejected}

    def _refusal(self, url: str, key: str) -> str:
        host = host_of_key(key)
        if host not in self.hosts and host.rpartition(":")[0] not in self.hosts:
            return OFF_DOMAIN
        reason = self.masks.refusal(url)
        if reason:
            return reason
        # A number instead of the key: 200 000 of them must fit into a few megabytes.
        mark = hash(key)
        if mark in self._known:
            return DUPLICATE
        self._known.add(mark)
        self.seen_hosts[host] += 1
        return ""

    def _mark(self, modified: datetime | None) -> None:
        if modified is not None:
            self.oldest = min(self.oldest or modified, modified)
            self.newest = max(self.newest or modified, modified)


def said(rejected: Counter[str] | dict[str, int]) -> str:
    """`off_domain 2, duplicate 1`."""
    pairs = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in pairs)
