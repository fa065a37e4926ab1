"""Keeps finished drafts true when what they rest on changes before they leave (G54).

A new day of delivery moves draft and message; new facts fill the same text again, without asking
a model; what was approved is shown to a person again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.greetings.cards import CardMaker
from povod.greetings.facts import facts_hash, facts_of
from povod.greetings.handing import order_hours, take_back
from povod.greetings.moves import change, get_greeting, move, remembered
from povod.greetings.orders import Order, orders_of
from povod.greetings.parts import Parts
from povod.greetings.states import SYSTEM
from povod.greetings.templates import Catalogue
from povod.greetings.texts import as_json
from povod.kit.errors import ConflictError
from povod.store.bulk import among
from povod.store.tables import clients, events, greetings
from povod.writing.greetings.render import Rendered, assemble, render_greeting
from povod.writing.guardrails import check_greeting

BATCH = 200
OPEN = ("generated", "needs_approval", "approved")
FACTS_CHANGED = "facts_changed"
POVOD = Actor("operator", "povod")
Row = Mapping[str, Any]


class Refresher:
    """Looks at unsent drafts whose client or event was changed after them."""

    def __init__(self, parts: Parts, catalogue: Catalogue, cards: CardMaker) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._cards = cards

    def refresh(self) -> Counter[str]:
        """Bring all of them up to date; counts of what moved and what was filled again."""
        counts: Counter[str] = Counter()
        counts["moved"] = sum(map(self._move_dates, self._moved()))
        touched = self._touched()
        for start in range(0, len(touched), BATCH):
            for greeting_id in self._untrue(touched[start : start + BATCH]):
                counts["refilled"] += self.refill(greeting_id)
        return +counts

    def _moved(self) -> list[str]:
        query = (
            sa.select(greetings.c.id)
            .join(events, events.c.id == greetings.c.event_id)
            .where(greetings.c.status.in_(OPEN), greetings.c.deliver_on != events.c.deliver_on)
        )
        with self._parts.db.read() as conn:
            return sorted(conn.execute(query).scalars())

    def _touched(self) -> list[str]:
        query = (
            sa.select(greetings.c.id)
            .join(clients, clients.c.id == greetings.c.client_id)
            .join(events, events.c.id == greetings.c.event_id)
            .where(
                greetings.c.status.in_(OPEN),
                sa.or_(
                    clients.c.updated_at >= greetings.c.updated_at,
                    events.c.updated_at >= greetings.c.updated_at,
                ),
            )
        )
        with self._parts.db.read() as conn:
            return sorted(conn.execute(query).scalars())

    def _untrue(self, ids: Sequence[str]) -> list[str]:
        """Those whose facts are others now: most rows are touched without that."""
        columns = (greetings.c.id, greetings.c.event_id, greetings.c.tone, greetings.c.facts_hash)
        with self._parts.db.read() as conn:
            query = sa.select(*columns).where(among(conn, greetings.c.id, ids))
            rows = {row.event_id: row for row in conn.execute(query.order_by(greetings.c.id))}
            orders = orders_of(conn, list(rows))
        pairs = ((rows[order.event["id"]], order) for order in orders)
        return [row.id for row, order in pairs if facts_hash(order, row.tone) != row.facts_hash]

    def _move_dates(self, greeting_id: str) -> bool:
        with self._parts.db.tx() as conn:
            return follow_event(self._parts, conn, greeting_id)

    def refill(self, greeting_id: str) -> bool:
        """Fill a draft with the facts as they are now; False if they are what they were."""
        with self._parts.db.read() as conn:
            row = get_greeting(conn, greeting_id)
            order = orders_of(conn, [row["event_id"]])[0]
        hashed = facts_hash(order, row["tone"])
        if hashed == row["facts_hash"]:
            return False
        facts = facts_of(order, self._parts.settings, row["tone"], source=row["text_source"])
        rendered = self._rendered(row, order)
        found = check_greeting(rendered.subject, rendered.body, rendered.wish, facts)
        card = self._cards.draw(order, rendered.wish, row["tone"], row["card_theme"])
        with self._parts.db.tx() as conn:
            row = get_greeting(conn, greeting_id, version=row["version"])
            new: dict[str, Any] = {
                "subject": rendered.subject,
                "body": rendered.body,
                "wish": rendered.wish,
                "salutation": rendered.salutation,
                "facts_hash": hashed,
                "violations": [as_json(violation) for violation in found],
                "history": remembered(row, "povod", self._parts.clock.now()),
                **(card.store(conn) if card else {}),
            }
            return self._keep(conn, row, order, new)

    def _keep(self, conn: Connection, row: Row, order: Order, new: dict[str, Any]) -> bool:
        try:
            take_back(conn, {**row, **new}, order, self._parts, POVOD)
        except ConflictError:
            return False  # a worker has it: what was approved leaves as it was
        row = get_greeting(conn, row["id"])
        reasons = sorted({*(row["approval_reasons"] or []), FACTS_CHANGED})
        if row["status"] == "approved":
            cleared: dict[str, Any] = {"approved_at": None, "approved_by": ""}
            move(conn, row, "needs_approval", SYSTEM, approval_reasons=reasons, **cleared, **new)
        elif row["status"] == "needs_approval":
            change(conn, row, approval_reasons=reasons, **new)
        else:
            change(conn, row, **new)
        return True

    def _rendered(self, row: Row, order: Order) -> Rendered:
        """The same text with new fields; a person's and a model's words stay as they are."""
        facts = facts_of(order, self._parts.settings, row["tone"])
        if row["text_source"] == "template":
            for one in self._catalogue.get(row["template_family"], ()):
                if one.key == row["variant_id"]:
                    return render_greeting(one, facts)
        return assemble(row["subject"], row["body"], row["wish"], replace(facts))


def follow_event(parts: Parts, conn: Connection, greeting_id: str) -> bool:
    """Move a draft and its message to the day of its event; False when a worker has it."""
    row = get_greeting(conn, greeting_id)
    order = orders_of(conn, [row["event_id"]])[0]
    hours = order_hours(order, parts)
    if row["message_id"] and not parts.delivery.move_dates(
        conn, row["message_id"], hours.not_before, hours.expires_at
    ):
        return False
    notes = {**(row["metadata"] or {}), "moved_from": row["deliver_on"].isoformat()}
    day = order.event["deliver_on"]
    change(conn, row, deliver_on=day, expires_at=hours.expires_at, metadata=notes)
    return True
