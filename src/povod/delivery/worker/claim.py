"""Transaction A: a worker claims a message, after all gates (D20, D21)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes
from povod.delivery.caps import Caps, spacing
from povod.delivery.gates import GateResult, Scene, Verdict, first_failing, run_gates
from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.routing.choose import Route
from povod.delivery.states import WORKER
from povod.delivery.tokens import bounce_token
from povod.kit.ids import new_id
from povod.store.tables import deliveries
from povod.store.tables import outreach_messages as messages

HOLD_RETRY = timedelta(minutes=5)
"""A hold that does not know its end is looked at again after this long."""


@dataclass(frozen=True)
class Claim:
    """A claimed message with its attempt; valid as long as the lease."""

    message: Message
    mailbox: Mailbox
    route: Route
    attempt_id: str
    attempt_no: int
    epoch: int
    claimed_at: datetime
    envelope_from: str
    idempotency_key: str


def claim(office: Office, route: Route, message_id: str, owner: str) -> Claim | None:
    """Claim the message; None when a gate or another worker was in the way."""
    with office.db.tx(durable=True) as conn:
        message = _due(conn, message_id, office.clock.now())
        if message is None:
            return None
        mailbox = mailboxes.by_id(conn, route.mailbox["id"], lock=True)
        now = office.clock.now()
        attempt_id = new_id()
        caps = Caps(conn, office.quotas, office.settings, now, attempt_id)
        leaves = route.channel.leaves_host(mailbox)
        scene = Scene(office, conn, message, mailbox, leaves, now, caps)
        results = run_gates(scene)
        failing = first_failing(results)
        if failing is not None:
            caps.give_back()
            obey(office, conn, message, failing, results, now)
            return None
        return _claimed(scene, route, owner, attempt_id, results)


def _due(conn: Connection, message_id: str, now: datetime) -> Message | None:
    query = (
        sa.select(messages)
        .where(messages.c.id == message_id, messages.c.status == "scheduled")
        .where(messages.c.scheduled_for <= now)
        .with_for_update(skip_locked=True)
    )
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def _claimed(
    scene: Scene, route: Route, owner: str, attempt_id: str, results: Sequence[GateResult]
) -> Claim:
    office, conn, mailbox = scene.office, scene.conn, scene.mailbox
    number = _attempts_so_far(conn, scene.message["id"]) + 1
    epoch = scene.message["epoch"] + 1
    lease = office.db.lease_time(conn) + timedelta(seconds=office.settings.delivery_lease_seconds)
    key = f"{scene.message['dedupe_key']}|{route.channel.name}|{number}"
    sender = _envelope_sender(office, mailbox, attempt_id)
    message = office.moves.move(
        conn,
        scene.message,
        "sending",
        WORKER,
        epoch=epoch,
        lease_owner=owner,
        lease_until=lease,
        skip_reason="",
        mailbox_id=mailbox["id"],
        message_id=scene.message["message_id"] or _message_id(office, scene.message, mailbox),
        metadata={**scene.message["metadata"], **_trace(route)},
    )
    attempt = {
        "id": attempt_id,
        "outreach_message_id": message["id"],
        "attempt_no": number,
        "epoch": epoch,
        "channel": route.channel.name,
        "provider": mailbox["provider"],
        "mailbox_id": mailbox["id"],
        "idempotency_key": hashlib.sha256(key.encode()).hexdigest()[:40],
        "state": "claimed",
        "owner": owner,
        "lease_until": lease,
        "envelope_from": sender[0],
        "verp_token": sender[1],
        "mx_class": route.mx.mx_class,
        "mx_records": route.mx.records,
        "mx_checked_at": route.mx.checked_at,
        "route_fallback": route.fallback,
        "route_error": route.error,
        "gates_a": [result.as_json() for result in results],
        "claimed_at": scene.now,
    }
    conn.execute(deliveries.insert().values(**attempt))
    share = Random(attempt_id).random()  # noqa: S311 - spacing, not a secret
    pause = spacing(mailbox, message["kind"], share)
    mailboxes.change(conn, mailbox["id"], next_send_at=scene.now + pause)
    return Claim(
        message, mailbox, route, attempt_id, number, epoch, scene.now, sender[0],
        attempt["idempotency_key"],
    )  # fmt: skip


def _attempts_so_far(conn: Connection, message_id: str) -> int:
    query = sa.select(sa.func.max(deliveries.c.attempt_no)).where(
        deliveries.c.outreach_message_id == message_id
    )
    return int(conn.execute(query).scalar() or 0)


def _message_id(office: Office, message: Message, mailbox: Mailbox) -> str:
    domain = office.settings.message_id_domain or mailbox["from_email"].rpartition("@")[2]
    return office.keys.message_id(message["id"], domain)


def _envelope_sender(office: Office, mailbox: Mailbox, attempt_id: str) -> tuple[str, str]:
    """Envelope address and its token, by the mailbox's mode (D28)."""
    address, mode = mailbox["from_email"], mailbox["envelope_mode"]
    if mode == "fixed":
        return address, ""
    token = bounce_token(office.keys, attempt_id)
    if mode == "verp":
        return f"bounce+{token}@{mailbox['bounce_domain']}", token
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}", token


def _trace(route: Route) -> dict[str, Any]:
    """What the message remembers of its latest attempt (D7)."""
    checked = route.mx.checked_at.isoformat() if route.mx.checked_at else ""
    mx = {"class": route.mx.mx_class, "records": route.mx.records, "checked_at": checked}
    return {"mx": mx, "route": route.as_json(), "reason": ""}


def obey(
    office: Office,
    conn: Connection,
    message: Message,
    verdict: Verdict,
    results: Sequence[GateResult],
    now: datetime,
) -> None:
    """Move the message as the deciding gate says; its reason stays visible (D34)."""
    trace = {"reason": verdict.reason, "gates": [result.as_json() for result in results]}
    changes: dict[str, Any] = {
        "skip_reason": verdict.reason,
        "metadata": {**message["metadata"], **trace},
        "lease_owner": None,
        "lease_until": None,
    }
    to = {"skip": "skipped", "approve": "needs_approval", "cancel": "cancelled"}
    state = to.get(verdict.result, "scheduled")
    if state == "scheduled":
        changes["scheduled_for"] = max(verdict.until or now + HOLD_RETRY, now)
    office.moves.move(conn, message, state, WORKER, verdict.reason, **changes)
