"""Jobs of watched sites in the store: made, read, paused, resumed, ended (S26-S30)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from povod.crawl.frontier import NewUrl, add_urls, count_urls
from povod.crawl.frontier.model import LEASED, PENDING
from povod.crawl.frontier.urls import store_counts
from povod.engine.events import Events
from povod.engine.ledger import Ledger
from povod.kit.clock import Clock
from povod.kit.errors import InputError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.sealing import Sealer
from povod.sites import phases
from povod.sites.options import JobOptions
from povod.sites.states import (
    FINAL,
    BadState,
    JobActive,
    Moved,
    Superseded,
    active_job,
    is_id,
    job_topic,
    move,
    try_move,
)
from povod.sites.verdict import LIMITS, judge
from povod.store.db import Database
from povod.store.tables import job_secrets, job_urls, jobs
from povod.store.upsert import upsert

Job = Mapping[str, Any]
FIRECRAWL_KEY = "firecrawl_api_key"
COMMITTED = ("ready", "accepted", "rejected")
"""Values of `diff_state` that mean that the job has written snapshots."""

RETRIED = ("blocked", "error", "skipped")
_RETRIED_SKIPS = ("budget", "deadline")


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to be made. `urls` of a direct list are stored in the creating transaction."""

    domain: str
    options: JobOptions
    input_kind: str
    input_ref: str = ""
    urls: Sequence[NewUrl] = ()
    created_by: str = ""
    rights_by: str = ""
    rights_how: str = "api"
    clone_of: str | None = None
    bulk_id: str | None = None
    schedule_id: str | None = None
    idempotency_key: str | None = None
    idempotency_hash: str = ""
    policies_version: str = ""
    reports_version: str = ""
    warnings: Sequence[str] = ()
    input_report: Mapping[str, Any] = field(default_factory=dict)
    """Figures of a direct list: what was taken of it and what was not."""


