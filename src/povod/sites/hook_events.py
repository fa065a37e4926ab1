"""Which news go to webhooks; they are queued in the transaction of the news itself (S128)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.engine.work import NewWork
from povod.kit.ids import new_id
from povod.sites.deps import SitesDeps
from povod.sites.states import FINAL, is_id
from povod.store.tables import job_events, jobs, webhooks

QUEUE = "default"
DELIVER, BATCH = "sites.webhook", "sites.webhook_batch"
BATCH_SECONDS = 10
MOST_PAGES = 20
FIRST_START = timedelta(seconds=1)
_SHOWN = (
    "id", "domain", "label", "status", "phase", "stop_reason", "pause_reason", "error_message",
    "total_urls", "success_urls", "failed_urls", "gone_urls", "skipped_urls", "diff_state",
    "added", "removed", "modified", "unchanged",
)  # fmt: skip
News = Mapping[str, Any]
"""A row for `job_events`: topic, kind, data, created_at."""


@dataclass(frozen=True)
class HookEvents:
    """Hears every event that is written and queues what somebody wants to be told of."""

    deps: SitesDeps

    def hear(self, conn: Connection, rows: Sequence[News]) -> None:
        """Within the transaction that writes these events; nearly all of them are passed over."""
        found = [(row, names) for row in rows if (names := names_of(row))]
        wanted = self._wanted(conn) if found else set()
        for row, names in found:
            job_id = str(row["topic"]).removeprefix("sites:")
            if "page.failed" in names and "page.failed" in wanted:
                self._batch(conn, job_id, row["created_at"])
            elif wanted & names:
                self._tell(conn, job_id, row, wanted & names)

    def queue(self, conn: Connection, event: str, data: Mapping[str, Any], job: News | None) -> int:
        """One delivery for each webhook that wants it; how many."""
        mine = sa.select(webhooks.c.id, webhooks.c.events).where(webhooks.c.enabled)
        ids = [row.id for row in conn.execute(mine) if event in row.events]
        works = [self.work(hook_id, event, data, job) for hook_id in ids]
        return len(self.deps.ledger.enqueue_many(conn, works)) if works else 0

    def work(self, hook_id: str, event: str, data: Mapping[str, Any], job: News | None) -> NewWork:
        """The delivery of one message; its id is the same on every try."""
        message = {
            "id": new_id(),
            "event": event,
            "created_at": self.deps.now().isoformat(),
            "job": {name: job[name] for name in _SHOWN} if job else {},
            "data": dict(data),
        }
        return NewWork(QUEUE, DELIVER, {"hook_id": hook_id, "message": message})

    def batch(self, job_id: str, since: datetime) -> int:
        """Failed pages of the last seconds as one message."""
        pages = (
            job_events.c.topic == f"sites:{job_id}", job_events.c.kind == "page",
            job_events.c.created_at >= since,
        )  # fmt: skip
        with self.deps.db.tx() as conn:
            query = sa.select(job_events.c.data).where(*pages).order_by(job_events.c.id)
            failed = [data for data in conn.execute(query).scalars() if _is_failure(data)]
            outcomes = Counter(str(page["outcome"]) for page in failed)
            data = {"count": len(failed), **outcomes, "pages": failed[:MOST_PAGES]}
            return self.queue(conn, "page.failed", data, _job(conn, job_id)) if failed else 0

    def _wanted(self, conn: Connection) -> set[str]:
        query = sa.select(webhooks.c.events).where(webhooks.c.enabled)
        return {name for names in conn.execute(query).scalars() for name in names}

    def _batch(self, conn: Connection, job_id: str, at: datetime) -> None:
        """At most one message in ten seconds for each job."""
        work = NewWork(
            QUEUE,
            BATCH,
            {"job_id": job_id, "since": at.isoformat()},
            run_at=self.deps.now() + timedelta(seconds=BATCH_SECONDS),
            dedup_key=f"{BATCH}:{job_id}",
        )
        self.deps.ledger.enqueue(conn, work)

    def _tell(self, conn: Connection, job_id: str, row: News, names: set[str]) -> None:
        job = _job(conn, job_id)
        for name in sorted(names):
            if name == "job.started" and job is not None and not _is_first_start(job):
                continue
            if name.startswith("diff.") and (job is None or name != f"diff.{job['diff_state']}"):
                continue
            self.queue(conn, name, row["data"], job)


def names_of(row: News) -> set[str]:
    """The events of webhooks that this line of news may stand for."""
    kind, data = row["kind"], row["data"]
    if not str(row["topic"]).startswith("sites:"):
        return set()
    match kind:
        case "page":
            return {"page.failed"} if _is_failure(data) else set()
        case "state":
            return _names_of_state(data)
        case "complete":
            return {"diff.ready", "diff.held"}
        case "budget":
            return {f"budget.{data.get('at')}"} & {"budget.soft", "budget.hard"}
        case "breaker":
            return {"breaker.open"} if data.get("state") == "open" else set()
        case "schedule":
            return {"alert"} if data.get("outcome") == "failed" else set()
    return set()


def _names_of_state(data: Mapping[str, Any]) -> set[str]:
    if data.get("to") in FINAL and data.get("from") not in FINAL:
        return {"job.finished"}
    return {{"running": "job.started", "paused": "job.paused"}.get(str(data.get("to")), "")} - {""}


def _is_failure(data: Mapping[str, Any]) -> bool:
    return data.get("outcome") in ("blocked", "error")


def _is_first_start(job: News) -> bool:
    """A job that goes on after a pause keeps the time of its first start."""
    started: datetime | None = job["started_at"]
    return started is not None and job["updated_at"] - started < FIRST_START


def _job(conn: Connection, job_id: str) -> News | None:
    if not is_id(job_id):
        return None
    row = conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
    return dict(row) if row is not None else None
