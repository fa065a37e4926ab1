"""What one turn of the frontier works on: hosts and counters, locked, changed in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.budgets import RESIDENTIAL, Opened, Purse, accounts, open_purse
from povod.crawl.frontier.model import JobPlan, Wish
from povod.crawl.host_store import Hosts
from povod.crawl.steps import traffic_class
from povod.store.prepared import Prepared
from povod.store.tables import jobs

_STATUS = Prepared(sa.select(jobs.c.status).where(jobs.c.id == sa.bindparam("job_id")))


class Scene:
    """One transaction: rows are locked in one order (hosts, budgets, addresses, job)."""

    def __init__(
        self, conn: Connection, plan: JobPlan, wish: Wish, now: datetime, hosts: Iterable[str] = ()
    ) -> None:
        self.conn = conn
        self.plan = plan
        self.wish = wish
        self.now = now
        found = _STATUS.all(conn, {"job_id": plan.job_id})
        self.status = str(found[0].status) if found else ""
        self.hosts = Hosts(conn, plan.hosts | set(hosts))
        self.sums: dict[str, Any] = {}
        self._purses: dict[tuple[str, date], Purse] = {}
        self._counters: Opened = {}
        self._days: dict[datetime, date] = {}
        self.purse_of("direct", now)
        for host, delay_ms in wish.crawl_delays.items():
            if host in plan.hosts and self.hosts.state(host).crawl_delay_ms != delay_ms:
                self.hosts.put(host, replace(self.hosts.state(host), crawl_delay_ms=delay_ms))

    def day(self, moment: datetime) -> date:
        """The calendar day of the budget in which `moment` falls."""
        return moment.astimezone(self.plan.zone).date()

    def purse_of(self, tier: str, reserved_at: datetime) -> Purse:
        """The counters for traffic over `tier`, of the day in which it was reserved."""
        kind, day = traffic_class(tier), self._days.get(reserved_at)
        if day is None:
            day = self._days[reserved_at] = self.day(reserved_at)
        purse = self._purses.get((kind, day))
        if purse is None:
            rules = self.plan.policies.budgets
            wanted = accounts(self.plan.budget, kind, day, rules)
            purse = open_purse(self.conn, wanted, rules, self._counters)
            self._purses[kind, day] = purse
        return purse

    def add(self, column: str, amount: int | Decimal) -> None:
        """Add to a counter of the job."""
        self.sums[column] = self.sums.get(column, 0) + amount

    def put_notes(self, host: str, notes: dict[str, Any]) -> None:
        """Replace what is noted of a host."""
        self.hosts.put(host, replace(self.hosts.state(host), notes=notes))

    def count_traffic(self) -> None:
        """Bytes of the job follow its budget counters: the two never differ."""
        for counter in self._counters.values():
            spent = counter.used - counter.before
            if spent and counter.account.scope == "job":
                kind = counter.account.traffic_class
                self.add("residential_bytes" if kind == RESIDENTIAL else "traffic_bytes", spent)

    def purses(self) -> list[Purse]:
        """All counters that were opened."""
        return list(self._purses.values())

    def save(self) -> None:
        """Write hosts and counters."""
        self.hosts.save()
        for purse in self._purses.values():
            purse.save(self.conn)
