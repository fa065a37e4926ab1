"""A job at the frontier, and what its workers report, without a network."""

import sqlalchemy as sa

from povod.crawl.budgets import (
    MB,
    BudgetLimits,
)
from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.frontier import (
    JobPlan,
    NewUrl,
    Settled,
    Wish,
    add_urls,
    count_urls,
    take_turn,
)
from povod.crawl.frontier.urls import store_counts
from povod.crawl.hosts import HostLimits, Observation
from povod.crawl.ladder import LadderPolicy
from povod.crawl.policies import shipped_policies
from povod.kit.ids import new_id
from povod.store.tables import crawl_hosts, job_urls, jobs

POLICIES = shipped_policies()
LADDER = LadderPolicy.of(POLICIES, fetchers=("http", "http_tls", "browser"), tiers=("direct",))
PAGE = {
    "final_url": "", "http_status": 200, "error_class": "", "error_message": "", "retry_count": 0,
    "strategy_used": "http/direct", "proxy_used": "", "bytes_in": 10, "duration_ms": 5,
    "title": "Дрель", "data_full": {"name": "Дрель"}, "data_seo": None,
}  # fmt: skip


class Job:
    """A running job on `shop.ru` with a number of addresses."""

    def __init__(self, db, count=10, *, concurrency=3, host="shop.ru", budget=100 * MB, **policies):
        self.db, self.id, self.host = db, new_id(), host
        rules = POLICIES.overridden(policies) if policies else POLICIES
        limits = BudgetLimits(self.id, f"{host}-{self.id}", budget)
        hosts = frozenset({host})
        self.plan = JobPlan(self.id, hosts, HostLimits(concurrency), limits, rules)
        with db.tx() as conn:
            row = {"id": self.id, "domain": self.id, "status": "running", "phase": "crawl"}
            conn.execute(sa.insert(jobs).values(**row))
            urls = [f"https://{host}/{n}" for n in range(count)]
            new = [NewUrl(url, url, n) for n, url in enumerate(urls)]
            assert add_urls(conn, self.id, new, db.clock.now()) == count
            store_counts(conn, self.id)

    def turn(self, settled=(), want=20, **wish):
        return take_turn(self.db, self.plan, list(settled), Wish(want, LADDER, **wish))

    def counts(self):
        with self.db.read() as conn:
            return count_urls(conn, self.id)

    def row(self, position):
        with self.db.read() as conn:
            query = sa.select(job_urls).where(
                job_urls.c.job_id == self.id, job_urls.c.position == position
            )
            return conn.execute(query).mappings().one()

    def job(self):
        with self.db.read() as conn:
            return conn.execute(sa.select(jobs).where(jobs.c.id == self.id)).mappings().one()


def ok(ticket, used=100, status=200, **more):
    """A page that came."""
    seen = (Observation(status=status, latency_s=0.1, bytes_in=used),)
    page = {**PAGE, "fetched_at": ticket.reserved_at}
    return Settled(ticket=ticket, outcome="ok", page=page, used=used, seen=seen, **more)


def failed(ticket, failure=F.HTTP_503, status=503, **more):
    """A page that did not come."""
    seen = (Observation(status=status, failure=failure),)
    return Settled(ticket=ticket, seen=seen, error_class=failure.value, **more)


def host_row(db, tier="direct", host="shop.ru"):
    """What is remembered of a host."""
    with db.read() as conn:
        query = sa.select(crawl_hosts).where(crawl_hosts.c.tier == tier, crawl_hosts.c.host == host)
        return conn.execute(query).mappings().one()
