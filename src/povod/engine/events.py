"""Progress events: what pages, SSE and the command line's bar read, replayed by id.

Readers ask for "everything after id n", so an id must never become visible after a larger one.
On SQLite there is one writer at a time. On PostgreSQL ids come from a sequence at INSERT and are
seen at COMMIT, so two writers may be seen in the wrong order and a reader would miss an event for
ever. Therefore all inserts are made here, in short transactions of their own that first take one
advisory lock: the next writer draws its ids after the last one's are visible. Events are written
in batches, so the lock costs a few milliseconds twice a second and process.

An event given with an open transaction (`conn`) is held back until that transaction commits, and
forgotten if it is rolled back. Progress is news, not truth: what a killed process had not yet
written is lost, and the tables tell the same.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from povod.engine.work import check_json
from povod.kit.clock import Clock
from povod.store.db import Database
from povod.store.tables import job_events, processing_jobs

log = structlog.get_logger()

BATCH = 200
BATCH_SECONDS = 0.5
KEPT = 10_000
Listener = Callable[[Connection, Sequence[Mapping[str, Any]]], None]
LOCK = 7_406_354  # any constant: one writer of events at a time on PostgreSQL


@dataclass(frozen=True)
class Event:
    """One line of progress; `topic` groups what one page follows."""

    id: int
    topic: str
    kind: str
    data: dict[str, Any]
    at: datetime
    work_id: str | None = None


class Events:
    """Writer and reader of `job_events`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._listeners: list[Listener] = []
        self._waiting: list[Event] = []
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def listen(self, listener: Listener) -> None:
        """Call it with the rows of events within the transaction that writes them."""
        self._listeners.append(listener)

    def emit(
        self,
        topic: str,
        kind: str,
        data: Mapping[str, Any],
        work_id: str | None = None,
        conn: Connection | None = None,
    ) -> None:
        """Tell it within half a second; with `conn`, only once that transaction is committed."""
        check_json(data)
        event = Event(0, topic, kind, dict(data), self._clock.now(), work_id)
        if conn is None:
            self._add(event)
        else:
            self._db.after_commit(conn, lambda: self._add(event))

    def write(self, conn: Connection, topic: str, kind: str, data: Mapping[str, Any]) -> None:
        """Write one event in the transaction of the change that it tells of: both or neither.

        For rare news that must not be lost. Other writers wait for the end of the transaction, so
        this comes last in a short one; the order of ids stays the order of commits.
        """
        check_json(data)
        if not self._db.is_sqlite:
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        row = {"topic": topic, "kind": kind, "data": dict(data), "created_at": self._clock.now()}
        conn.execute(sa.insert(job_events), [row])
        self._hand_on(conn, [row])

    def read(self, after_id: int = 0, topic: str | None = None, limit: int = 500) -> list[Event]:
        """Events above `after_id`, oldest first; what waits in this process is written first."""
        self.flush()
        query = sa.select(job_events).where(job_events.c.id > after_id)
        if topic is not None:
            query = query.where(job_events.c.topic == topic)
        with self._db.read() as conn:
            rows = conn.execute(query.order_by(job_events.c.id).limit(limit)).all()
        return [
            Event(row.id, row.topic, row.kind, row.data, row.created_at, row.work_id)
            for row in rows
        ]

    def latest_id(self) -> int:
        """The id to start from when only news is wanted; 0 if nothing happened yet."""
        self.flush()
        with self._db.read() as conn:
            return conn.execute(sa.select(sa.func.max(job_events.c.id))).scalar() or 0

    def flush(self) -> None:
        """Write what waits, now; returns when it can be read. Not from inside a transaction.

        While the database cannot be reached, the last `KEPT` events are kept for another try.
        """
        with self._writing:
            with self._lock:
                waiting, self._waiting, self._timer = self._waiting, [], None
            try:
                if waiting:
                    self._write(waiting)
            except OperationalError as error:
                log.warning("events not written yet", waiting=len(waiting), error=str(error.orig))
                with self._lock:
                    self._waiting = [*waiting, *self._waiting][-KEPT:]
                    self._start_timer(BATCH_SECONDS)

    def tidy(self, before: datetime) -> int:
        """Delete events older than `before`; returns how many."""
        with self._db.tx() as conn:
            old = sa.delete(job_events).where(job_events.c.created_at < before)
            return conn.execute(old).rowcount

    def _add(self, event: Event) -> None:
        with self._lock:
            self._waiting.append(event)
            if len(self._waiting) == BATCH:
                self._start_timer(0)
            elif self._timer is None:
                self._start_timer(BATCH_SECONDS)

    def _start_timer(self, seconds: float) -> None:
        # Always another thread: this one may be inside a transaction of its own.
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self.flush)
        self._timer.daemon = True
        self._timer.start()

    def _write(self, events: list[Event]) -> None:
        try:
            self._insert(events)
        except IntegrityError:
            # The work was deleted meanwhile; its news stays.
            self._insert(self._without_dead_work(events))

    def _insert(self, events: Iterable[Event]) -> None:
        rows = [
            {
                "topic": event.topic,
                "kind": event.kind,
                "data": event.data,
                "work_id": event.work_id,
                "created_at": event.at,
            }
            for event in events
        ]
        with self._db.tx() as conn:
            if not self._db.is_sqlite:
                conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            conn.execute(sa.insert(job_events), rows)
            self._hand_on(conn, rows)

    def _hand_on(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        for listener in self._listeners:
            listener(conn, rows)

    def _without_dead_work(self, events: list[Event]) -> list[Event]:
        named = {event.work_id for event in events if event.work_id}
        known = sa.select(processing_jobs.c.id).where(processing_jobs.c.id.in_(named))
        with self._db.read() as conn:
            alive = set(conn.execute(known).scalars())
        return [replace(e, work_id=e.work_id if e.work_id in alive else None) for e in events]
