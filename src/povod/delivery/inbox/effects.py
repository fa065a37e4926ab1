"""What an incoming mail does to its message, the registry and the mailbox (D85-D90)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes
from povod.delivery.inbox import classify as kinds
from povod.delivery.inbox.auto import return_date, says_gone
from povod.delivery.inbox.classify import Incoming
from povod.delivery.inbox.dsn import Bounce
from povod.delivery.inbox.stop import MAYBE, STOP, asks_to_stop
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.outbox import Outbox
from povod.delivery.states import INBOX, RISE
from povod.delivery.worker.outcome import pause_for_spam
from povod.store.tables import deliveries, feedback, inbound_mail
from povod.store.tables import outreach_messages as messages

NO_DOMAIN_WITHIN = timedelta(days=7)
AWAY_DAYS = 7
COMPLAINT_PAUSE = timedelta(hours=24)
SOFT_REASONS = ("mailbox_full", "soft", "no_domain")
REVIEW = "open"


class Effects:
    """Applies a matched mail; returns `open` when a person must look, else `none`."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._outbox = Outbox(office)

    def apply(self, conn: Connection, mail: Incoming, message: Message, writer: str) -> str:
        """The effects of one mail on its message."""
        match mail.kind:
            case kinds.BOUNCE:
                return self._bounce(conn, mail, message)
            case kinds.DELAY:
                self._set_status(conn, self._certain(conn, message, "delay"), "delayed")
            case kinds.DELIVERED:
                self._set_status(conn, self._certain(conn, message, "dsn"), "delivered")
            case kinds.COMPLAINT:
                self._complaint(conn, message)
            case kinds.UNSUBSCRIBE:
                self.refuse(conn, message, "unsubscribe", "by mail")
            case kinds.AUTO:
                return self._auto(conn, mail, message)
            case _:
                return self._reply(conn, mail, message, writer)
        return "none"

    def _bounce(self, conn: Connection, mail: Incoming, message: Message) -> str:
        bounce = self._own_bounce(mail, message)
        now = self._office.clock.now()
        if bounce.reason == "unknown":
            self._certain(conn, message, "dsn")
            return REVIEW
        hard = bounce.hard or (bounce.reason == "no_domain" and self._second(conn, message, now))
        if hard:
            self._office.suppression.add(
                conn,
                message["to_value"],
                source="bounce",
                reason=bounce.reason,
                now=now,
                message=message,
                evidence={"status": bounce.status, "diagnostic": bounce.diagnostic[:300]},
            )
        message = self._certain(conn, message, "dsn")
        finer = "bounced_hard" if hard else "bounced_soft"
        reason = f"{bounce.reason} {bounce.status or ''}".strip()
        self._rise(conn, message, "bounced", reason, delivery_status=finer, last_error=reason)
        self._mark_attempt(conn, message, finer if bounce.reason in SOFT_REASONS else "")
        if bounce.reason in SOFT_REASONS and not hard:
            self._office.suppression.add_soft(conn, message, now)
        if bounce.reason == "reputation" and message["mailbox_id"]:
            pause_for_spam(conn, message["mailbox_id"], now)
        return REVIEW if bounce.reason in ("content", "sender", "too_big") else "none"

    def _own_bounce(self, mail: Incoming, message: Message) -> Bounce:
        """The part of the report that is about this message's recipient."""
        contact_hash = self._office.suppression.contact_hash
        for bounce in mail.bounces:
            for address in (bounce.recipient, bounce.original):
                if address and contact_hash(address) == message["recipient_hash"]:
                    return bounce
        return mail.bounces[0]

    def _second(self, conn: Connection, message: Message, now: datetime) -> bool:
        """Another "no such domain" for this recipient within seven days (D85)."""
        query = (
            sa.select(messages.c.id)
            .join(inbound_mail, inbound_mail.c.outreach_message_id == messages.c.id)
            .where(messages.c.recipient_hash == message["recipient_hash"])
            .where(inbound_mail.c.kind == kinds.BOUNCE)
            .where(inbound_mail.c.received_at > now - NO_DOMAIN_WITHIN)
        )
        return conn.execute(query.limit(1)).first() is not None

    def _mark_attempt(self, conn: Connection, message: Message, outcome: str) -> None:
        """Soft bounces are counted over attempts, whichever way they were reported."""
        if not outcome:
            return
        newest = sa.select(sa.func.max(deliveries.c.attempt_no)).where(
            deliveries.c.outreach_message_id == message["id"]
        )
        row = (deliveries.c.outreach_message_id == message["id"]) & (
            deliveries.c.attempt_no == newest.scalar_subquery()
        )
        resolution = {"inbox": outcome}
        values = {"outcome_class": outcome, "resolution": resolution}
        conn.execute(deliveries.update().where(row).values(**values))

    def _certain(self, conn: Connection, message: Message, evidence: str) -> Message:
        """Whoever reports on a letter or answers it proves that it was accepted (D31)."""
        if message["status"] != "uncertain":
            return message
        now = self._office.clock.now()
        row = (deliveries.c.outreach_message_id == message["id"]) & (
            deliveries.c.state == "uncertain"
        )
        resolved = {
            "resolved_by": "inbox",
            "resolved_at": now,
            "resolution": {"evidence": evidence},
        }
        conn.execute(deliveries.update().where(row).values(state="accepted", **resolved))
        return self._office.moves.move(conn, message, "sent", INBOX, evidence, sent_at=now)

    def _rise(
        self, conn: Connection, message: Message, to: str, note: str, **changes: str
    ) -> Message:
        """Move upwards in the order of D15; a lower report only adds its finer fact."""
        status = message["status"]
        if status in RISE and RISE.index(to) > RISE.index(status):
            return self._office.moves.move(conn, message, to, INBOX, note, **changes)
        return message

    def _set_status(self, conn: Connection, message: Message, finer: str) -> None:
        row = messages.update().where(messages.c.id == message["id"])
        conn.execute(row.values(delivery_status=finer))

    def _auto(self, conn: Connection, mail: Incoming, message: Message) -> str:
        message = self._certain(conn, message, "auto_reply")
        if message["status"] == "sent":
            self._set_status(conn, message, "auto_replied")
        now = self._office.clock.now()
        back = return_date(mail.new_text, now.date())
        days = max(1, (back - now.date()).days) if back else AWAY_DAYS
        waiting = messages.update().where(
            messages.c.followup_of == message["id"],
            messages.c.status.in_(["draft", "needs_approval", "approved", "scheduled"]),
        )
        conn.execute(waiting.values(not_before=now + timedelta(days=days)))
        return REVIEW if says_gone(mail.new_text) else "none"

    def _reply(self, conn: Connection, mail: Incoming, message: Message, writer: str) -> str:
        answer = asks_to_stop(mail.new_text)
        if answer == STOP:
            now = self._office.clock.now()
            if writer and writer.casefold() != message["to_value"].casefold():
                self._office.suppression.add(
                    conn, writer, source="reply", reason="stop", now=now, message=message
                )
            self.refuse(conn, message, "reply", mail.new_text[:200])
            return "none"
        message = self._certain(conn, message, "reply")
        self._rise(conn, message, "replied", "", delivery_status="replied")
        self._feedback(conn, message, mail.new_text)
        self._stop_sequences(conn, message)
        return REVIEW if answer == MAYBE else "none"

    def refuse(self, conn: Connection, message: Message, source: str, reason: str) -> None:
        """An opt-out: registry, unsent messages cancelled, the message itself (D78)."""
        now = self._office.clock.now()
        self._office.suppression.add(
            conn, message["to_value"], source=source, reason="opt_out", now=now, message=message,
            evidence={"text": reason},
        )  # fmt: skip
        self._outbox.cancel_for(conn, recipient_hash=message["recipient_hash"], reason="opt_out")
        message = self._certain(conn, message, "opt_out")
        status = {"delivery_status": "unsubscribed"}
        self._rise(conn, message, "unsubscribed", reason, **status)
        self._stop_sequences(conn, message)

    def _complaint(self, conn: Connection, message: Message) -> None:
        """A spam complaint: never again, and the mailbox rests."""
        now = self._office.clock.now()
        self._office.suppression.add(
            conn,
            message["to_value"],
            source="complaint",
            reason="complaint",
            now=now,
            message=message,
        )
        self._outbox.cancel_for(conn, recipient_hash=message["recipient_hash"], reason="complaint")
        message = self._certain(conn, message, "complaint")
        self._rise(conn, message, "complained", "", delivery_status="complained")
        if message["mailbox_id"]:
            mailboxes.pause(conn, message["mailbox_id"], now + COMPLAINT_PAUSE, "complaint")

    def _feedback(self, conn: Connection, message: Message, text: str) -> None:
        row = {
            "outreach_message_id": message["id"],
            "outcome": "replied",
            "note": text[:1000],
            "source": "inbox",
            "at": self._office.clock.now(),
        }
        conn.execute(feedback.insert().values(**row))

    def _stop_sequences(self, conn: Connection, message: Message) -> None:
        """An answer of anyone in a company ends all its follow-ups (D88)."""
        if message["company_id"] is None:
            return
        query = (
            sa.select(messages)
            .where(messages.c.company_id == message["company_id"], messages.c.kind == "followup")
            .where(messages.c.status.in_(["draft", "needs_approval", "approved", "scheduled"]))
            .with_for_update()
        )
        for row in conn.execute(query).mappings().all():
            self._outbox.cancel(conn, row["id"], reason="sequence_stopped")
