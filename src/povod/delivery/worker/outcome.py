"""Transaction C: what the answer does to attempt, message, mailbox and registry (D24)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes
from povod.delivery.caps import Caps
from povod.delivery.channels import Reply
from povod.delivery.moves import Message, get_message
from povod.delivery.office import Office
from povod.delivery.states import RESOLVER, WORKER
from povod.delivery.worker.backoff import next_try
from povod.delivery.worker.claim import Claim
from povod.delivery.worker.verdict import Verdict, enhanced_code, queue_id, read
from povod.kit.log import mask_email
from povod.store.tables import deliveries

LIMIT_PAUSE = timedelta(hours=24)
SPAM_PAUSES_HOURS = (24, 48, 96, 168)
SPAM_MEMORY = timedelta(days=30)
FULL_DELAY = timedelta(hours=24)
MOST_FULL = 3
MAX_REPLY = 1000

Attempt = Mapping[str, Any]


def settle(office: Office, claim: Claim, reply: Reply) -> Verdict | None:
    """Write the outcome of the attempt; None when it is no longer this worker's to write."""
    verdict = read(reply, claim.message["to_value"])
    with office.db.tx(durable=True) as conn:
        message = get_message(conn, claim.message["id"], lock=True)
        attempt = _attempt(conn, claim.attempt_id)
        now = office.clock.now()
        if attempt["epoch"] != claim.epoch:
            return None
        if attempt["state"] in ("claimed", "handoff"):
            _Settling(office, conn, message, attempt, now).write(verdict, reply)
            return verdict
        if attempt["state"] == "uncertain" and attempt["resolved_at"] is None and reply.code:
            _settle_late(office, conn, message, attempt, verdict, reply, now)
            return verdict
        return None


def _attempt(conn: Connection, attempt_id: str) -> Attempt:
    query = sa.select(deliveries).where(deliveries.c.id == attempt_id).with_for_update()
    return dict(conn.execute(query).mappings().one())


class _Settling:
    """The effects of one answer, in the transaction that writes it."""

    def __init__(
        self, office: Office, conn: Connection, message: Message, attempt: Attempt, now: datetime
    ) -> None:
        self._office = office
        self._conn = conn
        self._message = message
        self._attempt = attempt
        self._now = now

    def write(self, verdict: Verdict, reply: Reply) -> None:
        """Attempt, refusal, mailbox, message: in this order."""
        before_handoff = self._attempt["state"] == "claimed"
        _finish(self._conn, self._attempt["id"], verdict, reply, self._now)
        if before_handoff:
            caps = Caps(
                self._conn,
                self._office.quotas,
                self._office.settings,
                self._now,
                self._attempt["id"],
            )
            caps.give_back()
        suppress(self._office, self._conn, self._message, verdict, reply, self._now)
        self._touch_mailbox(verdict, reply)
        state, changes = self._next(verdict)
        text = "" if verdict.message == "sent" else mask_email(f"{reply.code or ''} {reply.text}")
        changes = {"lease_owner": None, "lease_until": None, "last_error": text[:500], **changes}
        self._office.moves.move(self._conn, self._message, state, WORKER, verdict.reason, **changes)

    def _touch_mailbox(self, verdict: Verdict, reply: Reply) -> None:
        box_id = self._attempt["mailbox_id"]
        box = mailboxes.by_id(self._conn, box_id, lock=True)
        error = mask_email(reply.text)
        match verdict.name:
            case "accepted":
                mailboxes.note_success(self._conn, box, self._now)
            case "unreachable":
                mailboxes.back_off(self._conn, box, self._now, error)
            case "auth_failed":
                changes = {"status": "auth_failed", "pause_reason": "auth_failed"}
                mailboxes.change(self._conn, box_id, last_error=error[:300], **changes)
            case "sender_not_owned":
                changes = {"status": "disabled", "pause_reason": "sender_not_owned"}
                mailboxes.change(self._conn, box_id, last_error=error[:300], **changes)
            case "limit":
                mailboxes.pause(self._conn, box_id, self._now + LIMIT_PAUSE, "limit")
            case "spam":
                pause_for_spam(self._conn, box_id, self._now)

    def _next(self, verdict: Verdict) -> tuple[str, dict[str, Any]]:
        """Status of the message and the columns that go with it."""
        if verdict.message == "sent":
            return "sent", {"sent_at": self._now, "delivery_status": "", "skip_reason": ""}
        if verdict.name == "mailbox_full":
            return self._after_full()
        if verdict.message == "scheduled":
            return self._again(verdict)
        changes: dict[str, Any] = {"skip_reason": verdict.reason}
        if verdict.delivery_status:
            changes["delivery_status"] = verdict.delivery_status
        return verdict.message, changes

    def _after_full(self) -> tuple[str, dict[str, Any]]:
        """A full mailbox is tried again a day later, three times at most."""
        query = sa.select(sa.func.count()).where(
            deliveries.c.outreach_message_id == self._message["id"],
            deliveries.c.outcome_class == "mailbox_full",
        )
        changes: dict[str, Any] = {"skip_reason": "mailbox_full", "delivery_status": "bounced_soft"}
        if int(self._conn.execute(query).scalar_one()) >= MOST_FULL:
            return "failed", changes
        return "scheduled", {**changes, "scheduled_for": self._now + FULL_DELAY}

    def _again(self, verdict: Verdict) -> tuple[str, dict[str, Any]]:
        if not verdict.counted:
            return "scheduled", {"scheduled_for": self._now, "skip_reason": verdict.reason}
        counted = self._message["attempts"] + 1
        first = self._conn.execute(
            sa.select(sa.func.min(deliveries.c.claimed_at)).where(
                deliveries.c.outreach_message_id == self._message["id"]
            )
        ).scalar()
        settings, seed = self._office.settings, self._attempt["id"]
        again = next_try(settings, self._message, counted, first or self._now, self._now, seed)
        changes: dict[str, Any] = {"attempts": counted, "skip_reason": verdict.reason}
        if again is None:
            return "failed", {**changes, "skip_reason": "retries_exhausted"}
        return "scheduled", {**changes, "scheduled_for": again}


