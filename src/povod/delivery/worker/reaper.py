"""Attempts whose owner is gone: put back before the handoff, in doubt after it (D26)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.caps import Caps
from povod.delivery.channels import Channel
from povod.delivery.moves import get_message
from povod.delivery.office import Office
from povod.delivery.states import REAPER, WORKER
from povod.store.tables import deliveries

BATCH = 100


def reap(office: Office, channels: Mapping[str, Channel]) -> dict[str, int]:
    """End all attempts with an expired lease; how many were released, in doubt, or found done."""
    counts = {"released": 0, "uncertain": 0, "accepted": 0}
    for attempt_id in _expired(office):
        with office.db.tx(durable=True) as conn:
            ended = _reap_one(office, conn, channels, attempt_id)
        if ended:
            counts[ended] += 1
    return counts


def _expired(office: Office) -> list[str]:
    with office.db.read() as conn:
        query = (
            sa.select(deliveries.c.id)
            .where(deliveries.c.state.in_(["claimed", "handoff"]))
            .where(deliveries.c.lease_until <= office.db.lease_time(conn))
            .order_by(deliveries.c.lease_until)
            .limit(BATCH)
        )
        return list(conn.execute(query).scalars())


def _reap_one(
    office: Office, conn: Connection, channels: Mapping[str, Channel], attempt_id: str
) -> str:
    # Message before attempt: the order in which the worker locks them.
    owner = sa.select(deliveries.c.outreach_message_id).where(deliveries.c.id == attempt_id)
    message = get_message(conn, conn.execute(owner).scalar_one(), lock=True)
    query = sa.select(deliveries).where(deliveries.c.id == attempt_id).with_for_update()
    attempt = dict(conn.execute(query).mappings().one())
    now = office.clock.now()
    if attempt["state"] not in ("claimed", "handoff"):
        return ""
    if attempt["lease_until"] > office.db.lease_time(conn):
        return ""
    if message["status"] != "sending":
        # Somebody decided about the message meanwhile; the attempt must not hold up the others.
        _end(conn, attempt_id, "released" if attempt["state"] == "claimed" else "uncertain", now)
        return ""
    free: dict[str, Any] = {"lease_owner": None, "lease_until": None}
    if attempt["state"] == "claimed":
        _end(conn, attempt_id, "released", now)
        Caps(conn, office.quotas, office.settings, now, attempt_id).give_back()
        office.moves.move(conn, message, "scheduled", REAPER, "lease_expired", **free)
        return "released"
    channel = channels[attempt["channel"]]
    if not channel.certain:
        _end(conn, attempt_id, "uncertain", now)
        reason = "the worker stopped after the handoff; nobody knows whether it was accepted"
        office.moves.move(
            conn,
            message,
            "uncertain",
            REAPER,
            "",
            skip_reason="no_reply",
            last_error=reason,
            **free,
        )
        return "uncertain"
    if channel.was_delivered(attempt, message):
        _end(conn, attempt_id, "accepted", now)
        office.moves.move(conn, message, "sent", WORKER, "found", sent_at=now, **free)
        return "accepted"
    _end(conn, attempt_id, "deferred", now)
    office.moves.move(conn, message, "scheduled", REAPER, "not_written", **free)
    return "released"


def _end(conn: Connection, attempt_id: str, state: str, now: Any) -> None:
    values = {"state": state, "finished_at": now, "outcome_class": "lease_expired"}
    conn.execute(deliveries.update().where(deliveries.c.id == attempt_id).values(**values))
