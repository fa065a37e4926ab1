"""Takes back what was prepared for an event and has not left yet."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import OPEN as MESSAGE_OPEN
from povod.delivery.states import SYSTEM
from povod.greetings.moves import get_greeting, move
from povod.greetings.parts import Parts
from povod.greetings.states import UNSENT
from povod.store.tables import greetings, outreach_messages


def withdraw(parts: Parts, conn: Connection, event_id: str, reason: str) -> bool:
    """Cancel the draft of an event together with its message; False if it is under way or sent."""
    query = sa.select(greetings.c.id).where(greetings.c.event_id == event_id)
    greeting_id = conn.execute(query).scalar()
    if greeting_id is None:
        return True
    return withdraw_greeting(parts, conn, greeting_id, reason)


def withdraw_greeting(
    parts: Parts, conn: Connection, greeting_id: str, reason: str, role: str = "system"
) -> bool:
    """The same for a greeting; False if it is under way or sent, and nothing was changed."""
    row = get_greeting(conn, greeting_id)
    if row["status"] == "cancelled":
        return True
    if row["status"] not in UNSENT:
        return False
    state = message_state(conn, row["message_id"])
    if state in (*MESSAGE_OPEN, "failed"):
        parts.delivery.cancel(conn, row["message_id"], SYSTEM, reason)
        row = get_greeting(conn, greeting_id)
    elif state not in ("", "cancelled", "skipped"):
        return False
    if row["status"] != "cancelled":
        move(conn, row, "cancelled", role, skip_reason=reason)
    return True


def message_state(conn: Connection, message_id: str | None) -> str:
    """The status of a message; empty when there is none."""
    if message_id is None:
        return ""
    table: Any = outreach_messages.c
    return str(conn.execute(sa.select(table.status).where(table.id == message_id)).scalar() or "")
