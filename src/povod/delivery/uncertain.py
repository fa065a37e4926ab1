"""Messages of which nobody knows whether they were accepted (D31, D32).

Looking into the Sent folder may prove that one was; absence proves nothing. Only a person's order
ever sends one again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes as boxes
from povod.delivery.inbox.imap import MailboxUnreadable, connected, is_in_sent
from povod.delivery.moves import Message, get_message
from povod.delivery.office import Office
from povod.delivery.states import RESOLVER, Actor
from povod.kit.errors import ConflictError, InputError
from povod.store.tables import deliveries, mailboxes
from povod.store.tables import outreach_messages as messages

log = structlog.get_logger()
SEARCH_AFTER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=60))
FOUND, RESEND, ABANDON = "found", "resend", "abandon"
_ACTIONS = {
    FOUND: ("accepted", "sent"),
    RESEND: ("abandoned", "scheduled"),
    ABANDON: ("abandoned", "failed"),
}


class Uncertain:
    """Resolves doubt: by looking, or by a person's word."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def search_all(self) -> dict[str, int]:
        """Look for every uncertain letter whose next search is due."""
        counts = {"searched": 0, "found": 0}
        for attempt in self._due():
            counts["searched"] += 1
            counts["found"] += self._search(attempt)
        return counts

    def next_search(self, conn: Connection) -> datetime | None:
        """When the next search is due; None when nothing is left to search."""
        return min((when for _, when in self._planned(conn)), default=None)

    def _due(self) -> list[Mapping[str, Any]]:
        now = self._office.clock.now()
        with self._office.db.read() as conn:
            return [attempt for attempt, when in self._planned(conn) if when <= now]

    def _planned(self, conn: Connection) -> list[tuple[Mapping[str, Any], datetime]]:
        query = (
            sa.select(deliveries, messages.c.message_id)
            .join(messages, messages.c.id == deliveries.c.outreach_message_id)
            .join(mailboxes, mailboxes.c.id == deliveries.c.mailbox_id)
            .where(deliveries.c.state == "uncertain", mailboxes.c.imap_host != "")
            .order_by(deliveries.c.finished_at)
        )
        planned: list[tuple[Mapping[str, Any], datetime]] = []
        for row in conn.execute(query).mappings():
            done = len(row["resolution"].get("searches", []))
            if done < len(SEARCH_AFTER) and row["finished_at"] is not None:
                planned.append((dict(row), row["finished_at"] + SEARCH_AFTER[done]))
        return planned

    def _search(self, attempt: Mapping[str, Any]) -> bool:
        office = self._office
        with office.db.read() as conn:
            mailbox = boxes.by_id(conn, attempt["mailbox_id"])
        try:
            with connected(mailbox, boxes.secret_of(office.settings, mailbox)) as box:
                hit, note = is_in_sent(box, mailbox, attempt["message_id"]), "searched"
        except MailboxUnreadable as error:
            log.warning("sent folder unreadable", error=str(error))
            hit, note = False, "unreadable"
        with office.db.tx(durable=True) as conn:
            self._note_search(conn, attempt, hit, note)
        return hit

    def _note_search(
        self, conn: Connection, attempt: Mapping[str, Any], hit: bool, note: str
    ) -> None:
        now = self._office.clock.now()
        message = get_message(conn, attempt["outreach_message_id"], lock=True)
        row = deliveries.update().where(
            deliveries.c.id == attempt["id"], deliveries.c.state == "uncertain"
        )
        searches = [
            *attempt["resolution"].get("searches", []),
            {"at": now.isoformat(), "how": note},
        ]
        values: dict[str, Any] = {"resolution": {"searches": searches}}
        if hit:
            values["resolution"]["evidence"] = "imap_sent"
            values |= {"state": "accepted", "resolved_by": "resolver", "resolved_at": now}
        changed = conn.execute(row.values(**values)).rowcount
        if hit and changed and message["status"] == "uncertain":
            self._office.moves.move(conn, message, "sent", RESOLVER, "imap_sent", sent_at=now)

    def resolve(
        self, conn: Connection, message_id: str, action: str, actor: Actor, reason: str
    ) -> Message:
        """A person decides: `found` it, `resend` it (same Message-ID), or `abandon` it."""
        if action not in _ACTIONS:
            raise InputError(f"{action} is no way to resolve; use found, resend or abandon")
        if not reason.strip():
            raise InputError("say why: the reason is kept with the message")
        message = get_message(conn, message_id, lock=True)
        if message["status"] != "uncertain":
            raise ConflictError(
                f"message {message_id} is {message['status']}, not uncertain; nothing to resolve"
            )
        now = self._office.clock.now()
        attempt_state, state = _ACTIONS[action]
        changes: dict[str, Any] = {"lease_owner": None, "lease_until": None, "skip_reason": ""}
        if action == FOUND:
            changes["sent_at"] = message["sent_at"] or now
        elif action == RESEND:
            changes |= {"scheduled_for": now, "attempts": 0}
        else:
            changes["skip_reason"] = "abandoned"
        moved = self._office.moves.move(conn, message, state, actor, reason, **changes)
        row = (deliveries.c.outreach_message_id == message_id) & (deliveries.c.state == "uncertain")
        resolution = {"action": action, "reason": reason}
        values = {"resolved_by": str(actor), "resolved_at": now, "resolution": resolution}
        conn.execute(deliveries.update().where(row).values(state=attempt_state, **values))
        return moved