@dataclass(frozen=True)
class JobStore:
    """The operations on jobs that also put work into the ledger and tell of it."""

    db: Database
    clock: Clock
    ledger: Ledger
    events: Events
    sealer: Sealer
    runners: int = 1

    def create_job(self, new: NewJob) -> Job:
        """Make the job, queued; `JobActive` if its domain has one (S26)."""
        job_id = new_id()
        try:
            with self.db.tx() as conn:
                self._insert(conn, job_id, new)
        except IntegrityError:
            with self.db.read() as conn:
                active = active_job(conn, new.domain)
            if active is None:
                raise
            raise JobActive(new.domain, active) from None
        return self.get_job(job_id)

    def get_job(self, job_id: str) -> Job:
        """The row; `NotFoundError`."""
        with self.db.read() as conn:
            return get_job(conn, job_id)

    def pause_job(
        self, job_id: str, by: str, reason: str = "user", resume_at: datetime | None = None
    ) -> Job:
        """Stop claiming; what is in flight ends (S46). With `resume_at` it wakes by itself."""
        with self.db.tx() as conn:
            self.pause(conn, job_id, by, reason, resume_at)
            return get_job(conn, job_id)

    def pause(
        self, conn: Connection, job_id: str, by: str, reason: str, resume_at: datetime | None
    ) -> Moved:
        """`pause_job` within the caller's transaction."""
        changes = {"pause_reason": reason, "resume_at": resume_at}
        moved = move(conn, self.events, job_id, "pause", by=by, **changes)
        if resume_at is not None:
            phases.wake_at(conn, self.ledger, job_id, moved.version, resume_at)
        return moved

    def resume_job(self, job_id: str, by: str) -> Job:
        """Go on: with a paused job, or with what a final one has left (S30)."""
        with self.db.tx() as conn:
            job = get_job(conn, job_id)
            if job["status"] in FINAL:
                self._reopen(conn, job, by, self._phase_left(conn, job))
            else:
                moved = move(conn, self.events, job_id, "resume", by=by)
                self._start(conn, job_id, job["phase"], moved.version)
            return get_job(conn, job_id)

    def wake_job(self, job_id: str, version: int) -> bool:
        """`resume_at` of a pause is reached; False if that pause is over already."""
        with self.db.tx() as conn:
            job = get_job(conn, job_id)
            if job["status"] != "paused" or job["version"] != version:
                return False
            moved = try_move(conn, self.events, job_id, "resume", by="schedule")
            if moved is not None:
                self._start(conn, job_id, job["phase"], moved.version)
            return moved is not None

    def cancel_job(self, job_id: str, by: str) -> Job:
        """End it: at once if no address is leased, else when the workers have let go."""
        with self.db.tx() as conn:
            if try_move(conn, self.events, job_id, "cancel_waiting", by=by) is None:
                moved = move(conn, self.events, job_id, "cancel", by=by)
                if not self.end_cancelled(conn, job_id):
                    now = self.clock.now()
                    phases.force_cancel(conn, self.ledger, job_id, moved.version, now)
            return get_job(conn, job_id)

    def end_cancelled(self, conn: Connection, job_id: str) -> bool:
        """From cancelling to cancelled when no address is leased any more."""
        leased = sa.select(job_urls.c.id).where(job_urls.c.job_id == job_id, LEASED)
        if conn.execute(leased.limit(1)).first() is not None:
            return False
        store_counts(conn, job_id)
        return try_move(conn, self.events, job_id, "cancelled") is not None

    def retry_failed(self, job_id: str, by: str, outcomes: Sequence[str] = ()) -> Job:
        """Fetch what failed again, with all its attempts, and finalise anew (S30)."""
        wrong = sorted(set(outcomes) - set(RETRIED))
        if wrong:
            raise InputError(f"outcomes: {wrong[0]} cannot be retried, use {', '.join(RETRIED)}")
        with self.db.tx() as conn:
            job = get_job(conn, job_id)
            if job["status"] not in FINAL:
                raise BadState(f"job {job_id} is {job['status']}; retry when it has ended")
            self._refuse_superseded(conn, job)
            if not _reset_failed(conn, job_id, outcomes or RETRIED):
                raise BadState(f"job {job_id} is {job['status']} and nothing of it can be retried")
            store_counts(conn, job_id)
            self._reopen(conn, job, by, "crawl")
            return get_job(conn, job_id)

    def settle_held(self, conn: Connection, job_id: str, by: str) -> None:
        """A held diff was decided: the job gets the status that it would have had (S107)."""
        job = get_job(conn, job_id)
        verdict = judge(
            count_urls(conn, job_id),
            min_coverage=JobOptions.parse(job["options"]).min_coverage,
            input_complete=job["input_complete"],
            stop_reason=_limit_met(conn, job_id),
        )
        held = sa.and_(jobs.c.id == job_id, jobs.c.stop_reason == "diff_held")
        if verdict.status == "partial":
            conn.execute(sa.update(jobs).where(held).values(stop_reason=verdict.stop_reason))
        else:
            move(conn, self.events, job_id, "settle_held", by=by, stop_reason="")

    def start(self, conn: Connection, job_id: str, phase: str, version: int) -> None:
        """Put the work of a phase into the ledger; `version` as of the job when it was queued."""
        self._start(conn, job_id, phase, version)

    def _start(self, conn: Connection, job_id: str, phase: str, version: int) -> None:
        phases.start_phase(conn, self.ledger, job_id, phase, version, self.runners)

    def _insert(self, conn: Connection, job_id: str, new: NewJob) -> None:
        now = self.clock.now()
        conn.execute(sa.insert(jobs).values(_row(job_id, new, now)))
        if new.options.firecrawl_api_key is not None:
            secret = new.options.firecrawl_api_key.get_secret_value()
            put_secret(conn, self.sealer, job_id, FIRECRAWL_KEY, secret)
        if new.urls:
            add_urls(conn, job_id, new.urls, now)
            store_counts(conn, job_id)
        self._start(conn, job_id, "input", 0)
        data = {"from": None, "to": "queued", "by": new.created_by or new.rights_how}
        self.events.write(conn, job_topic(job_id), "state", data)

    def _phase_left(self, conn: Connection, job: Job) -> str:
        """Where a final job goes on; `BadState` when nothing of it is left."""
        self._refuse_superseded(conn, job)
        pending = sa.select(job_urls.c.id).where(job_urls.c.job_id == job["id"], PENDING)
        if job["phase"] == "input":
            return "input"
        if conn.execute(pending.limit(1)).first() is None:
            raise BadState(f"job {job['id']} is {job['status']} and has nothing left to crawl")
        return "crawl"

    def _refuse_superseded(self, conn: Connection, job: Job) -> None:
        later = sa.select(jobs.c.id).where(
            jobs.c.domain == job["domain"],
            jobs.c.created_at > job["created_at"],
            jobs.c.diff_state.in_(COMMITTED),
        )
        newer = conn.execute(later.limit(1)).scalar()
        if newer is not None:
            raise Superseded(f"job {job['id']}: the later job {newer} has written the state")

    def _reopen(self, conn: Connection, job: Job, by: str, phase: str) -> None:
        active = active_job(conn, job["domain"])
        if active is not None:
            raise JobActive(job["domain"], active)
        changes = {"phase": phase, "deadline_at": None}
        moved = move(conn, self.events, job["id"], "reopen", by=by, **changes)
        self._start(conn, job["id"], phase, moved.version)


