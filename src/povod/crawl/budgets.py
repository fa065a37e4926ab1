"""Budgets of traffic: reserve before a page is asked for, settle with what it took (S74-S76).

Counters are rows shared by all processes. For every counter used + reserved stays within the hard
limit; what a dead worker had reserved is charged in full when its lease runs out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.policies import BudgetPolicy
from povod.store.prepared import Prepared
from povod.store.tables import budget_counters as table
from povod.store.upsert import insert_new

MB = 1_048_576
KB = 1024
PLAIN, RESIDENTIAL = "plain", "residential"


@dataclass(frozen=True, slots=True)
class Account:
    """One counter and its limits in bytes; `soft` and `hard` follow the settings of today."""

    scope: str
    scope_key: str
    traffic_class: str
    period: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """What a job and its site may spend, in bytes. `site_*` None: as the policies say."""

    job_id: str
    domain: str
    job_hard: int
    residential_hard: int = 0
    site_soft: int | None = None
    site_hard: int | None = None
    site_residential: int | None = None


def accounts(
    limits: BudgetLimits, traffic_class: str, today: date, rules: BudgetPolicy
) -> list[Account]:
    """The counters that a byte of that class counts in (S75)."""
    day, month = today.isoformat(), f"{today:%Y-%m}"
    ratio = rules.soft_ratio

    def mb(value: float) -> int:
        return round(value * MB)

    if traffic_class == RESIDENTIAL:
        site = limits.site_residential
        site_hard = mb(rules.site_residential_mb) if site is None else site
        job, month_hard = limits.residential_hard, mb(rules.residential_month_hard_mb)
        month_soft = mb(rules.residential_month_soft_mb)
        return [
            Account("month", "", RESIDENTIAL, month, month_soft, month_hard),
            Account("site", limits.domain, RESIDENTIAL, day, round(site_hard * ratio), site_hard),
            Account("job", limits.job_id, RESIDENTIAL, "", round(job * ratio), job),
        ]
    site_hard = mb(rules.site_hard_mb) if limits.site_hard is None else limits.site_hard
    site_soft = mb(rules.site_soft_mb) if limits.site_soft is None else limits.site_soft
    job = limits.job_hard
    return [
        Account("all", "", PLAIN, day, mb(rules.all_soft_mb), mb(rules.all_hard_mb)),
        Account("site", limits.domain, PLAIN, day, min(site_soft, site_hard), site_hard),
        Account("job", limits.job_id, PLAIN, "", round(job * ratio), job),
    ]


@dataclass(slots=True)
class Counter:
    """One account with what was used and reserved."""

    id: str
    account: Account
    used: int
    reserved: int
    changed: bool = False
    before: int = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.used

    @property
    def left(self) -> int:
        """What may still be reserved."""
        return self.account.hard - self.used - self.reserved

    @property
    def is_soft(self) -> bool:
        """Whether the soft limit is reached."""
        return self.used >= self.account.soft

    def is_spent(self, smallest: int) -> bool:
        """Whether nothing can be reserved any more, whatever becomes of open reservations."""
        return self.account.hard - self.used < smallest


class Purse:
    """The counters of one traffic class, locked for one transaction."""

    def __init__(self, counters: Sequence[Counter], rules: BudgetPolicy) -> None:
        self.counters = counters
        self._most = rules.reserve_kb * KB
        self._least = rules.reserve_min_kb * KB

    def reserve(self) -> int:
        """Bytes set aside for one more page; 0 if there is not even the least."""
        left = min(counter.left for counter in self.counters)
        granted = min(self._most, left)
        if granted < self._least:
            return 0
        for counter in self.counters:
            counter.reserved += granted
            counter.changed = True
        return granted

    def settle(self, reserved: int, used: int) -> None:
        """Replace a reservation by the true figure."""
        for counter in self.counters:
            counter.reserved = max(0, counter.reserved - reserved)
            counter.used += used
            counter.changed = True

    def spent(self) -> Account | None:
        """The first counter that is used up for good, if one is."""
        for counter in self.counters:
            if counter.is_spent(self._least):
                return counter.account
        return None

    @property
    def is_soft(self) -> bool:
        """Whether a soft limit is reached."""
        return any(counter.is_soft for counter in self.counters)

    def newly_soft(self) -> list[Account]:
        """Counters that reached their soft limit in this transaction."""
        return [
            item.account for item in self.counters if item.before < item.account.soft <= item.used
        ]

    def save(self, conn: Connection) -> None:
        """Write what changed."""
        changed = [
            {"of_id": item.id, "used": item.used, "reserved": item.reserved}
            | {"soft": item.account.soft, "hard": item.account.hard}
            for item in self.counters
            if item.changed
        ]
        if changed:
            _UPDATE.run(conn, changed)
        for item in self.counters:
            item.changed = False


_UPDATE = Prepared(
    sa.update(table)
    .where(table.c.id == sa.bindparam("of_id"))
    .values({name: sa.bindparam(name) for name in ("used", "reserved", "soft", "hard")})
)
_KEYS = ("scope", "scope_key", "traffic_class", "period")
_BY_KEY = Prepared(
    sa.select(table)
    .where(
        sa.or_(
            *(
                sa.and_(*(table.c[name] == sa.bindparam(f"{name}{at}") for name in _KEYS))
                for at in range(3)
            )
        )
    )
    .order_by(*(table.c[name] for name in _KEYS))
    .with_for_update()
)


Opened = dict[tuple[Any, ...], Counter]


def open_purse(
    conn: Connection, wanted: Sequence[Account], rules: BudgetPolicy, opened: Opened
) -> Purse:
    """The counters of `wanted` (three), locked; those that are not there yet are made.

    `opened` are the counters of this transaction so far: around midnight two purses share some.
    """
    rows = _locked(conn, wanted)
    if len(rows) < len(wanted):
        fresh = [
            {name: getattr(item, name) for name in (*_KEYS, "soft", "hard")} for item in wanted
        ]
        insert_new(conn, table, fresh, list(_KEYS))
        rows = _locked(conn, wanted)
    found = {tuple(getattr(row, name) for name in _KEYS): row for row in rows}
    counters = []
    for item in wanted:
        key = (item.scope, item.scope_key, item.traffic_class, item.period)
        row = found[key]
        counters.append(opened.setdefault(key, Counter(row.id, item, row.used, row.reserved)))
    return Purse(counters, rules)


def _locked(conn: Connection, wanted: Sequence[Account]) -> Sequence[Any]:
    values = {
        f"{name}{at}": getattr(item, name) for at, item in enumerate(wanted) for name in _KEYS
    }
    return _BY_KEY.all(conn, values)


def charge_provider(
    conn: Connection, provider: str, used: int, today: date, rules: BudgetPolicy
) -> bool:
    """Count bytes of one residential provider; whether it still may be used today (S75)."""
    hard = round(rules.residential_provider_mb * MB)
    keys = {"scope": "provider", "scope_key": provider, "traffic_class": RESIDENTIAL}
    row = {**keys, "period": today.isoformat(), "soft": hard, "hard": hard}
    insert_new(conn, table, [row], list(_KEYS))
    mine = [table.c[name] == row[name] for name in _KEYS]
    change = sa.update(table).where(*mine).values(used=table.c.used + used)
    total: int = conn.execute(change.returning(table.c.used)).scalar_one()
    return total < hard


def used_bytes(conn: Connection, wanted: Iterable[Account]) -> dict[Account, tuple[int, int]]:
    """(used, reserved) of each account, for pages; zero when it was never touched."""
    found = {}
    for item in wanted:
        mine = [table.c[name] == getattr(item, name) for name in _KEYS]
        row = conn.execute(sa.select(table.c.used, table.c.reserved).where(*mine)).first()
        found[item] = (row.used, row.reserved) if row else (0, 0)
    return found


def take_request(conn: Connection, job_id: str, service: str, most: int) -> bool:
    """Count one request to a service that is paid by the request; False: none is left (S56)."""
    row = {"scope": "job", "scope_key": f"{job_id}#{service}", "traffic_class": PLAIN}
    row |= {"period": "requests"}
    insert_new(conn, table, [{**row, "soft": most, "hard": most}], list(_KEYS))
    mine = [table.c[name] == row[name] for name in _KEYS]
    taken = sa.update(table).where(*mine, table.c.used < most).values(used=table.c.used + 1)
    return conn.execute(taken).rowcount == 1
