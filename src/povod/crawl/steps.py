"""The two axes of a fetch: by what means (fetcher), and from where (egress tier) (S51)."""

from typing import Literal, NamedTuple

TrafficClass = Literal["plain", "residential"]

FETCHERS = ("http", "http_tls", "browser", "flaresolverr", "firecrawl")
"""In the order in which they are tried; each costs more than the one before it."""

TIERS = ("direct", "dc", "isp", "residential", "mobile")
EXPENSIVE = frozenset({"residential", "mobile"})
"""Tiers that are never first, never hinted at, and counted apart (S61, S75a, S78)."""


class Step(NamedTuple):
    """One rung of the ladder."""

    fetcher: str = "http"
    tier: str = "direct"

    def __str__(self) -> str:
        return f"{self.fetcher}/{self.tier}"

    @classmethod
    def parse(cls, text: str) -> "Step":
        """The step that `str` wrote; the first one for anything else."""
        fetcher, _, tier = text.partition("/")
        return cls(fetcher, tier) if fetcher in FETCHERS and tier in TIERS else cls()


def traffic_class(tier: str) -> TrafficClass:
    """Which counters the bytes of a tier belong to (S75a)."""
    return "residential" if tier in EXPENSIVE else "plain"


FIRST = Step()
"""Plain http from our own address."""
