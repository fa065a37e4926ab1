"""The values that travel between the frontier and those who fetch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.crawl.budgets import Account, BudgetLimits
from povod.crawl.hosts import HostLimits, Observation
from povod.crawl.ladder import LadderPolicy
from povod.crawl.policies import Policies
from povod.crawl.steps import Step

PENDING = sa.text("job_urls.state = 'pending' AND job_urls.state <> 'done'")
LEASED = sa.text("job_urls.state = 'leased' AND job_urls.state <> 'done'")
"""Spelt out: with a parameter, or without the condition of the partial index, SQLite scans."""

LEASE = timedelta(seconds=150)
RENEW_SECONDS = 30.0
CLAIM_LIMIT = 20
LOG_LENGTH = 12
LEASE_LOST = "lease_lost"

SUCCESS = frozenset({"ok", "not_modified", "not_product"})
FAILURE = frozenset({"blocked", "error"})
UNCOUNTED_REASONS = ("robots", "mask", "content_type")
"""What was skipped for these reasons is no part of the whole that coverage is measured by (S28)."""


class NewUrl(NamedTuple):
    """An address to be put into a job; with an `outcome` it is done at once."""

    url: str
    url_key: str
    position: int
    source: str = "list"
    priority: float | None = None
    lastmod: datetime | None = None
    outcome: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """The addresses of a job by query (S49)."""

    total: int = 0
    ok: int = 0
    not_modified: int = 0
    not_product: int = 0
    gone: int = 0
    blocked: int = 0
    error: int = 0
    skipped: int = 0
    uncounted: int = 0
    pending: int = 0
    leased: int = 0

    @property
    def success(self) -> int:
        """`success_urls` (S73)."""
        return self.ok + self.not_modified + self.not_product

    @property
    def failed(self) -> int:
        """`failed_urls` (S73)."""
        return self.blocked + self.error

    @property
    def covered(self) -> int:
        """Addresses of which the state is known now (S28)."""
        return self.success + self.gone

    @property
    def coverage(self) -> float | None:
        """Share of the whole that was covered (S28); None when there is no whole."""
        whole = self.total - self.uncounted
        return self.covered / whole if whole else None


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What the frontier must know of a job; the same for all its workers."""

    job_id: str
    hosts: frozenset[str]
    host_limits: HostLimits
    budget: BudgetLimits
    policies: Policies
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Ticket:
    """One claimed address; `token` proves the lease, `starts_at` is when to ask for it."""

    id: str
    url: str
    url_key: str
    host: str
    step: Step
    attempts: int
    log: Sequence[Mapping[str, Any]]
    source: str
    token: str
    reserved: int
    reserved_at: datetime
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How one claim ended. `outcome` None: it waits for `step` at `next_at`.

    `refund`: as if it had never been claimed. `page` is the row for `pages` without its key.
    `worked` names the steps for the host's hint once the address was read.
    """

    ticket: Ticket
    outcome: str | None = None
    reason: str = ""
    error_class: str = ""
    step: Step | None = None
    next_at: datetime | None = None
    refund: bool = False
    entry: Mapping[str, Any] | None = None
    page: Mapping[str, Any] | None = None
    used: int = 0
    proxy_provider: str = ""
    cost: Decimal = Decimal(0)
    seen: Sequence[Observation] = ()
    block_until: datetime | None = None
    """The host's robots.txt cannot be read: nothing of it before that time (S63)."""
    give_up: str = ""
    """The rest of the host is skipped, for this reason."""


Standstill = Literal["", "busy", "waiting", "others", "finished", "stopped"]


@dataclass(slots=True)
class Turn:
    """What one transaction of the frontier gave.

    `standstill` says why nothing was claimed: no slot is free; everything waits (until
    `wait_until`); only others hold leases; nothing is left; the job does not run.
    """

    status: str = ""
    tickets: list[Ticket] = field(default_factory=list)
    standstill: Standstill = ""
    wait_until: datetime | None = None
    pause: tuple[str, datetime] | None = None
    stop_reason: str = ""
    lost: set[str] = field(default_factory=set)
    spent: Account | None = None
    news: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker wants now: how many, and which steps are free here."""

    want: int
    ladder: LadderPolicy
    slots: Mapping[str, int] = field(default_factory=dict)
    """Free places by fetcher, for those that have few (S54, S55)."""
    shared_slots: Mapping[str, int] = field(default_factory=dict)
    """Places over all workers, by fetcher."""
    crawl_delays: Mapping[str, int] = field(default_factory=dict)
    """What robots.txt asks for, by host, in milliseconds."""

    @classmethod
    def nothing(cls) -> "Wish":
        """To settle only."""
        return cls(0, LadderPolicy())
