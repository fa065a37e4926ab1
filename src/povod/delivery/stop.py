"""The emergency stop: of everything, or of one mailbox, until a person lifts it (gate 2, D94)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.mailboxes import BROKEN
from povod.delivery.states import Actor
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.kit.text import clean
from povod.store import audit
from povod.store.tables import mailboxes
from povod.store.tables import settings as settings_table
from povod.store.upsert import insert_new

PAUSE_ROW = "delivery_paused"
_BROKEN = (mailboxes.c.status == "disabled") & mailboxes.c.pause_reason.startswith(BROKEN)
"""No person lifts this: the settings are to be mended (D57)."""


@dataclass(frozen=True)
class Stop:
    """Who stopped all sending, why and when."""

    by: str
    reason: str
    since: datetime


def standing(conn: Connection) -> Stop | None:
    """The stop of all sending, if there is one."""
    query = sa.select(settings_table).where(settings_table.c.id == PAUSE_ROW)
    row = conn.execute(query).first()
    return Stop(row.value["by"], row.value["reason"], row.created_at) if row is not None else None


def pause(conn: Connection, actor: Actor, reason: str, mailbox: str = "") -> bool:
    """Stop all sending, or that of one mailbox; a handoff under way ends as it will.

    False when all was stopped already: the first reason stands.
    """
    reason = clean(reason)
    if not reason:
        raise InputError("say why sending stops: whoever lifts the stop reads it")
    if mailbox:
        _pause_one(conn, mailbox, reason)
    else:
        row = {"id": PAUSE_ROW, "value": {"by": str(actor), "reason": reason}}
        if not insert_new(conn, settings_table, [row], ["id"]):
            return False
    audit.append(conn, str(actor), "delivery.pause", mailbox or PAUSE_ROW, {"reason": reason})
    return True


def _pause_one(conn: Connection, mailbox: str, reason: str) -> None:
    values = {"status": "paused", "pause_reason": reason, "paused_until": None}
    usable = (mailboxes.c.id == _id_of(conn, mailbox), ~_BROKEN)
    if not conn.execute(mailboxes.update().where(*usable).values(**values)).rowcount:
        raise ConflictError(f"mailbox {mailbox!r} is disabled: its settings cannot be used")


def resume(conn: Connection, actor: Actor, mailbox: str = "") -> bool:
    """Lift a stop; False when there was none."""
    lift: sa.Update | sa.Delete
    if mailbox:
        stopped = mailboxes.update().where(
            mailboxes.c.id == _id_of(conn, mailbox), mailboxes.c.status != "active", ~_BROKEN
        )
        lift = stopped.values(status="active", pause_reason="", paused_until=None)
    else:
        lift = settings_table.delete().where(settings_table.c.id == PAUSE_ROW)
    if not conn.execute(lift).rowcount:
        return False
    audit.append(conn, str(actor), "delivery.resume", mailbox or PAUSE_ROW)
    return True


def _id_of(conn: Connection, name: str) -> str:
    names = {str(row.name): str(row.id) for row in conn.execute(sa.select(mailboxes))}
    if name not in names:
        raise NotFoundError(f"there is no mailbox {name!r}; there are {', '.join(sorted(names))}")
    return names[name]