def _finish(
    conn: Connection, attempt_id: str, verdict: Verdict, reply: Reply, now: datetime, **more: Any
) -> None:
    """The attempt's own record of the answer."""
    values = {
        "state": verdict.attempt,
        "reply_stage": reply.stage,
        "reply_code": reply.code,
        "enhanced_code": enhanced_code(reply.text),
        "reply_text": reply.text[:MAX_REPLY].replace("\x00", ""),
        "outcome_class": verdict.name,
        "queue_id": queue_id(reply.text) if verdict.name == "accepted" else "",
        "finished_at": now,
        **more,
    }
    conn.execute(deliveries.update().where(deliveries.c.id == attempt_id).values(**values))


def suppress(
    office: Office,
    conn: Connection,
    message: Message,
    verdict: Verdict,
    reply: Reply,
    now: datetime,
) -> None:
    """An unknown user is never written to again; a mailbox that stays full not for 90 days."""
    if verdict.name == "unknown_user":
        office.suppression.add(
            conn,
            message["to_value"],
            source="bounce",
            reason="unknown_user",
            now=now,
            message=message,
            evidence={"reply": mask_email(reply.text)[:300], "code": reply.code},
        )
    elif verdict.name == "mailbox_full":
        office.suppression.add_soft(conn, message, now)


def pause_for_spam(conn: Connection, mailbox_id: str, now: datetime) -> None:
    """24 hours, then 48, 96, 168 while the verdicts repeat."""
    query = sa.select(sa.func.count()).where(
        deliveries.c.mailbox_id == mailbox_id,
        deliveries.c.outcome_class == "spam",
        deliveries.c.finished_at > now - SPAM_MEMORY,
    )
    count = max(1, int(conn.execute(query).scalar_one()))
    hours = SPAM_PAUSES_HOURS[min(count, len(SPAM_PAUSES_HOURS)) - 1]
    mailboxes.pause(conn, mailbox_id, now + timedelta(hours=hours), "spam_verdict")


def _settle_late(
    office: Office,
    conn: Connection,
    message: Message,
    attempt: Attempt,
    verdict: Verdict,
    reply: Reply,
    now: datetime,
) -> None:
    """The reaper was faster than a slow answer: the answer is better than a doubt (D26)."""
    resolved = {"resolved_by": "late_reply", "resolved_at": now}
    state = "accepted" if verdict.name == "accepted" else "rejected"
    late = Verdict(verdict.name, state, verdict.message)
    _finish(
        conn, attempt["id"], late, reply, now, resolution={"evidence": "late_reply"}, **resolved
    )
    suppress(office, conn, message, verdict, reply, now)
    if message["status"] != "uncertain":
        return
    if verdict.name == "accepted":
        office.moves.move(conn, message, "sent", RESOLVER, "late_reply", sent_at=now)
    elif verdict.message == "bounced":
        status = verdict.delivery_status
        office.moves.move(conn, message, "bounced", RESOLVER, "late_reply", delivery_status=status)
    else:
        reason = verdict.reason or verdict.name
        office.moves.move(conn, message, "failed", RESOLVER, "late_reply", skip_reason=reason)
