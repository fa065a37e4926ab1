"""What delivery's moves mean for greetings; runs in the transaction that moves the message (D2)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.moves import move, set_event
from povod.greetings.states import DELIVERY, MOVES
from povod.store.tables import greetings

EXPIRED, LATE = "expired", "late"
_TO = {
    "sent": "sent",
    "failed": "error",
    "skipped": "skipped",
    "cancelled": "cancelled",
    "needs_approval": "needs_approval",
}
_EVENT = {"sent": "closed", "skipped": "skipped", "cancelled": "cancelled", "approved": "composed"}


def on_message_moved(conn: Connection, message: Mapping[str, Any], before: str, after: str) -> None:
    """Delivery's callback: the greeting of the message follows it."""
    to = _target(before, after)
    if not to:
        return
    query = sa.select(greetings).where(greetings.c.message_id == message["id"]).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None or row["status"] in (to, "cancelled") or (row["status"], to) not in MOVES:
        return
    if row["status"] == "skipped" and to == "cancelled":
        return  # the reason why it was skipped says more
    reason = LATE if message["skip_reason"] == EXPIRED else message["skip_reason"]
    changes = _changes(to, message, reason)
    move(conn, dict(row), to, DELIVERY, **changes)
    if to in _EVENT:
        explained = (reason or to) if to in ("skipped", "cancelled") else ""
        set_event(conn, row["event_id"], _EVENT[to], explained)


def _target(before: str, after: str) -> str:
    """The greeting's new status; bounces and replies after sending leave it as it is."""
    if after == "bounced":
        return "error" if before == "sending" else ""
    if after == "scheduled":
        return "approved" if before in ("failed", "skipped") else ""
    return _TO.get(after, "")


def _changes(to: str, message: Mapping[str, Any], reason: str) -> dict[str, Any]:
    if to in ("skipped", "cancelled"):
        return {"skip_reason": reason or to}
    if to == "error":
        return {"skip_reason": "", "review_comment": message["last_error"]}
    if to == "needs_approval":
        return {"approval_reasons": [reason or "policy"], "approved_at": None, "approved_by": ""}
    return {"skip_reason": ""}
