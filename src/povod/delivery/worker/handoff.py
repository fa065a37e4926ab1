"""Transaction B: the mark that is committed before the first irreversible byte (D23).

The opt-out, the approval, the pause and the sequence stand in the WHERE clause of the very update,
so no path can hand a letter over around them. An opt-out committed before this one wins (D35).
"""

import hashlib
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes as boxes
from povod.delivery import suppression
from povod.delivery.caps import Caps
from povod.delivery.gates import Scene, Verdict, first_failing, run_gates
from povod.delivery.gates.history import ENDS_SEQUENCE
from povod.delivery.gates.model import HOLD
from povod.delivery.moves import Message, get_message
from povod.delivery.office import Office
from povod.delivery.stop import PAUSE_ROW
from povod.delivery.worker.claim import Claim, obey
from povod.store.files import put_file
from povod.store.tables import deliveries, mailboxes, opt_out_registry
from povod.store.tables import outreach_messages as messages
from povod.store.tables import settings as settings_table

LOST = Verdict(HOLD, "lease_lost")
_MINE, _OTHERS = messages.alias(), messages.alias()


def hand_off(office: Office, claim: Claim, wire: bytes) -> bool:
    """Commit the handoff; False when it must not happen, and then all is put back."""
    with office.db.tx(durable=True) as conn:
        message = get_message(conn, claim.message["id"], lock=True)
        hashes = suppression.hashes_of(office.keys, message)
        suppression.lock(conn, hashes)
        now = office.clock.now()
        if not _is_ours(conn, message, claim):
            return False
        caps = Caps(conn, office.quotas, office.settings, now, claim.attempt_id)
        mailbox = boxes.by_id(conn, claim.mailbox["id"])
        leaves = claim.route.channel.leaves_host(mailbox)
        scene = Scene(office, conn, message, mailbox, leaves, now, caps, at_handoff=True)
        results = run_gates(scene)
        record = [result.as_json() for result in results]
        failing = first_failing(results)
        if failing is None and _mark(office, conn, claim, message, wire, hashes):
            conn.execute(_attempt(claim).values(gates_b=record))
            return True
        verdict = failing or LOST
        state = "released" if verdict.result == HOLD else "skipped"
        ended = {"state": state, "finished_at": now, "outcome_class": verdict.reason}
        conn.execute(_attempt(claim).values(gates_b=record, **ended))
        caps.give_back()
        obey(office, conn, message, verdict, results, now)
        return False


def _is_ours(conn: Connection, message: Message, claim: Claim) -> bool:
    """False when the reaper or another worker took the message over meanwhile."""
    query = sa.select(deliveries.c.state).where(deliveries.c.id == claim.attempt_id)
    state = conn.execute(query.with_for_update()).scalar()
    same = message["status"] == "sending" and message["epoch"] == claim.epoch
    return same and state == "claimed"


def _attempt(claim: Claim) -> sa.Update:
    return deliveries.update().where(deliveries.c.id == claim.attempt_id)


def _mark(
    office: Office,
    conn: Connection,
    claim: Claim,
    message: Message,
    wire: bytes,
    hashes: list[str],
) -> bool:
    """The guarded update itself: True when exactly this attempt is now handed over."""
    now, lease_now = office.clock.now(), office.db.lease_time(conn)
    lease = lease_now + timedelta(seconds=office.settings.delivery_handoff_lease_seconds)
    refused = suppression.refusal_clause(hashes, message["kind"], message["channel"], now)
    open_message = sa.exists().where(
        _MINE.c.id == message["id"],
        _MINE.c.status == "sending",
        _MINE.c.epoch == claim.epoch,
        _MINE.c.approved_hash == _MINE.c.content_hash,
    )
    paused = sa.exists().where(settings_table.c.id == PAUSE_ROW)
    usable = sa.exists().where(
        mailboxes.c.id == claim.mailbox["id"],
        sa.or_(
            mailboxes.c.status == "active",
            sa.and_(mailboxes.c.status == "paused", mailboxes.c.paused_until <= now),
        ),
    )
    guards = [
        open_message,
        ~paused,
        usable,
        ~sa.exists().where(refused).select_from(opt_out_registry),
    ]
    if message["kind"] == "followup":
        guards.append(
            ~sa.exists().where(
                _OTHERS.c.company_id == message["company_id"], _OTHERS.c.status.in_(ENDS_SEQUENCE)
            )
        )
    eml = put_file(conn, wire, "message/rfc822")
    update = (
        _attempt(claim)
        .where(deliveries.c.state == "claimed", deliveries.c.epoch == claim.epoch)
        .where(deliveries.c.lease_until > lease_now, *guards)
        .values(
            state="handoff",
            handoff_at=now,
            lease_until=lease,
            wire_sha256=hashlib.sha256(wire).hexdigest(),
            wire_size=len(wire),
            eml_file_id=eml,
        )
    )
    if conn.execute(update).rowcount != 1:
        return False
    conn.execute(messages.update().where(messages.c.id == message["id"]).values(lease_until=lease))
    return True
