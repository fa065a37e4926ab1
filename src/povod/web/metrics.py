"""Figures for Prometheus (S140): requests are counted here, the rest is read on demand."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.engine import Connection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from povod.crawl.frontier.model import FAILURE, SUCCESS
from povod.store.tables import budget_counters, crawl_hosts, exports, job_urls, jobs, proxies
from povod.web.roles import VIEWER

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
MOST_DOMAINS = 200
OTHER = "other"


class Figures:
    """The registry of one application."""

    def __init__(self, house: "House") -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_duration_seconds", "Their time", ["route"], registry=self.registry
        )
        self.in_flight = Gauge("http_requests_in_flight", "Being answered", registry=self.registry)
        self.streams = Gauge("sse_streams_open", "Open streams", registry=self.registry)
        ProcessCollector(registry=self.registry)
        self.registry.register(SitesFigures(house))


class Counting:
    """ASGI middleware that counts requests by the template of their path."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._figures.in_flight.inc()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._figures.in_flight.dec()
            route = _template(scope)
            self._figures.requests.labels(scope["method"], route, status).inc()
            self._figures.seconds.labels(route).observe(time.monotonic() - began)


def _template(scope: Scope) -> str:
    """The path with its variables unfilled; routers may leave their prefix out of it."""
    path = str(getattr(scope.get("route"), "path", OTHER))
    is_nested = scope["path"].startswith("/api") and path.startswith("/")
    return f"/api{path}" if is_nested and not path.startswith("/api") else path


class SitesFigures(Collector):
    """What the tables of watched sites tell; they are read when somebody asks."""

    def __init__(self, house: "House") -> None:
        self._house = house

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when the registry is made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now."""
        with self._house.db.read() as conn:
            yield from _addresses(conn)
            yield from _jobs(conn)
            yield from _spent(conn)
            yield from _hosts(conn)
        version = GaugeMetricFamily("policies_version", "Loaded policies", labels=["value"])
        version.add_metric([self._house.sites.deps.policies.version], 1)
        yield version


def _addresses(conn: Connection) -> Iterator[Metric]:
    ok = CounterMetricFamily("url_success", "Addresses read", labels=["domain"])
    failed = CounterMetricFamily("url_failed", "Not read", labels=["domain", "error_class"])
    pending = GaugeMetricFamily("frontier_pending", "Addresses that wait")
    leased = GaugeMetricFamily("frontier_leased", "Addresses being fetched")
    good: dict[str, int] = {}
    bad: dict[tuple[str, str], int] = {}
    for domain, outcome, error, number in _by_outcome(conn):
        if outcome in SUCCESS:
            good[domain] = good.get(domain, 0) + number
        elif outcome in FAILURE:
            bad[domain, error] = bad.get((domain, error), 0) + number
    known = _busiest(good, bad)
    for name, number in _capped(good, known).items():
        ok.add_metric([name], number)
    by_label: dict[tuple[str, str], int] = {}
    for (name, error), number in bad.items():
        label = (name if name in known else OTHER, error)
        by_label[label] = by_label.get(label, 0) + number
    for (name, error), number in by_label.items():
        failed.add_metric(
            [name if name in known or len(known) < MOST_DOMAINS else OTHER, error], number
        )
    waiting = dict(_counts(conn, job_urls.c.state, job_urls.c.state != "done"))
    pending.add_metric([], waiting.get("pending", 0))
    leased.add_metric([], waiting.get("leased", 0))
    yield from (ok, failed, pending, leased)


def _busiest(good: dict[str, int], bad: dict[tuple[str, str], int]) -> set[str]:
    """The sites that are named (S140)."""
    totals = dict(good)
    for (name, _), number in bad.items():
        totals[name] = totals.get(name, 0) + number
    return set(sorted(totals, key=lambda name: -totals[name])[:MOST_DOMAINS])


def _by_outcome(conn: Connection) -> Iterator[tuple[str, str, str, int]]:
    columns = (jobs.c.domain, job_urls.c.outcome, job_urls.c.error_class)
    query = (
        sa.select(*columns, sa.func.count())
        .join(jobs, jobs.c.id == job_urls.c.job_id)
        .where(job_urls.c.state == "done")
        .group_by(*columns)
    )
    for row in conn.execute(query):
        yield row[0], row[1], row[2], row[3]


def _capped(counts: dict[str, int], known: set[str]) -> dict[str, int]:
    """The busiest sites by name, all others together."""
    found: dict[str, int] = {}
    for name, number in counts.items():
        label = name if name in known else OTHER
        found[label] = found.get(label, 0) + number
    return found


def _counts(conn: Connection, column: Any, *where: Any) -> Iterator[tuple[str, int]]:
    query = sa.select(column, sa.func.count()).where(*where).group_by(column)
    return ((row[0], row[1]) for row in conn.execute(query))


def _jobs(conn: Connection) -> Iterator[Metric]:
    total = CounterMetricFamily("export_jobs", "Jobs", labels=["status", "site"])
    columns = (jobs.c.status, jobs.c.domain)
    query = sa.select(*columns, sa.func.count()).group_by(*columns).limit(10 * MOST_DOMAINS)
    for status, domain, number in conn.execute(query):
        total.add_metric([status, domain], number)
    files = GaugeMetricFamily("artifact_bytes", "Bytes of files kept")
    size = sa.select(sa.func.coalesce(sa.func.sum(exports.c.size_bytes), 0))
    files.add_metric([], conn.execute(size.where(exports.c.expired_at.is_(None))).scalar_one())
    yield from (total, files)


def _spent(conn: Connection) -> Iterator[Metric]:
    usage = GaugeMetricFamily(
        "traffic_usage_bytes", "Bytes of the present periods", labels=["scope", "traffic_class"]
    )
    columns = (budget_counters.c.scope, budget_counters.c.traffic_class)
    query = sa.select(*columns, sa.func.sum(budget_counters.c.used)).group_by(*columns)
    for scope, kind, used in conn.execute(query):
        usage.add_metric([scope, kind], int(used or 0))
    yield usage


def _hosts(conn: Connection) -> Iterator[Metric]:
    breaker = GaugeMetricFamily("breaker_open", "Hosts left alone", labels=["host"])
    query = sa.select(crawl_hosts.c.host).where(crawl_hosts.c.breaker == "open")
    for host in conn.execute(query.distinct().limit(MOST_DOMAINS)).scalars():
        breaker.add_metric([host], 1)
    total = GaugeMetricFamily("proxy_total", "Proxies", labels=["status"])
    for state, number in _counts(conn, proxies.c.state):
        total.add_metric([state], number)
    yield from (breaker, total)


@router.get("/metrics", dependencies=[VIEWER])
def metrics(request: Request) -> Response:
    """All figures as text."""
    figures: Figures = request.app.state.figures
    figures.streams.set(request.app.state.hub.open)
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)
