"""Schedules: rows that put work into the ledger on time.

Any number of processes may tick; one of them wins a tick by compare-and-set on `next_run_at`, in
the same transaction that enqueues the work. A schedule that was missed (nothing ran for a night)
ticks once, not once for each time missed, and never twice at the same time: its work has a dedup
key of its own.

Cron lines have five fields and are read in a named zone like Debian's cron does (`cronsim`): when
clocks go forward a fixed hour that is skipped runs right after the change, when they go back it
runs once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cronsim import CronSim, CronSimError
from sqlalchemy.engine import Connection

from povod.engine.ledger import Ledger
from povod.engine.windows import parse_window, parse_zone
from povod.engine.work import NORMAL, NewWork
from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.store.db import Database
from povod.store.tables import schedules
from povod.store.upsert import upsert

_WHEN = ("cron", "interval_seconds", "zone", "window")


class Schedules:
    """Keeps and ticks the rows of `schedules`."""

    def __init__(self, db: Database, clock: Clock, ledger: Ledger) -> None:
        self._db = db
        self._clock = clock
        self._ledger = ledger

    def ensure(
        self,
        name: str,
        queue: str,
        kind: str,
        *,
        interval_seconds: int = 0,
        cron: str = "",
        zone: str = "UTC",
        window: str = "",
        args: Mapping[str, Any] | None = None,
        priority: int = NORMAL,
        enabled: bool = True,
    ) -> None:
        """Make the schedule `name` be so; one that is so already keeps its next time.

        Give exactly one of `interval_seconds` (first tick at once) and `cron` (five fields).
        """
        row = {
            "name": name,
            "queue": queue,
            "kind": kind,
            "args": dict(args or {}),
            "cron": cron,
            "interval_seconds": interval_seconds,
            "window": window,
            "zone": zone,
            "priority": priority,
            "enabled": enabled,
        }
        with self._db.tx() as conn:
            self.put(conn, row)

    def put(self, conn: Connection, row: Mapping[str, Any]) -> None:
        """`ensure` for a whole row in the caller's transaction; it may bring an `id`.

        A cron line that was switched off and is on again waits for its next time.
        """
        _check(row)
        NewWork(row["queue"], row["kind"])
        query = sa.select(schedules).where(schedules.c.name == row["name"])
        old = conn.execute(query).mappings().first()
        if old is not None and all(old[key] == value for key, value in row.items()):
            return
        same_time = old is not None and all(old[key] == row[key] for key in _WHEN)
        if old is not None and row["cron"] and row["enabled"] and not old["enabled"]:
            same_time = False
        at = old["next_run_at"] if old and same_time else _first(row, self._clock.now())
        new = {**row, "next_run_at": at}
        upsert(conn, schedules, [new], ["name"], [*new, "updated_at"])

    def remove(self, name: str) -> None:
        """Forget the schedule; work that it made stays."""
        with self._db.tx() as conn:
            conn.execute(sa.delete(schedules).where(schedules.c.name == name))

    def tick(self, kind: str = "") -> int:
        """Enqueue the work of every schedule that is due; returns how many were enqueued here.

        With `kind` only those that make such work.
        """
        now = self._clock.now()
        due = sa.select(schedules).where(schedules.c.enabled, schedules.c.next_run_at <= now)
        if kind:
            due = due.where(schedules.c.kind == kind)
        with self._db.read() as conn:
            rows = conn.execute(due.order_by(schedules.c.next_run_at)).mappings().all()
        return sum(self._tick_one(dict(row), now) for row in rows)

    def next_due(self, kind: str = "") -> datetime | None:
        """When the next schedule (of that kind of work) ticks; `None`: there is none."""
        earliest = sa.select(sa.func.min(schedules.c.next_run_at)).where(schedules.c.enabled)
        if kind:
            earliest = earliest.where(schedules.c.kind == kind)
        with self._db.read() as conn:
            return conn.execute(earliest).scalar()

    def _tick_one(self, row: dict[str, Any], now: datetime) -> bool:
        with self._db.tx() as conn:
            if not self._win(conn, row, now):
                return False
            work = NewWork(
                row["queue"],
                row["kind"],
                args=_args(row),
                priority=row["priority"],
                dedup_key=f"schedule:{row['name']}",
            )
            return self._ledger.enqueue(conn, work) is not None

    def _win(self, conn: Connection, row: dict[str, Any], now: datetime) -> bool:
        mine = (schedules.c.id == row["id"], schedules.c.next_run_at == row["next_run_at"])
        change = (
            sa.update(schedules)
            .where(*mine)
            .values(next_run_at=next_run(row, now), last_run_at=now, ticks=schedules.c.ticks + 1)
        )
        return conn.execute(change).rowcount == 1


def _args(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the work is told; that of a cron line also for which time it was made (`slot`)."""
    return {**row["args"], "slot": row["next_run_at"].isoformat()} if row["cron"] else row["args"]


def next_run(row: Mapping[str, Any], now: datetime) -> datetime:
    """The first time of the schedule `row` after `now`, inside its window."""
    if row["cron"]:
        at = next_cron(row["cron"], row["zone"], now)
    else:
        step = timedelta(seconds=row["interval_seconds"])
        missed = max(0, (now - row["next_run_at"]) // step)
        at = row["next_run_at"] + step * (missed + 1)
    return _inside(row, at)


def next_cron(cron: str, zone: str, after: datetime) -> datetime:
    """The first time after `after` that the cron line names on the clocks of `zone`."""
    return next(CronSim(cron, after.astimezone(parse_zone(zone)))).astimezone(after.tzinfo)


def _first(row: Mapping[str, Any], now: datetime) -> datetime:
    return _inside(row, next_cron(row["cron"], row["zone"], now) if row["cron"] else now)


def _inside(row: Mapping[str, Any], at: datetime) -> datetime:
    return parse_window(row["window"], row["zone"]).next_open(at) if row["window"] else at


def _check(row: Mapping[str, Any]) -> None:
    name, cron, interval = row["name"], row["cron"], row["interval_seconds"]
    if bool(cron) == bool(interval) or interval < 0:
        raise InputError(f"schedule {name}: give either a cron line or seconds above 0")
    parse_zone(row["zone"])
    if row["window"]:
        parse_window(row["window"], row["zone"])
    if cron:
        try:
            check_cron(cron)
        except InputError as error:
            raise InputError(f"schedule {name}: {error}") from None


def check_cron(cron: str) -> None:
    """Refuse what is no cron line of five fields, or one that never comes."""
    try:
        if len(cron.split()) != 5:
            raise CronSimError("expected five fields")
        if next(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)), None) is None:
            raise CronSimError("it names no day at all")
    except CronSimError as error:
        raise InputError(f"{cron!r} is not a cron line ({error}); example: 10 4 * * *") from None
