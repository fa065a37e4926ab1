"""The ledger: the one truth about background work, in both modes.

A worker claims rows under a lease and proves every later write with its name and the epoch it got
at the claim: who lost the lease (it slept, its machine froze, the network was cut) changes no row
and gets `LeaseLostError`. Execution is at least once, so handlers are idempotent. Attempts are
counted at the claim; work that kills its worker ends as `failed` like work that raises.

Leases are measured with the database server's clock on PostgreSQL. `run_at` and windows are
business time and follow the injected clock.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from povod.engine import work as outcomes
from povod.engine.claims import Claims
from povod.engine.dispatch import Dispatcher
from povod.engine.settling import fence, settle
from povod.engine.windows import opening
from povod.engine.work import QUEUES, NewWork, Outcome, Work
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, LeaseLostError, NotFoundError
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs
from povod.store.upsert import insert_new

LIVE = ("queued", "running")


@dataclass(frozen=True)
class LedgerStats:
    """What health and the overview page show."""

    by_queue: dict[str, dict[str, int]]
    due: int
    oldest_due_at: datetime | None

    def count(self, state: str) -> int:
        """Rows in `state` over all queues."""
        return sum(states.get(state, 0) for states in self.by_queue.values())


class Ledger:
    """Rows of `processing_jobs` and the only code that changes them."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        dispatcher: Dispatcher | None = None,
        lease_seconds: float = 60,
    ) -> None:
        self.db = db
        self.clock = clock
        self.dispatcher = dispatcher
        self.lease_seconds = lease_seconds
        # Two statements over the same rows in different orders would deadlock on PostgreSQL.
        self._own_rows = threading.Lock()
        self._claims = Claims(db, clock, timedelta(seconds=lease_seconds))

    def enqueue(self, conn: Connection, work: NewWork) -> str | None:
        """Put one piece of work in, in the caller's transaction; `None`: it is there already."""
        ids = self.enqueue_many(conn, [work])
        return ids[0] if ids else None

    def hasten(self, conn: Connection, dedup_key: str) -> bool:
        """Let waiting work with that key run now instead of later; False if none waits."""
        now = self.clock.now()
        waiting = (jobs.c.dedup_key == dedup_key) & (jobs.c.state == "queued")
        moved = jobs.update().where(waiting, jobs.c.run_at > now).values(run_at=now)
        return bool(conn.execute(moved).rowcount)

    def enqueue_many(self, conn: Connection, works: Iterable[NewWork]) -> list[str]:
        """Put work in; returns the ids of the new rows (live doubles are left out)."""
        now = self.clock.now()
        told = self.db.lease_time(conn) if self.dispatcher else None
        rows = {row["id"]: row for row in (_row(work, now, told) for work in works)}
        ids = insert_new(
            conn,
            jobs,
            list(rows.values()),
            ["dedup_key"],
            sa.text("dedup_key IS NOT NULL AND state IN ('queued', 'running')"),
        )
        self._ring(conn, [(rows[i]["queue"], i) for i in ids if rows[i]["run_at"] <= now])
        return ids

    def claim(
        self,
        owner: str,
        queues: Sequence[str] | None = None,
        limit: int = 1,
        kinds: Sequence[str] | None = None,
    ) -> list[Work]:
        """Lease up to `limit` due rows to `owner`: smallest priority first, then oldest.

        Rows whose lease ran out are taken again, until their attempts are used up.
        """
        return self._claims.take(owner, queues or QUEUES, limit, kinds)

    def claim_one(
        self, owner: str, work_id: str, kinds: Sequence[str] | None = None
    ) -> Work | None:
        """Lease the row `work_id` if it is due and nobody holds it."""
        return self._claims.take_one(owner, work_id, kinds)

    def extend(self, work: Work) -> None:
        """Begin the lease anew; `LeaseLostError` if it is gone."""
        if work.id not in self.extend_many([work]):
            raise _lost(work)

    def extend_many(self, works: Sequence[Work]) -> dict[str, bool]:
        """Begin leases anew; returns, of those still held, id → whether a stop was asked for."""
        held: dict[str, bool] = {}
        with self._own_rows, self.db.tx() as conn:
            until = self.db.lease_time(conn) + timedelta(seconds=self.lease_seconds)
            for owner in {work.owner for work in works}:
                epochs = {work.id: work.epoch for work in works if work.owner == owner}
                change = (
                    sa.update(jobs)
                    .where(
                        jobs.c.id.in_(list(epochs)),
                        jobs.c.owner == owner,
                        jobs.c.state == "running",
                    )
                    .values(lease_until=until)
                    .returning(jobs.c.id, jobs.c.lease_epoch, jobs.c.cancel_requested)
                )
                for row in conn.execute(change):
                    if row.lease_epoch == epochs[row.id]:
                        held[row.id] = row.cancel_requested
        return held

    def checkpoint(self, work: Work, data: dict[str, Any], conn: Connection | None = None) -> None:
        """Keep `data` for whoever continues this work; in the caller's transaction if given.

        Given together with the rows that it speaks of, the checkpoint and the rows are kept or
        lost together.
        """
        if conn is None:
            with self.db.tx() as own:
                return self.checkpoint(work, data, own)
        change = sa.update(jobs).where(fence(work)).values(checkpoint=data)
        if conn.execute(change).rowcount != 1:
            raise _lost(work)
        return None

    def progressed(self, work: Work) -> None:
        """This try got further: if its worker dies now, that does not use up a try.

        Else a long work whose machine is restarted a few times would fail without a fault of its
        own. Nothing happens when the lease is gone; a try that raises counts as ever.
        """
        with self.db.tx() as conn:
            change = sa.update(jobs).where(fence(work)).values(attempts=0)
            conn.execute(change)

    def finish(self, work: Work, result: dict[str, Any] | None = None) -> None:
        """The work is done."""
        self._settle_one(outcomes.done(work, result))

    def fail(self, work: Work, error: str, retry_at: datetime | None = None) -> None:
        """This try failed; without `retry_at` there will be no other one."""
        self._settle_one(outcomes.failed(work, error, retry_at))

    def put_back(
        self, work: Work, run_at: datetime, checkpoint: dict[str, Any] | None = None
    ) -> None:
        """Queue it again for `run_at`, without counting a try."""
        self._settle_one(outcomes.put_back(work, run_at, checkpoint))

    def settle(self, ended: Sequence[Outcome]) -> set[str]:
        """Write many outcomes in one transaction; returns the ids whose lease was lost."""
        now = self.clock.now()
        with self._own_rows, self.db.tx() as conn:
            lost = settle(conn, ended, now)
            again = [
                (outcome.work.queue, outcome.work.id)
                for outcome in ended
                if outcome.state == "queued" and outcome.run_at and outcome.run_at <= now
            ]
            self._ring(conn, again)
        return lost

    def is_cancelled(self, work: Work) -> bool:
        """Whether the holder should stop: somebody asked for it, or the lease is gone."""
        wanted = sa.select(jobs.c.cancel_requested).where(fence(work))
        with self.db.read() as conn:
            requested = conn.execute(wanted).scalar()
        return requested is None or requested

    def cancel(self, work_id: str) -> str:
        """Stop the work: at once if queued, at its next look if running. Returns the new state."""
        now = self.clock.now()
        mine = jobs.c.id == work_id
        with self.db.tx() as conn:
            stopped = (
                sa.update(jobs)
                .where(mine, jobs.c.state == "queued")
                .values(state="cancelled", cancel_requested=True, finished_at=now)
            )
            asked = (
                sa.update(jobs).where(mine, jobs.c.state == "running").values(cancel_requested=True)
            )
            if conn.execute(stopped).rowcount == 0:
                conn.execute(asked)
            return self._state(conn, work_id)

    def resume(self, work_id: str) -> None:
        """Queue a failed or cancelled row again, from its checkpoint, with all its tries."""
        with self.db.tx() as conn:
            row = conn.execute(
                sa.select(jobs.c.queue, jobs.c.window, jobs.c.state).where(jobs.c.id == work_id)
            ).first()
            if row is None:
                raise NotFoundError(f"there is no work {work_id}")
            if not self._requeue(conn, work_id, opening(row.window, self.clock.now())):
                raise ConflictError(
                    f"work {work_id} is {row.state}; only failed or cancelled work can be resumed"
                )
            self._ring(conn, [(row.queue, work_id)])

    def _requeue(self, conn: Connection, work_id: str, run_at: datetime) -> bool:
        ended = jobs.c.state.in_(("failed", "cancelled"))
        change = sa.update(jobs).where(jobs.c.id == work_id, ended)
        try:
            changed = conn.execute(
                change.values(
                    state="queued",
                    run_at=run_at,
                    attempts=0,
                    cancel_requested=False,
                    error="",
                    finished_at=None,
                )
            )
        except IntegrityError:
            raise ConflictError(
                f"work {work_id} cannot be resumed: another one does the same right now"
            ) from None
        return changed.rowcount == 1

    def next_due(self, queues: Sequence[str] | None = None) -> datetime | None:
        """When the next queued row may run (it may be in the past); `None`: nothing is queued."""
        earliest = sa.select(sa.func.min(jobs.c.run_at)).where(
            jobs.c.state == "queued", jobs.c.queue.in_(list(queues or QUEUES))
        )
        with self.db.read() as conn:
            return conn.execute(earliest).scalar()

    def stats(self) -> LedgerStats:
        """Rows by queue and state, and how far behind the workers are."""
        counted = sa.select(jobs.c.queue, jobs.c.state, sa.func.count()).group_by(
            jobs.c.queue, jobs.c.state
        )
        due = sa.select(sa.func.count(), sa.func.min(jobs.c.run_at)).where(
            jobs.c.state == "queued", jobs.c.run_at <= self.clock.now()
        )
        by_queue: dict[str, dict[str, int]] = {}
        with self.db.read() as conn:
            for queue, state, number in conn.execute(counted):
                by_queue.setdefault(queue, {})[state] = number
            waiting, oldest = conn.execute(due).one()
        return LedgerStats(by_queue, waiting, oldest)

    def due_unnotified(
        self, ring_again_after: timedelta, limit: int = 500
    ) -> list[tuple[str, str]]:
        """Due or abandoned rows nobody was told of lately, marked as told: (queue, id)."""
        return self._claims.take_rings(ring_again_after, limit)

    def tidy(self, before: datetime, limit: int = 10_000) -> int:
        """Delete up to `limit` rows that ended before that moment; returns how many."""
        old = (
            sa.select(jobs.c.id)
            .where(jobs.c.state.not_in(LIVE), jobs.c.finished_at < before)
            .limit(limit)
        )
        with self.db.tx() as conn:
            return conn.execute(sa.delete(jobs).where(jobs.c.id.in_(old))).rowcount

    def _settle_one(self, outcome: Outcome) -> None:
        if self.settle([outcome]):
            raise _lost(outcome.work)

    def _state(self, conn: Connection, work_id: str) -> str:
        state = conn.execute(sa.select(jobs.c.state).where(jobs.c.id == work_id)).scalar()
        if state is None:
            raise NotFoundError(f"there is no work {work_id}")
        return str(state)

    def _ring(self, conn: Connection, due: Sequence[tuple[str, str]]) -> None:
        dispatcher = self.dispatcher
        if dispatcher is None or not due:
            return

        def ring() -> None:
            for queue, work_id in due:
                dispatcher.notify(queue, work_id)

        self.db.after_commit(conn, ring)


def _row(work: NewWork, now: datetime, told: datetime | None) -> dict[str, Any]:
    run_at = opening(work.window, max(work.run_at or now, now))
    return {
        "id": new_id(),
        "queue": work.queue,
        "kind": work.kind,
        "args": dict(work.args),
        "priority": work.priority,
        "run_at": run_at,
        "window": work.window,
        "dedup_key": work.dedup_key,
        "max_attempts": work.max_attempts,
        "notified_at": told if run_at <= now else None,
    }


def _lost(work: Work) -> LeaseLostError:
    return LeaseLostError(
        f"{work.kind} {work.id}: the lease of {work.owner} (epoch {work.epoch}) is gone, "
        "another worker has the work; nothing was written"
    )
