"""Residential addresses: three consents, short bursts, a daily cap per host (S78, S79).

`Burst` is pure; the two functions at the end keep it in the host's row, in the transaction of the
claim and of the settlement, so that all workers count together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.policies import ResidentialPolicy
from povod.store.tables import crawl_hosts
from povod.store.upsert import insert_new

TIER = "residential"


def refusal(*, enabled: bool, profile: bool, job: bool, quota_left: bool) -> str:
    """Why residential addresses may not be used, or nothing: all consents must be there (S78)."""
    if not enabled:
        return "residential is off in this environment (policies: residential.enabled)"
    if not profile:
        return "the site's profile does not allow residential (allow_residential)"
    if not job:
        return "the job does not allow residential (allow_residential)"
    return "" if quota_left else "the residential quota is used up"


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests to one host: in a row, today, and the pause that follows (S79).

    `cooldown_s` is the pause after the last burst, `before_s` the one before it: a failure that is
    known only after the burst has closed still lengthens the pause that has begun.
    """

    in_row: int = 0
    failed: bool = False
    until: datetime | None = None
    cooldown_s: float = 0
    before_s: float = 0
    day: date | None = None
    today: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "Burst":
        """What `to_json` gave; a fresh host for nothing."""
        data = data or {}
        return cls(
            in_row=int(data.get("in_row", 0)),
            failed=bool(data.get("failed", False)),
            until=datetime.fromisoformat(data["until"]) if data.get("until") else None,
            cooldown_s=float(data.get("cooldown_s", 0)),
            before_s=float(data.get("before_s", 0)),
            day=date.fromisoformat(data["day"]) if data.get("day") else None,
            today=int(data.get("today", 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        return {
            "in_row": self.in_row,
            "failed": self.failed,
            "until": self.until.isoformat() if self.until else None,
            "cooldown_s": self.cooldown_s,
            "before_s": self.before_s,
            "day": self.day.isoformat() if self.day else None,
            "today": self.today,
        }

    def wait(self, now: datetime, rules: ResidentialPolicy) -> float:
        """Seconds until the next request may go; 0 for now."""
        if self.until is not None and now < self.until:
            return (self.until - now).total_seconds()
        if self.day == now.date() and self.today >= rules.per_host_day:
            tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
            return (tomorrow - now).total_seconds()
        return 0.0

    def taken(self, now: datetime, rules: ResidentialPolicy) -> "Burst":
        """After a request was let go: counted whatever will come of it."""
        today = self.today if self.day == now.date() else 0
        failed = self.failed if self.in_row else False
        counted = replace(
            self, day=now.date(), today=today + 1, in_row=self.in_row + 1, failed=failed, until=None
        )
        return counted._closed(now, rules) if counted.in_row >= rules.burst else counted

    def settled(self, ok: bool, rules: ResidentialPolicy) -> "Burst":
        """After the result is known; the first failure of a burst lengthens the next pause."""
        if ok or self.failed:
            return self
        failed = replace(self, failed=True)
        if self.in_row or self.until is None:
            return failed
        return failed._closed(self.until - timedelta(seconds=self.cooldown_s), rules)

    def _closed(self, at: datetime, rules: ResidentialPolicy) -> "Burst":
        """The pause begins: longer than the last one after a failure, else of the usual length."""
        before = self.cooldown_s if self.in_row else self.before_s
        usual = rules.cooldown_s
        longer = min((before or usual) * rules.cooldown_factor, rules.cooldown_max_s)
        pause = longer if self.failed else usual
        until = at + timedelta(seconds=pause)
        return replace(self, in_row=0, until=until, cooldown_s=pause, before_s=before)


def take_residential(conn: Connection, host: str, now: datetime, rules: ResidentialPolicy) -> float:
    """Count one request to `host` and give 0, or give the seconds to wait and count nothing."""
    burst = _locked(conn, host)
    wait = burst.wait(now, rules)
    if not wait:
        _keep(conn, host, burst.taken(now, rules))
    return wait


def settle_residential(conn: Connection, host: str, ok: bool, rules: ResidentialPolicy) -> None:
    """Tell how a counted request ended."""
    _keep(conn, host, _locked(conn, host).settled(ok, rules))


def _locked(conn: Connection, host: str) -> Burst:
    insert_new(conn, crawl_hosts, [{"host": host, "tier": TIER}], ["host", "tier"])
    query = sa.select(crawl_hosts.c.residential).where(
        crawl_hosts.c.host == host, crawl_hosts.c.tier == TIER
    )
    return Burst.from_json(conn.execute(query.with_for_update()).scalar_one())


def _keep(conn: Connection, host: str, burst: Burst) -> None:
    conn.execute(
        sa.update(crawl_hosts)
        .where(crawl_hosts.c.host == host, crawl_hosts.c.tier == TIER)
        .values(residential=burst.to_json())
    )
