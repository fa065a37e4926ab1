"""Sends what is due: picks, routes, leads each message through A, B and C (D20-D25)."""

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError

from povod.delivery import mailboxes as boxes
from povod.delivery import mime, stop
from povod.delivery.channels import Parcel, Reply, Session
from povod.delivery.channels.contract import CONNECT
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.routing.choose import Route, Router
from povod.delivery.worker.claim import HOLD_RETRY, Claim, claim
from povod.delivery.worker.handoff import hand_off
from povod.delivery.worker.letters import envelope_recipient, letter_of
from povod.delivery.worker.outcome import settle
from povod.kit.errors import InputError
from povod.kit.ids import new_id
from povod.store.tables import outreach_messages as messages

log = structlog.get_logger()
BATCH = 200
OUTCOME_RETRY_SECONDS = 0.5
T = TypeVar("T")


@dataclass
class DrainSummary:
    """What one drain did: messages by their next state, `held` where a gate kept them."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        """Attempts that were made."""
        return sum(self.counts.values()) - self.counts["held"]


class Drain:
    """One worker's way through the due messages."""

    def __init__(self, office: Office, router: Router, *, seconds: float = 60.0) -> None:
        self._office = office
        self._router = router
        self._seconds = seconds
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-6:]}"

    async def run(self, limit: int | None = None) -> DrainSummary:
        """Send due messages until none is left, `limit` attempts were made or time is over."""
        self._office.keys.require()
        summary = DrainSummary()
        seen: set[str] = set()
        ends = time.monotonic() + self._seconds
        await asyncio.to_thread(self._mark_switched_off)
        while time.monotonic() < ends and (limit is None or summary.tried < limit):
            picked = await asyncio.to_thread(self._pick, seen)
            if not picked:
                break
            room = None if limit is None else limit - summary.tried
            batch = picked[:room]
            seen.update(message["id"] for message in batch)
            await self._send_batch(batch, summary, ends)
        return summary

    def _mark_switched_off(self) -> None:
        """Letters that wait only for EMAIL_SENDING_ENABLED show it, at the price of one update."""
        if self._office.settings.email_sending_enabled:
            return
        waiting = messages.update().where(
            messages.c.status == "scheduled",
            messages.c.kind != "greeting",
            messages.c.scheduled_for <= self._office.clock.now(),
            messages.c.skip_reason != "sending_disabled",
        )
        with self._office.db.tx() as conn:
            conn.execute(waiting.values(skip_reason="sending_disabled"))

    def _pick(self, seen: set[str]) -> list[Message]:
        """The most urgent due messages, without locks."""
        query = (
            sa.select(messages)
            .where(messages.c.status == "scheduled")
            .where(messages.c.scheduled_for <= self._office.clock.now())
            .order_by(messages.c.priority, messages.c.scheduled_for, messages.c.id)
            .limit(BATCH + len(seen))
        )
        if not self._office.settings.email_sending_enabled:
            query = query.where(messages.c.kind == "greeting")
        with self._office.db.read() as conn:
            if stop.standing(conn) is not None:
                return []  # all keep their slots, and go on at once when the stop is lifted
            rows = conn.execute(query).mappings().all()
        fresh: list[Message] = [dict(row) for row in rows if row["id"] not in seen]
        return fresh[:BATCH]

    async def _send_batch(
        self, picked: Sequence[Message], summary: DrainSummary, ends: float
    ) -> None:
        """Mailboxes work side by side, each on one connection."""
        lanes: dict[str, list[tuple[Route, Message]]] = {}
        for message in picked:
            route = await asyncio.to_thread(self._router.route, message)
            if route is None:
                await asyncio.to_thread(self._hold, [message["id"]], "no_mailbox")
                summary.counts["held"] += 1
            else:
                lanes.setdefault(route.mailbox["id"], []).append((route, message))
        gate = asyncio.Semaphore(self._office.settings.delivery_concurrency)

        async def work(lane: list[tuple[Route, Message]]) -> None:
            async with gate:
                await self._send_lane(lane, summary, ends)

        await asyncio.gather(*(work(lane) for lane in lanes.values()))

    async def _send_lane(
        self, lane: list[tuple[Route, Message]], summary: DrainSummary, ends: float
    ) -> None:
        session: Session | None = None
        try:
            for place, (route, message) in enumerate(lane):
                if time.monotonic() >= ends:
                    return
                waiting = [row["id"] for _, row in lane[place:]]
                if await self._in_thread(self._rest_waits, route.mailbox["id"], waiting):
                    summary.counts["held"] += len(waiting)
                    return
                session = session or route.channel.session(route.mailbox)
                summary.counts[await self._attempt(session, route, message)] += 1
        finally:
            if session is not None:
                await session.close()

    async def _attempt(self, session: Session, route: Route, message: Message) -> str:
        """One message; an unforeseen error stops neither the others nor, for ever, this one."""
        try:
            claimed = await self._in_thread(claim, self._office, route, message["id"], self._owner)
            return "held" if claimed is None else await self._send(session, claimed)
        except Exception as error:
            log.exception("message failed", message=message["id"])
            await session.abandon()
            # After the claim the message is no longer `scheduled`: then the reaper takes over.
            await self._in_thread(self._hold, [message["id"]], f"error:{type(error).__name__}")
            return "held"

    async def _send(self, session: Session, claimed: Claim) -> str:
        """One attempt from the claim to its outcome; the message's next state."""
        parcel = await self._in_thread(self._parcel, claimed)
        if isinstance(parcel, Reply):
            return await self._settled(claimed, parcel)
        reply = await self._guarded(session.prepare(parcel), before=True)
        if reply is not None:
            return await self._settled(claimed, reply)
        if not await self._in_thread(hand_off, self._office, claimed, parcel.wire):
            await session.abandon()
            return "released"
        reply = await self._guarded(session.transfer(parcel), before=False)
        return await self._settled(claimed, reply or Reply("dot", None, "no reply"))

    async def _guarded(self, step: Any, *, before: bool) -> Reply | None:
        """The channel boundary: an unforeseen error is no answer, never a lost message."""
        try:
            reply: Reply | None = await step
        except Exception as error:
            log.exception("channel failed", before_handoff=before)
            text = f"{type(error).__name__}: {error}"
            return Reply(CONNECT if before else "dot", None, text)
        return reply

    def _parcel(self, claimed: Claim) -> Parcel | Reply:
        """The letter as bytes; a letter that cannot be built is content refused."""
        try:
            wire = mime.build(letter_of(self._office, claimed))
            recipient = envelope_recipient(claimed.message)
        except InputError as error:
            return Reply(CONNECT, None, str(error), "content_refused")
        if len(wire) > self._office.settings.max_message_bytes:
            return Reply(CONNECT, None, f"{len(wire)} bytes", "too_big")
        return Parcel(
            message=claimed.message,
            attempt_id=claimed.attempt_id,
            idempotency_key=claimed.idempotency_key,
            sender=claimed.envelope_from,
            recipient=recipient,
            wire=wire,
        )

    async def _settled(self, claimed: Claim, reply: Reply) -> str:
        """Transaction C, repeated until the database takes it (D25)."""
        while True:
            try:
                verdict = await asyncio.to_thread(settle, self._office, claimed, reply)
            except OperationalError:
                log.warning("outcome not written yet", message=claimed.message["id"])
                await asyncio.sleep(OUTCOME_RETRY_SECONDS)
                continue
            break
        state = verdict.message if verdict else "lost"
        log.info(
            "attempt ended",
            message=claimed.message["id"],
            to=claimed.message["to_value"],
            provider=claimed.mailbox["provider"],
            mx_class=claimed.route.mx.mx_class,
            smtp_code=reply.code,
            outcome=verdict.name if verdict else "lost",
        )
        return state

    def _rest_waits(self, mailbox_id: str, waiting: list[str]) -> bool:
        """A mailbox in its pause: all its messages wait for the pause's end, in one update."""
        now = self._office.clock.now()
        with self._office.db.read() as conn:
            until = boxes.by_id(conn, mailbox_id)["next_send_at"]
        if until is None or until <= now:
            return False
        self._hold(waiting, "mailbox_spacing", until)
        return True

    def _hold(self, waiting: list[str], reason: str, until: datetime | None = None) -> None:
        again = until or self._office.clock.now() + HOLD_RETRY
        rows = messages.c.id.in_(waiting) & (messages.c.status == "scheduled")
        values = {"scheduled_for": again, "skip_reason": reason}
        with self._office.db.tx() as conn:
            conn.execute(messages.update().where(rows).values(**values))

    @staticmethod
    async def _in_thread(function: Callable[..., T], *args: Any) -> T:
        return await asyncio.to_thread(function, *args)
