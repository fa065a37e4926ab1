"""The one place where a greeting changes its status."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.states import check_move
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.log import mask
from povod.store import audit
from povod.store.tables import events, greetings

Row = Mapping[str, Any]
HISTORY = 20
_LOCKED = sa.select(greetings).where(greetings.c.id == sa.bindparam("id")).with_for_update()
HUMAN = ("operator", "approver", "admin")


def get_greeting(conn: Connection, greeting_id: str, *, version: int | None = None) -> Row:
    """The row, locked until the transaction ends; a stale `version` is a conflict."""
    row = conn.execute(_LOCKED, {"id": greeting_id}).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no greeting {greeting_id}")
    if version is not None and row["version"] != version:
        raise ConflictError(
            f"greeting {greeting_id} was changed meanwhile (version {row['version']}, "
            f"not {version}); load it again and repeat"
        )
    return dict(row)


def change(conn: Connection, row: Row, **values: Any) -> Row:
    """Write `values` on exactly this version of the row; the row as it is then (G53)."""
    same = (greetings.c.id == row["id"]) & (greetings.c.version == row["version"])
    new = {**values, "version": row["version"] + 1}
    if conn.execute(greetings.update().where(same).values(**new)).rowcount != 1:
        raise ConflictError(f"greeting {row['id']} was changed meanwhile; load it again and repeat")
    return {**row, **new}


def move(
    conn: Connection, row: Row, to: str, role: str, name: str = "", note: str = "", **values: Any
) -> Row:
    """Give the greeting the status `to`; people's moves are audited."""
    check_move(row["status"], to, role)
    after = change(conn, row, status=to, **values)
    if role in HUMAN:
        data = {"from": row["status"], "to": to, "note": mask(note)}
        audit.append(conn, f"{role}:{name}", "greeting.move", row["id"], data)
    return after


def set_event(conn: Connection, event_id: str, status: str, reason: str = "") -> None:
    """Give an event its status; one that another occasion superseded keeps that."""
    live = (events.c.id == event_id) & (events.c.status != "superseded")
    conn.execute(events.update().where(live).values(status=status, reason=reason))


def remembered(row: Row, who: str, at: Any) -> list[dict[str, Any]]:
    """The history with the text that is about to be replaced; the newest twenty."""
    text = {name: row[name] for name in ("subject", "body", "wish", "salutation", "tone")}
    entry = {**text, "source": row["text_source"], "by": who, "at": at.isoformat()}
    return [*(row["history"] or []), entry][-HISTORY:]