def _row(job_id: str, new: NewJob, now: datetime) -> dict[str, Any]:
    plain = (
        "domain", "input_kind", "input_ref", "created_by", "rights_by", "rights_how", "clone_of",
        "bulk_id", "schedule_id", "idempotency_key", "idempotency_hash", "policies_version",
        "reports_version",
    )  # fmt: skip
    return {name: getattr(new, name) for name in plain} | {
        "id": job_id,
        "label": new.options.label,
        "options": new.options.stored(),
        "rights_at": now,
        "warnings": list(new.warnings),
        "input_report": dict(new.input_report),
    }


def _limit_met(conn: Connection, job_id: str) -> str:
    """The limit that ended the crawl early, as its addresses tell."""
    query = sa.select(job_urls.c.reason).where(
        job_urls.c.job_id == job_id, job_urls.c.reason.in_(LIMITS)
    )
    return conn.execute(query.limit(1)).scalar() or ""


def _reset_failed(conn: Connection, job_id: str, outcomes: Sequence[str]) -> int:
    urls = job_urls.c
    skipped = sa.and_(urls.outcome == "skipped", urls.reason.in_(_RETRIED_SKIPS))
    failed = urls.outcome.in_([name for name in outcomes if name != "skipped"])
    wanted = sa.or_(failed, skipped) if "skipped" in outcomes else failed
    fresh: dict[str, Any] = {
        "state": "pending", "outcome": None, "reason": "", "error_class": "", "attempts": 0,
        "fetcher": "", "tier": "", "step_log": [], "next_at": None, "finished_at": None,
    }  # fmt: skip
    change = sa.update(job_urls).where(urls.job_id == job_id, urls.state == "done", wanted)
    return conn.execute(change.values(fresh)).rowcount


def get_job(conn: Connection, job_id: str) -> Job:
    """The row of a job; `NotFoundError`, also for what is no id at all."""
    query = sa.select(jobs).where(jobs.c.id == job_id)
    row = conn.execute(query).mappings().first() if is_id(job_id) else None
    if row is None:
        raise NotFoundError(f"there is no job {job_id[:60]}")
    return dict(row)


def list_jobs(
    conn: Connection, *, domain: str = "", status: str = "", limit: int = 50, cursor: str = ""
) -> tuple[list[Job], str]:
    """Jobs, newest first, and the cursor of the next page (empty at the end)."""
    query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit + 1)
    if domain:
        query = query.where(jobs.c.domain == domain)
    if status:
        query = query.where(jobs.c.status == status)
    if cursor:
        query = query.where(jobs.c.id < _cursor(cursor))
    rows: list[Job] = [dict(row) for row in conn.execute(query).mappings()]
    return rows[:limit], str(rows[limit - 1]["id"]) if len(rows) > limit else ""


def _cursor(text: str) -> str:
    if not is_id(text):
        raise InputError("cursor: give the value of X-Next-Cursor as it came")
    return text


def put_secret(conn: Connection, sealer: Sealer, job_id: str, name: str, value: str) -> None:
    """Keep a secret of a job, sealed, outside its options (S139)."""
    row = {"job_id": job_id, "name": name, "sealed": sealer.seal(value)}
    upsert(conn, job_secrets, [row], ["job_id", "name"], ["sealed"])


def get_secret(conn: Connection, sealer: Sealer, job_id: str, name: str) -> str:
    """The secret in clear; empty if the job has none."""
    query = sa.select(job_secrets.c.sealed).where(
        job_secrets.c.job_id == job_id, job_secrets.c.name == name
    )
    return sealer.open(conn.execute(query).scalar() or "")


def has_secret(conn: Connection, job_id: str, name: str) -> bool:
    """Whether the job has such a secret."""
    query = sa.select(sa.func.count()).where(
        job_secrets.c.job_id == job_id, job_secrets.c.name == name
    )
    return bool(conn.execute(query).scalar())
