"""The composition root: everything is built here from `Settings`, and no rule lives here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import structlog

from povod.app import story
from povod.app.health import health_of
from povod.app.people import People
from povod.app.person import PersonalData
from povod.app.step import Step
from povod.book.facade import Book
from povod.delivery.facade import Delivery
from povod.delivery.states import Actor
from povod.engine.events import Events
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.quotas import Quotas
from povod.engine.runner import Runner
from povod.engine.schedules import Schedules
from povod.greetings.facade import Greetings
from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.kit.settings import Settings
from povod.leads.pipeline import LeadsPipeline
from povod.leads.search_deps import SearchDeps
from povod.leads.steps_letters import LetterSteps
from povod.sites.facade import Sites
from povod.store.db import Database
from povod.store.tables import outreach_messages, processing_jobs

log = structlog.get_logger()


@dataclass
class House:
    """Every room, wired; `close` when done."""

    settings: Settings
    clock: Clock
    db: Database
    ledger: Ledger
    events: Events
    quotas: Quotas
    schedules: Schedules
    handlers: Handlers
    search: SearchDeps
    delivery: Delivery
    letters: LetterSteps
    leads: LeadsPipeline
    book: Book
    greetings: Greetings
    sites: Sites
    steps: list[Step] = field(default_factory=list)

    def prepare(self) -> None:
        """Policies, mailboxes, calendar, the sandbox's offer: what must be there before work."""
        self.sites.prepare()
        self.greetings.prepare()
        for problem in self.delivery.prepare():
            log.warning("mailbox.incomplete", problem=str(problem))
        if self.settings.sandbox_url:
            self.leads.ensure_demo_offer()

    @cached_property
    def secret_key(self) -> str:
        """Signs the console's sessions."""
        return self.delivery.office.keys.secret.hex()

    @cached_property
    def people(self) -> People:
        """Who may use the console and its API."""
        return People(self.db, self.clock)

    @cached_property
    def personal(self) -> PersonalData:
        """What is kept about a person, to be shown to them and forgotten."""
        return PersonalData(self.db, self.delivery, self.greetings, self.settings.outbox_dir)

    def runner(self, queues: Sequence[str] = ()) -> Runner:
        """A worker of this process."""
        return Runner(
            self.ledger,
            self.handlers,
            self.clock,
            queues=list(queues) or None,
            concurrency=self.settings.work_concurrency,
            events=self.events,
            schedules=self.schedules,
        )

    def ensure_schedules(self, kinds: Sequence[str] = ()) -> None:
        """Let the steps repeat; those that are not named are left to other processes."""
        wanted = set(kinds) or {step.kind for step in self.steps}
        for step in self.steps:
            if step.kind in wanted:
                self.schedules.ensure(
                    step.kind, step.queue, step.kind, interval_seconds=step.interval_seconds
                )

    def next_due(self, kinds: Sequence[str]) -> datetime | None:
        """The earliest instant at which one of these steps, or the ledger, has work."""
        moments = [step.next_due() for step in self.steps if step.kind in kinds]
        moments.append(self.ledger.next_due())
        return min((moment for moment in moments if moment is not None), default=None)

    def story(self, message_id: str) -> story.Story:
        """Why a message exists."""
        with self.db.read() as conn:
            return story.tell(conn, message_id)

    def approve(self, message_id: str, *, actor: str, note: str = "") -> int:
        """Approve one message, or `all` that wait; how many."""
        waiting = self.waiting_for_approval() if message_id == "all" else [message_id]
        with self.db.tx() as conn:
            for name in waiting:
                self.delivery.approve(conn, name, Actor("approver", actor), note)
        return len(waiting)

    def waiting_for_approval(self) -> list[str]:
        """Messages that a person must approve, oldest first."""
        query = sa.select(outreach_messages.c.id).where(
            outreach_messages.c.status == "needs_approval"
        )
        with self.db.read() as conn:
            return list(conn.execute(query.order_by(outreach_messages.c.id)).scalars())

    def failures_since(self, moment: datetime) -> list[tuple[str, str]]:
        """Kind and last error of works that failed for good since `moment`."""
        jobs = processing_jobs.c
        query = sa.select(jobs.kind, jobs.error).where(
            jobs.state == "failed", jobs.updated_at >= moment
        )
        with self.db.read() as conn:
            return sorted({(row.kind, row.error) for row in conn.execute(query)})

    def decide(self, message_id: str, action: str, *, actor: str, note: str = "") -> None:
        """A person's decision: approve, reject or cancel."""
        person = Actor("approver", actor)
        with self.db.tx() as conn:
            if action == "approve":
                self.delivery.approve(conn, message_id, person, note)
            elif action == "reject":
                self.delivery.reject(conn, message_id, person, note)
            elif action == "cancel":
                self.delivery.cancel(conn, message_id, person, note)
            else:
                raise InputError(f"a letter cannot be {action!r}: use approve, reject or cancel")

    def resolve(self, message_id: str, order: str, *, actor: str, reason: str) -> str:
        """A person's order about a message in doubt; its new state."""
        action = {"sent": "found"}.get(order, order)
        with self.db.tx() as conn:
            person = Actor("approver", actor)
            message = self.delivery.resolve(conn, message_id, action, person, reason)
        return str(message["status"])

    def deliver_once(self, limit: int) -> dict[str, int]:
        """Plan, send what is due, read the mailbox, search for doubts."""
        counts = {f"reaped {name}": n for name, n in self.delivery.reap().items()}
        counts["planned"] = self.delivery.plan()
        counts |= dict(self.delivery.send_due(limit=limit).counts)
        if self.settings.inbox_enabled and self.settings.smtp_imap_host:
            counts |= {f"mail {name}": n for name, n in self.delivery.read_inbox().items()}
        return counts | {
            f"doubt {name}": n for name, n in self.delivery.resolve_uncertain().items()
        }

    def status(self) -> list[dict[str, Any]]:
        """Each step with the instant of its next work."""
        return [{"step": step.kind, "next": step.next_due()} for step in self.steps]

    def health(self) -> dict[str, Any]:
        """Whether the house can work now."""
        return health_of(self)

    def close(self) -> None:
        """Write what is waiting and let go of the database."""
        self.events.flush()
        self.db.close()
