"""The one place where a message changes its status."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor, check_move
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.log import mask
from povod.store import audit
from povod.store.tables import outreach_messages as messages

Message = Mapping[str, Any]
"""A row of `outreach_messages`, columns by name."""

Callback = Callable[[Connection, Message, str, str], None]
"""Told of each move in its own transaction: connection, row, old and new status."""

ANY_KIND = "*"
_BY_ID = sa.select(messages).where(messages.c.id == sa.bindparam("id"))
_LOCKED = _BY_ID.with_for_update()
_AUDITED = ("inbox", "resolver")


class Moves:
    """Moves messages along the status table, tells the listeners, keeps the audit."""

    def __init__(self) -> None:
        self._listeners: list[tuple[str, Callback]] = []

    def listen(self, kind: str, callback: Callback) -> None:
        """Call `callback` for messages of `kind` (`*` for all); registered by `app` only."""
        self._listeners.append((kind, callback))

    def move(
        self,
        conn: Connection,
        message: Message,
        to: str,
        actor: Actor,
        note: str = "",
        **changes: Any,
    ) -> Message:
        """Give the message the status `to` together with `changes`; the row as it is then.

        Raises `IllegalMove`, or `ConflictError` if the row was moved by another meanwhile.
        """
        before = message["status"]
        check_move(before, to, actor)
        same = (messages.c.id == message["id"]) & (messages.c.status == before)
        moved = conn.execute(messages.update().where(same).values(status=to, **changes))
        if moved.rowcount != 1:
            raise ConflictError(
                f"message {message['id']} is no longer {before}; load it again and repeat"
            )
        after = {**message, **changes, "status": to}
        if actor.is_human or actor.role in _AUDITED:
            data = {"from": before, "to": to, "note": mask(note)}
            audit.append(conn, str(actor), "message.move", message["id"], data)
        for kind, callback in self._listeners:
            if kind in (ANY_KIND, message["kind"]):
                callback(conn, after, before, to)
        return after


def get_message(conn: Connection, message_id: str, *, lock: bool = False) -> Message:
    """The row of a message; `lock` keeps others from moving it until the transaction ends."""
    row = conn.execute(_LOCKED if lock else _BY_ID, {"id": message_id}).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no message {message_id}")
    return dict(row)
