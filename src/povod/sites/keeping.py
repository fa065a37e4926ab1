"""What is kept for how long (S127), and the figures of each minute (S141)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.engine.handlers import Handlers, Run
from povod.kit.ids import new_id
from povod.sites.deps import SitesDeps
from povod.sites.exports.make import ExportMaker, expire
from povod.sites.input.preview import MEDIA_TYPE as PREVIEWS
from povod.sites.input.uploads import MEDIA_TYPE as UPLOADS
from povod.sites.states import ACTIVE, FINAL
from povod.store import audit
from povod.store.tables import files, job_events, jobs, metrics, pages

log = structlog.get_logger()

QUEUE = "default"
METRICS, RETENTION = "sites.metrics", "sites.retention"
MINUTE, DAY = 60, 24 * 3600
NEWEST_JOBS = 10
METRICS_KEPT = timedelta(days=365)
EVENTS_KEPT = 10_000
LATENCY_PAGES = 2000


@dataclass(frozen=True)
class Keeping:
    """Repeating work of watched sites that is not crawling."""

    deps: SitesDeps
    exports: ExportMaker

    def register(self, handlers: Handlers) -> None:
        """Make the kinds known to a runner."""
        handlers.register(METRICS, self._metrics, queue=QUEUE)
        handlers.register(RETENTION, self._retention, queue=QUEUE)

    def _metrics(self, _run: Run) -> dict[str, Any]:
        return {"rows": self.measure()}

    def _retention(self, _run: Run) -> dict[str, Any]:
        return self.purge(by="system")

    # -- figures ----------------------------------------------------------------------------

    def next_measure(self) -> datetime | None:
        """The minute to be written next; None while no job runs."""
        running = sa.select(jobs.c.id).where(jobs.c.status == "running").limit(1)
        last = sa.select(sa.func.max(metrics.c.timestamp)).where(metrics.c.job_id.is_not(None))
        with self.deps.db.read() as conn:
            if conn.execute(running).first() is None:
                return None
            written = conn.execute(last).scalar()
        now = self.deps.now()
        return now if written is None else max(written + timedelta(seconds=MINUTE), now)

    def measure(self) -> int:
        """One row for each figure of each job that fetched in the last minute."""
        now = self.deps.now()
        minute = now.replace(second=0, microsecond=0)
        since = minute - timedelta(seconds=MINUTE)
        with self.deps.db.tx() as conn:
            done = sa.select(metrics.c.id).where(
                metrics.c.timestamp == minute, metrics.c.job_id.is_not(None)
            )
            if conn.execute(done.limit(1)).first() is not None:
                return 0
            rows = [
                {
                    "id": new_id(),
                    "job_id": job_id,
                    "name": name,
                    "value": value,
                    "labels": labels,
                    "timestamp": minute,
                }
                for job_id, name, value, labels in _figures(conn, since, minute)
            ]
            if rows:
                conn.execute(sa.insert(metrics), rows)
        return len(rows)

    # -- retention --------------------------------------------------------------------------

    def purge(self, *, by: str, dry_run: bool = False) -> dict[str, int]:
        """Forget what is too old; with `dry_run` only count it."""
        now = self.deps.now()
        kept = timedelta(days=30 if self.deps.settings.povod_env == "prod" else 14)
        old = self._old_jobs(now - kept)
        found = {"jobs": len(old)}
        with self.deps.db.read() as conn:
            found |= {name: _count(conn, where) for name, where in self._rows(now, kept).items()}
        if dry_run:
            return found
        for job_id in old:
            self._forget(job_id)
        found["files"] = expire(self.exports, now - kept)
        with self.deps.db.tx() as conn:
            for where in self._rows(now, kept).values():
                conn.execute(sa.delete(where.table).where(where.condition))
            if any(found.values()):
                audit.append(conn, by, "purge", "sites", found)
        return found

    def _rows(self, now: datetime, kept: timedelta) -> dict[str, "_Rows"]:
        own = files.c.media_type.in_((UPLOADS, PREVIEWS))
        news = job_events.c.topic.startswith("sites:", autoescape=True)
        return {
            "uploads": _Rows(files, sa.and_(own, files.c.keep_until < now)),
            "events": _Rows(job_events, sa.and_(news, job_events.c.created_at < now - kept)),
            "metrics": _Rows(metrics, metrics.c.timestamp < now - METRICS_KEPT),
        }

    def _old_jobs(self, before: datetime) -> list[str]:
        """Ended jobs beyond the newest ten of their site, never the newest that succeeded."""
        query = sa.select(jobs.c.id, jobs.c.domain, jobs.c.status, jobs.c.finished_at)
        seen: dict[str, int] = {}
        has_good: set[str] = set()
        old = []
        with self.deps.db.read() as conn:
            for row in conn.execute(
                query.where(jobs.c.status.in_(sorted(FINAL))).order_by(jobs.c.id.desc())
            ):
                seen[row.domain] = seen.get(row.domain, 0) + 1
                is_newest_good = row.status == "succeeded" and row.domain not in has_good
                if row.status == "succeeded":
                    has_good.add(row.domain)
                too_many = seen[row.domain] > NEWEST_JOBS
                if too_many and not is_newest_good and row.finished_at < before:
                    old.append(str(row.id))
        return old

    def _forget(self, job_id: str) -> None:
        store = self.exports.store
        for key in list(store.list(f"jobs/{job_id}/")):
            store.delete(key)
        with self.deps.db.tx() as conn:
            still = jobs.c.status.not_in(sorted(ACTIVE))
            conn.execute(sa.delete(jobs).where(jobs.c.id == job_id, still))


@dataclass(frozen=True)
class _Rows:
    table: sa.Table
    condition: sa.ColumnElement[bool]


def _count(conn: Connection, rows: _Rows) -> int:
    query = sa.select(sa.func.count()).select_from(rows.table).where(rows.condition)
    return conn.execute(query).scalar_one()


Figure = tuple[str, str, float, dict[str, str]]


def _figures(conn: Connection, since: datetime, until: datetime) -> Iterator[Figure]:
    """Pages, failures by class, bytes by tier, latency: of each job in that minute."""
    lately = (pages.c.fetched_at >= since, pages.c.fetched_at < until)
    columns = (pages.c.job_id, pages.c.error_class, pages.c.strategy_used)
    numbers = (sa.func.count(), sa.func.sum(pages.c.bytes_in))
    count: dict[tuple[str, str], int] = {}
    size: dict[tuple[str, str], int] = {}
    grouped = sa.select(*columns, *numbers).where(*lately).group_by(*columns)
    for job_id, error, strategy, number, received in conn.execute(grouped):
        count[job_id, error] = count.get((job_id, error), 0) + number
        tier = str(strategy).partition("/")[2] or "direct"
        size[job_id, tier] = size.get((job_id, tier), 0) + int(received or 0)
    for (job_id, error), number in count.items():
        yield (
            job_id,
            "failures" if error else "pages",
            number,
            {"error_class": error} if error else {},
        )
    for (job_id, tier), received in size.items():
        yield job_id, "bytes", received, {"tier": tier}
    for job_id in sorted({job_id for job_id, _ in count}):
        yield from _latencies(conn, job_id, lately)


def _latencies(conn: Connection, job_id: str, lately: tuple[Any, ...]) -> Iterator[Figure]:
    query = sa.select(pages.c.duration_ms).where(pages.c.job_id == job_id, *lately)
    values = sorted(conn.execute(query.limit(LATENCY_PAGES)).scalars())
    if values:
        yield job_id, "latency_avg", sum(values) / len(values), {}
        yield job_id, "latency_p95", values[min(len(values) - 1, len(values) * 95 // 100)], {}
