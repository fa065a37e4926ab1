"""What a worker must know of a job before it begins to crawl it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.budgets import MB, BudgetLimits
from povod.crawl.frontier import JobPlan, count_urls
from povod.crawl.frontier.model import PENDING
from povod.crawl.frontier.urls import hosts_of
from povod.crawl.hosts import HostLimits
from povod.sites.deps import JobContext
from povod.sites.known import has_snapshots
from povod.store.tables import job_urls

MOST_SAMPLES = 20


@dataclass(frozen=True)
class CrawlJob:
    """A job ready to be crawled. `samples`: one waiting address of each host."""

    ctx: JobContext
    plan: JobPlan
    total: int
    done: int
    samples: Mapping[str, str]
    uses_known: bool


def plan_crawl(conn: Connection, ctx: JobContext) -> CrawlJob:
    """Read what is needed once; the rest is asked for turn by turn."""
    counts = count_urls(conn, ctx.job_id)
    hosts = hosts_of(conn, ctx.job_id)
    return CrawlJob(
        ctx=ctx,
        plan=JobPlan(
            job_id=ctx.job_id,
            hosts=hosts,
            host_limits=host_limits(ctx),
            budget=budget_limits(ctx),
            policies=ctx.policies,
            zone=ctx.deps.zone,
        ),
        total=counts.total,
        done=counts.total - counts.pending - counts.leased,
        samples={host: url for host in sorted(hosts) if (url := _waiting(conn, ctx.job_id, host))},
        uses_known=has_snapshots(conn, ctx.job["domain"]),
    )


def _waiting(conn: Connection, job_id: str, host: str) -> str:
    query = sa.select(job_urls.c.url).where(
        job_urls.c.job_id == job_id, PENDING, job_urls.c.host == host
    )
    return conn.execute(query.limit(1)).scalar() or ""


def host_limits(ctx: JobContext) -> HostLimits:
    """How the job's hosts are treated: the stricter of job and profile, ten at most (S67)."""
    wanted = ctx.options.max_concurrency
    most = _number(ctx.profile, "max_concurrency", wanted)
    return HostLimits(
        max_concurrency=max(1, min(wanted, most, ctx.policies.politeness.max_concurrency)),
        min_delay_ms=_number(ctx.profile, "min_delay_ms", 0),
    )


def budget_limits(ctx: JobContext) -> BudgetLimits:
    """What the job and its site may spend (S75)."""
    own = ctx.profile.get("budgets") or {}

    def mb(name: str) -> int | None:
        value = own.get(name)
        return None if value is None else round(float(value) * MB)

    return BudgetLimits(
        job_id=ctx.job_id,
        domain=ctx.job["domain"],
        job_hard=round(ctx.options.traffic_budget_mb * MB),
        residential_hard=round(ctx.options.residential_limit_mb * MB),
        site_soft=mb("soft_mb_per_day"),
        site_hard=mb("hard_mb_per_day"),
        site_residential=mb("residential_mb_per_day"),
    )


def _number(data: Mapping[str, Any], name: str, default: int) -> int:
    value = data.get(name)
    return default if value is None else int(value)
