"""One run of greetings: detect, select, compose, submit, expire, report (G113-G117).

At most one run works at a time (a partial unique index); a run that died leaves its lease to end
and the next one continues, because every step works from the rows it finds.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.greetings.cards import CardMaker
from povod.greetings.compose import Composer
from povod.greetings.parts import Parts
from povod.greetings.planning import Planner
from povod.greetings.refresh import Refresher
from povod.greetings.report import Found, report_of
from povod.greetings.selection import Selection
from povod.greetings.submit import Submitter
from povod.greetings.templates import catalogue
from povod.greetings.texts import Writer
from povod.kit.errors import ConflictError, LeaseLostError, PovodError
from povod.kit.ids import new_id
from povod.store.tables import agent_runs
from povod.store.upsert import insert_new

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
FARTHEST_BACK = timedelta(days=31)
ENDED_WELL = ("success", "partial")
_RUNNING = sa.text("status = 'running'")
"""Spelled out: with a parameter in its place SQLite would not use the index of running ones."""


class RunActiveError(ConflictError):
    """Another run is at work; wait for it, it does the same."""

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"run_active: run {run_id} is at work; wait until it ends",
            code="run_active",
            extra={"run_id": run_id},
        )
        self.run_id = run_id


@dataclass
class _Progress:
    """What the run has done so far."""

    found: Found = field(default_factory=Found)
    durations: dict[str, float] = field(default_factory=dict)


class AgentRun:
    """One run from its row to its report."""

    def __init__(
        self, parts: Parts, triggered_by: str = "cli", *, step: Callable[[str], None] | None = None
    ) -> None:
        self._parts = parts
        self._triggered_by = triggered_by
        self._after_step = step or _nothing
        self._progress = _Progress()
        self.id = ""

    def run(self, *, deliver: bool = False) -> dict[str, Any]:
        """Do everything; the counters, as they are stored too. Raises `RunActiveError`."""
        self.id = self._start()
        bound = structlog.contextvars.bound_contextvars(run_id=self.id)
        with bound:
            try:
                self._steps(deliver)
            except PovodError as error:
                self._finish("error", notes=str(error))
                raise
            return self._finish("partial" if self._progress.found.errors else "success")

    def _steps(self, deliver: bool) -> None:
        parts, found = self._parts, self._progress.found
        today = parts.today()
        with parts.db.read() as conn:
            variants = catalogue(conn)
            since = last_run_date(conn, self.id)
        writer, cards = Writer(parts, variants), CardMaker(parts)
        found.warning = writer.warning
        with self._step("detect"):
            missed = max(since, today - FARTHEST_BACK) if since else None
            found.planned = Planner(parts, self._extend).plan(self.id, today, missed)
        with self._step("rank"):
            found.selected = Selection(parts, self._extend).apply()
        with self._step("refresh"):
            found.refreshed = Refresher(parts, variants, cards).refresh()
        with self._step("compose"):
            found.composed = Composer(parts, writer, cards, self._extend).compose(self.id)
            found.spent, found.cards = writer.budget.spent, cards.counts
        submitter = Submitter(parts, self._extend)
        with self._step("submit"):
            found.submitted = submitter.submit()
        with self._step("expire"):
            found.expired = submitter.expire()
        if deliver:
            with self._step("deliver"):
                found.delivered = send_now(parts)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self._progress.durations[name] = round(time.monotonic() - started, 3)
        self._extend()
        self._after_step(name)

    def _start(self) -> str:
        parts = self._parts
        row = {
            "id": new_id(),
            "triggered_by": self._triggered_by,
            "status": "running",
            "started_at": parts.clock.now(),
            "run_date": parts.today(),
            "lookahead_days": parts.settings.lookahead_days,
            "llm_mode": parts.settings.llm_mode,
            "image_mode": parts.settings.image_mode,
        }
        with parts.db.tx() as conn:
            now = parts.db.lease_time(conn)
            dead = agent_runs.update().where(_RUNNING, agent_runs.c.lease_until <= now)
            ended = {"status": "error", "notes": "interrupted", "finished_at": parts.clock.now()}
            conn.execute(dead.values(**ended))
            row["lease_until"] = now + LEASE
            made = insert_new(conn, agent_runs, [row], ["status"], _RUNNING)
        if not made:
            raise RunActiveError(self._active())
        return str(row["id"])

    def _active(self) -> str:
        query = sa.select(agent_runs.c.id).where(_RUNNING)
        with self._parts.db.read() as conn:
            return str(conn.execute(query).scalar() or "")

    def _extend(self) -> None:
        """Begin the lease anew; who lost it stops at once."""
        with self._parts.db.tx() as conn:
            until = self._parts.db.lease_time(conn) + LEASE
            mine = (agent_runs.c.id == self.id) & (agent_runs.c.status == "running")
            held = conn.execute(agent_runs.update().where(mine).values(lease_until=until))
        if held.rowcount != 1:
            raise LeaseLostError(f"run {self.id} was taken over by another one")

    def _finish(self, status: str, notes: str = "") -> dict[str, Any]:
        found = self._progress.found
        with self._parts.db.read() as conn:
            report = report_of(conn, self._parts, found, self._progress.durations)
        counters = found.counters()
        mine = (agent_runs.c.id == self.id) & (agent_runs.c.status == "running")
        values = {
            **counters,
            "status": status,
            "finished_at": self._parts.clock.now(),
            "report": report,
            "notes": notes or found.warning,
        }
        with self._parts.db.tx() as conn:
            conn.execute(agent_runs.update().where(mine).values(**values))
        log.info("greetings.run", status=status, **counters)
        return {
            "run_id": self.id,
            "status": status,
            "scanned_events": counters["scanned"],
            "generated_greetings": counters["generated"],
            "sent_deliveries": counters["sent"],
            **{name: n for name, n in counters.items() if name not in ("scanned", "generated")},
        }


def _nothing(_: str) -> None:
    """Nobody wants to know when a step ends."""


def send_now(parts: Parts) -> dict[str, int]:
    """Plan what is approved and send what is due."""
    while parts.delivery.plan():
        pass
    return dict(parts.delivery.send_due().counts)


def last_run_date(conn: Connection, but: str = "") -> date | None:
    """The day of the last run that ended well; None when there was none."""
    newest = agent_runs.c.started_at.desc()
    query = sa.select(agent_runs.c.run_date).where(agent_runs.c.status.in_(ENDED_WELL))
    if but:
        query = query.where(agent_runs.c.id != but)
    found: date | None = conn.execute(query.order_by(newest).limit(1)).scalar()
    return found
