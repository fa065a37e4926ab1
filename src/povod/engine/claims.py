"""Taking rows of the ledger: which are due, who gets them, and what became of abandoned ones.

On PostgreSQL rows are locked with `FOR UPDATE SKIP LOCKED`, so that claimers never wait for one
another; on SQLite the transaction is `BEGIN IMMEDIATE`, so that there is only one of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from povod.engine.windows import opening
from povod.engine.work import Work
from povod.kit.clock import Clock
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

_COLUMNS = (
    jobs.c.id,
    jobs.c.queue,
    jobs.c.kind,
    jobs.c.args,
    jobs.c.state,
    jobs.c.priority,
    jobs.c.run_at,
    jobs.c.window,
    jobs.c.checkpoint,
    jobs.c.attempts,
    jobs.c.max_attempts,
    jobs.c.lease_epoch,
    jobs.c.cancel_requested,
)
# Written into the SQL, not bound: otherwise the partial indexes cannot be used.
_QUEUED = jobs.c.state == sa.literal_column("'queued'")
_RUNNING = jobs.c.state == sa.literal_column("'running'")
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_KINDS: sa.BindParameter[Any] = sa.bindparam("kinds", expanding=True)

_DUE = sa.and_(_QUEUED, jobs.c.run_at <= sa.bindparam("now"))
_ABANDONED = sa.and_(_RUNNING, jobs.c.lease_until <= sa.bindparam("lease_now"))


def _locking(*rules: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return (
        sa.select(*_COLUMNS)
        .where(*rules)
        .order_by(jobs.c.priority, jobs.c.run_at, jobs.c.id)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
    )


# One query a queue: each walks the index in order and stops at the limit.
_SELECT_DUE = _locking(_DUE, jobs.c.queue == sa.bindparam("queue"))
_SELECT_ABANDONED = _locking(_ABANDONED, jobs.c.queue.in_(sa.bindparam("queues", expanding=True)))
_SELECT_ONE = _locking(jobs.c.id == sa.bindparam("id"), sa.or_(_DUE, _ABANDONED))
# Not by the business clock: it may be made to jump.
_SELECT_UNTOLD = _locking(
    sa.or_(_DUE, _ABANDONED),
    sa.or_(jobs.c.notified_at.is_(None), jobs.c.notified_at <= sa.bindparam("told_before")),
)
_SET = sa.update(jobs).where(jobs.c.id.in_(_IDS))
_LEASE = _SET.values(
    state="running",
    owner=sa.bindparam("to_owner"),
    lease_epoch=jobs.c.lease_epoch + 1,
    lease_until=sa.bindparam("until"),
    attempts=jobs.c.attempts + 1,
)


class Claims:
    """Claims for one `Ledger`."""

    def __init__(self, db: Database, clock: Clock, lease: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._lease = lease

    def take(
        self, owner: str, queues: Sequence[str], limit: int, kinds: Sequence[str] | None
    ) -> list[Work]:
        """Lease up to `limit` rows."""
        if limit < 1 or (kinds is not None and not kinds):
            return []
        with self._db.tx() as conn:
            at = self._moments(conn)
            values = {**at, "most": limit, "queues": list(queues)}
            abandoned = _fetch(conn, _SELECT_ABANDONED, values, kinds)
            taken = self._still_wanted(conn, abandoned)
            while len(taken) < limit:
                found = self._due(conn, queues, limit - len(taken), kinds, at)
                ready = self._with_open_window(conn, found)
                taken += ready
                if not found or ready:
                    break
            return self._lease_to(conn, owner, taken, at["lease_now"])

    def take_one(self, owner: str, work_id: str, kinds: Sequence[str] | None) -> Work | None:
        """Lease the row `work_id`, if it is due or abandoned."""
        with self._db.tx() as conn:
            at = self._moments(conn)
            found = _fetch(conn, _SELECT_ONE, {**at, "most": 1, "id": work_id}, kinds)
            abandoned = [row for row in found if row.state == "running"]
            due = [row for row in found if row.state == "queued"]
            ready = self._still_wanted(conn, abandoned) + self._with_open_window(conn, due)
            works = self._lease_to(conn, owner, ready, at["lease_now"])
            return works[0] if works else None

    def take_rings(self, ring_again_after: timedelta, limit: int) -> list[tuple[str, str]]:
        """Rows that a worker should be told of, marked as told: (queue, id)."""
        with self._db.tx() as conn:
            at = self._moments(conn)
            told_before = at["lease_now"] - ring_again_after
            values = {**at, "most": limit, "told_before": told_before}
            rows = _fetch(conn, _SELECT_UNTOLD, values, None)
            ids = [row.id for row in rows]
            conn.execute(_SET.values(notified_at=at["lease_now"]), {"ids": ids})
            return [(row.queue, row.id) for row in rows]

    def _moments(self, conn: Connection) -> dict[str, datetime]:
        return {"now": self._clock.now(), "lease_now": self._db.lease_time(conn)}

    def _due(
        self,
        conn: Connection,
        queues: Sequence[str],
        limit: int,
        kinds: Sequence[str] | None,
        at: dict[str, datetime],
    ) -> list[Row[Any]]:
        found: list[Row[Any]] = []
        for queue in queues:
            values = {"now": at["now"], "most": limit, "queue": queue}
            found += _fetch(conn, _SELECT_DUE, values, kinds)
        if len(queues) > 1:
            found.sort(key=lambda row: (row.priority, row.run_at, row.id))
        return found[:limit]

    def _still_wanted(self, conn: Connection, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """Abandoned rows worth another try; the others end here."""
        wanted = []
        for row in rows:
            if row.cancel_requested:
                self._end(conn, row, "cancelled", "")
            elif row.attempts >= row.max_attempts:
                self._end(conn, row, "failed", _died(row))
            else:
                wanted.append(row)
        return wanted

    def _end(self, conn: Connection, row: Row[Any], state: str, error: str) -> None:
        change = _SET.values(
            state=state,
            error=error,
            owner=None,
            lease_until=None,
            finished_at=self._clock.now(),
        )
        conn.execute(change, {"ids": [row.id]})

    def _with_open_window(self, conn: Connection, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """The rows that may run now; the others wait for the next opening of their window."""
        now = self._clock.now()
        openings = {window: opening(window, now) for window in {row.window for row in rows}}
        for window, opens_at in openings.items():
            if opens_at > now:
                ids = [row.id for row in rows if row.window == window]
                conn.execute(_SET.values(run_at=opens_at), {"ids": ids})
        return [row for row in rows if openings[row.window] <= now]

    def _lease_to(
        self, conn: Connection, owner: str, rows: Sequence[Row[Any]], lease_now: datetime
    ) -> list[Work]:
        if rows:
            ids = [row.id for row in rows]
            values = {"ids": ids, "to_owner": owner, "until": lease_now + self._lease}
            conn.execute(_LEASE, values)
        return [_work(row, owner) for row in rows]


def _fetch(
    conn: Connection,
    query: sa.Select[Any],
    values: dict[str, Any],
    kinds: Sequence[str] | None,
) -> list[Row[Any]]:
    if kinds is not None:
        query = query.where(jobs.c.kind.in_(_KINDS))
        values = {**values, "kinds": list(kinds)}
    return list(conn.execute(query, values))


def _work(row: Row[Any], owner: str) -> Work:
    return Work(
        id=row.id,
        queue=row.queue,
        kind=row.kind,
        args=row.args,
        checkpoint=row.checkpoint,
        attempts=row.attempts + 1,
        max_attempts=row.max_attempts,
        window=row.window,
        owner=owner,
        epoch=row.lease_epoch + 1,
    )


def _died(row: Row[Any]) -> str:
    return (
        f"the worker died or froze during this work {row.attempts} times; "
        "look for its last log lines, then resume the work"
    )
