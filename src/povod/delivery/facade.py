"""`Delivery`: what the jobs above and the consoles use."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.delivery import mailboxes as boxes
from povod.delivery import stop, withdrawal
from povod.delivery.caps import Caps
from povod.delivery.channels import Channel, all_channels
from povod.delivery.drafts import Draft
from povod.delivery.gates import GateResult, Scene, run_gates
from povod.delivery.gates.model import HOLD, Verdict
from povod.delivery.inbox.ingest import Ingest, Ingested
from povod.delivery.inbox.reader import InboxReader
from povod.delivery.keys import load_keys
from povod.delivery.mailboxes import Problem
from povod.delivery.moves import Callback, Message, Moves, get_message
from povod.delivery.office import Office
from povod.delivery.outbox import Outbox
from povod.delivery.report import Report, report
from povod.delivery.routing.choose import Router
from povod.delivery.routing.mx import Resolve, resolver
from povod.delivery.states import OPEN, SYSTEM, Actor
from povod.delivery.uncertain import Uncertain
from povod.delivery.worker.drain import Drain, DrainSummary
from povod.delivery.worker.reaper import reap
from povod.engine.quotas import Quotas
from povod.kit.clock import Clock
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.store.db import Database
from povod.store.tables import deliveries
from povod.store.tables import outreach_messages as messages

DRAIN_SECONDS = 60.0


class Delivery:
    """The road out of the house: outbox, gates, workers, inbox.

    Functions that take a connection work in the caller's transaction; the others open their own.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        settings: Settings,
        quotas: Quotas | None = None,
        resolve_mx: Resolve | None = None,
    ) -> None:
        keys = load_keys(settings, db)
        self.office = Office(db, clock, settings, keys, quotas or Quotas(db, clock), Moves())
        self.outbox = Outbox(self.office)
        self.uncertain = Uncertain(self.office)
        self.channels: Mapping[str, Channel] = all_channels(settings)
        ask = resolve_mx or resolver(
            settings.routing_dns_resolvers, settings.routing_dns_timeout_ms
        )
        self.router = Router(self.office, self.channels, ask)
        self.ingest = Ingest(self.office)
        self.reader = InboxReader(self.office)

    def prepare(self) -> list[Problem]:
        """Bring mailboxes up to date with the settings; what is wrong with them. At start."""
        with self.office.db.tx() as conn:
            return boxes.upsert_from_settings(conn, self.office.settings)

    def on_status(self, kind: str, callback: Callback) -> None:
        """Tell `callback(conn, message, old, new)` of the moves of a kind (`*`: all)."""
        self.office.moves.listen(kind, callback)

    def put(self, conn: Connection, draft: Draft) -> Message:
        """Store a draft; the stored message if its `dedupe_key` is known."""
        return self.outbox.put(conn, draft)

    def submit(self, conn: Connection, message_id: str) -> Message:
        """The policy approves the draft, or asks a person."""
        return self.outbox.submit(conn, message_id)

    def approve(self, conn: Connection, message_id: str, actor: Actor, note: str = "") -> Message:
        """A person approves exactly this content."""
        return self.outbox.approve(conn, message_id, actor, note)

    def reject(self, conn: Connection, message_id: str, actor: Actor, note: str) -> Message:
        """A person refuses this content."""
        return self.outbox.reject(conn, message_id, actor, note)

    def edit(self, conn: Connection, message_id: str, actor: Actor, **changes: str) -> Message:
        """Change subject, body, body_html, card_file_id or to_value."""
        return self.outbox.edit(conn, message_id, actor, **changes)

    def schedule(
        self, conn: Connection, message_id: str, actor: Actor = SYSTEM, at: datetime | None = None
    ) -> Message:
        """Plan an approved message, or move a planned one to `at`."""
        return self.outbox.schedule(conn, message_id, actor, at)

    def plan(self, limit: int = 500) -> int:
        """Give all approved messages their slots; how many."""
        with self.office.db.tx() as conn:
            return self.outbox.plan_approved(conn, limit)

    def cancel(
        self, conn: Connection, message_id: str, actor: Actor = SYSTEM, reason: str = ""
    ) -> Message:
        """Take a message back before a worker has it."""
        return self.outbox.cancel(conn, message_id, actor, reason)

    def cancel_if_open(self, conn: Connection, message_id: str, reason: str) -> bool:
        """Take a message back unless a worker has it, or had it; whether it was taken back."""
        if get_message(conn, message_id, lock=True)["status"] not in OPEN:
            return False
        self.outbox.cancel(conn, message_id, SYSTEM, reason)
        return True

    def move_dates(
        self, conn: Connection, message_id: str, not_before: datetime, expires_at: datetime
    ) -> bool:
        """Let an unsent message leave in other bounds; False when a worker has it."""
        return self.outbox.move_dates(conn, message_id, not_before, expires_at)

    def cancel_for(self, conn: Connection, *, reason: str, **whom: str | None) -> int:
        """Cancel unsent messages by recipient_hash, client_id or company_id; how many."""
        return self.outbox.cancel_for(conn, reason=reason, **whom)

    def retry(self, conn: Connection, message_id: str, actor: Actor) -> Message:
        """Send a failed or skipped message through all gates once more."""
        return self.outbox.retry(conn, message_id, actor)

    def resolve(
        self, conn: Connection, message_id: str, action: str, actor: Actor, reason: str
    ) -> Message:
        """A person decides on an uncertain message: `found`, `resend` or `abandon`."""
        return self.uncertain.resolve(conn, message_id, action, actor, reason)

    def check(self, conn: Connection, message_id: str) -> list[GateResult]:
        """What every gate would say now; nothing is taken or changed (D36)."""
        message = get_message(conn, message_id)
        route = self.router.route(message, ask_dns=False)
        if route is None:
            return [GateResult("mailbox", Verdict(HOLD, "no_mailbox"))]
        office = self.office
        trial = conn.begin_nested()
        try:
            now = office.clock.now()
            caps = Caps(conn, office.quotas, office.settings, now, f"check:{new_id()}")
            leaves = route.channel.leaves_host(route.mailbox)
            scene = Scene(office, conn, message, route.mailbox, leaves, now, caps)
            return run_gates(scene)
        finally:
            trial.rollback()

    async def drain(self, limit: int | None = None, seconds: float = DRAIN_SECONDS) -> DrainSummary:
        """Send what is due until nothing is left, `limit` attempts were made, or time is over."""
        return await Drain(self.office, self.router, seconds=seconds).run(limit)

    def send_due(self, limit: int | None = None, seconds: float = DRAIN_SECONDS) -> DrainSummary:
        """`drain` for callers without an event loop."""
        return asyncio.run(self.drain(limit, seconds))

    def reap(self) -> dict[str, int]:
        """End the attempts of workers that are gone."""
        return reap(self.office, self.channels)

    def read_inbox(self) -> dict[str, int]:
        """Take in new mail of all mailboxes; counts by kind."""
        return dict(self.reader.read_all())

    def take_mail(self, raw: bytes) -> Ingested:
        """Take in one mail given as bytes."""
        return self.ingest.take(raw)

    def resolve_uncertain(self) -> dict[str, int]:
        """Search the Sent folders for uncertain letters whose search is due."""
        return self.uncertain.search_all()

    def suppress(
        self, conn: Connection, value: str, *, level: str, scope: str, reason: str, actor: Actor
    ) -> bool:
        """A refusal entered by hand: of an address, domain, company or client."""
        office = self.office
        added = office.suppression.add(
            conn,
            value,
            source="manual",
            reason=reason,
            now=office.clock.now(),
            level=level,
            scope=scope,
            actor=str(actor),
        )
        if level == "address":
            hashed = office.suppression.contact_hash(value)
            self.outbox.cancel_for(conn, recipient_hash=hashed, reason="opt_out")
        return added

    def grounds_of(self, conn: Connection, email: str) -> Sequence[RowMapping]:
        """On what grounds an address may be, or might have been, written to; the newest first."""
        return withdrawal.grounds_of(conn, self.office.keys.value_hash("email", email))

    def withdraw(
        self, conn: Connection, consent_ids: Iterable[str], actor: Actor, reason: str
    ) -> list[Message]:
        """Take grounds back; the unsent messages that were cancelled, or need a person now."""
        return withdrawal.withdraw(self.office, self.outbox, conn, consent_ids, actor, reason)

    def pause(self, conn: Connection, actor: Actor, reason: str, mailbox: str = "") -> bool:
        """The emergency stop, of all or of one mailbox, until `resume`; False if it stood."""
        return stop.pause(conn, actor, reason, mailbox)

    def resume(self, conn: Connection, actor: Actor, mailbox: str = "") -> bool:
        """Lift the stop; False when there was none."""
        return stop.resume(conn, actor, mailbox)

    def report(
        self, conn: Connection, since: datetime | None = None, kind: str | None = None
    ) -> Report:
        """The figures of delivery."""
        return report(conn, since, kind)

    def next_due(self) -> datetime | None:
        """When there is something to send, to reap or to search next; None: nothing is planned."""
        office = self.office
        with office.db.read() as conn:
            moments = [self._next_slot(conn), self._next_lease(conn)]
            moments.append(self.uncertain.next_search(conn))
        return min((m for m in moments if m is not None), default=None)

    def _next_slot(self, conn: Connection) -> datetime | None:
        if stop.standing(conn) is not None:
            return None
        now = self.office.clock.now()
        query = sa.select(sa.func.min(messages.c.scheduled_for)).where(
            messages.c.status == "scheduled"
        )
        if not self.office.settings.email_sending_enabled:
            query = query.where(messages.c.kind == "greeting")
        slot: datetime | None = conn.execute(query).scalar()
        if slot is None or slot > now:
            return slot
        ready = [box["next_send_at"] or now for box in boxes.active(conn, now) if self._used(box)]
        return max(now, min(ready, default=now))

    def _used(self, box: Mapping[str, Any]) -> bool:
        return bool((box["provider"] == "file") != (self.office.settings.send_mode == "smtp"))

    def _next_lease(self, conn: Connection) -> datetime | None:
        query = sa.select(sa.func.min(deliveries.c.lease_until)).where(
            deliveries.c.state.in_(["claimed", "handoff"])
        )
        found: datetime | None = conn.execute(query).scalar()
        return found
