"""Greetings as background work: the daily run, and the one that was missed (G116)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from povod.engine.handlers import Handlers, Run
from povod.greetings.facade import Greetings
from povod.greetings.parts import Parts
from povod.greetings.run import ENDED_WELL, RunActiveError
from povod.store.tables import agent_runs, clients

RUN = "greetings.run"
QUEUE, ROLE = "default", "app"
ON_TIME = timedelta(minutes=15)
"""A run that begins later than this after its hour catches up on a missed one."""


class GreetingWork:
    """The handler; it is asked every minute and runs once a day."""

    def __init__(self, greetings: Greetings) -> None:
        self._greetings = greetings

    def register(self, handlers: Handlers) -> None:
        """Offer the kind to a runner."""
        handlers.register(RUN, self.run, QUEUE)

    def run(self, run: Run) -> dict[str, Any]:
        """The run of the day, unless it was done, or somebody ordered one in `args`."""
        parts = self._greetings.parts
        ordered = str(run.args.get("triggered_by", ""))
        due = due_since(parts)
        if due is None and not ordered:
            return {}
        late = due is not None and parts.clock.now() - due > ON_TIME
        triggered_by = ordered or ("startup" if late else "scheduler")
        try:
            done = self._greetings.run_once(
                triggered_by, deliver=bool(run.args.get("deliver", False))
            )
        except RunActiveError as error:
            return {"active": error.run_id}
        run.progress({name: value for name, value in done.items() if isinstance(value, int)})
        return done


def due_since(parts: Parts) -> datetime | None:
    """The hour of the last daily run that has not been made; None when nothing is due."""
    hour = last_hour(parts)
    made = sa.select(agent_runs.c.id).where(
        agent_runs.c.status.in_(ENDED_WELL), agent_runs.c.started_at >= hour
    )
    someone = sa.select(clients.c.id).where(clients.c.deleted_at.is_(None)).limit(1)
    with parts.db.read() as conn:
        if conn.execute(made.limit(1)).first() is not None:
            return None
        return hour if conn.execute(someone).first() is not None else None


def last_hour(parts: Parts) -> datetime:
    """The last GREETING_RUN_AT that has passed, on the clocks of APP_TIMEZONE."""
    now = parts.clock.now().astimezone(parts.zone)
    hour = datetime.combine(now.date(), parts.settings.greeting_run_at, parts.zone)
    if hour > now:
        yesterday = now.date() - timedelta(days=1)
        hour = datetime.combine(yesterday, parts.settings.greeting_run_at, parts.zone)
    return hour.astimezone(UTC)


def next_due(parts: Parts) -> datetime | None:
    """Now when the run of the day is still to be made; else nothing is in sight.

    Not tomorrow's hour: who lets waiting times pass at once would never come to an end.
    """
    return parts.clock.now() if due_since(parts) is not None else None
