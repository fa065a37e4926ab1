"""Writes the drafts of planned events (G53).

Texts and cards are made with no transaction open; what is ready is stored at once: model texts one
by one, because they are paid for, template texts up to a hundred in one transaction. A kill leaves
nothing of a draft or all of it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.greetings.cards import CardMaker, DrawnCard
from povod.greetings.handing import order_hours
from povod.greetings.orders import Order, waiting
from povod.greetings.parts import Parts
from povod.greetings.templates import catalogue
from povod.greetings.texts import Text, Writer
from povod.kit.errors import ConfigurationError, InputError
from povod.kit.ids import new_id
from povod.kit.log import mask
from povod.store.tables import events, greetings
from povod.store.upsert import insert_new
from povod.writing.llm.greeting import write_many

log = structlog.get_logger()

BATCH = 100
RUN_MEMORY = 200
"""How many texts of the run the next ones are compared with (G93)."""


@dataclass
class Composed:
    """What composing did."""

    generated: int = 0
    late: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    fallbacks: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Draft:
    order: Order
    text: Text
    card: DrawnCard | None


class Composer:
    """Composes for one run."""

    def __init__(
        self,
        parts: Parts,
        writer: Writer | None = None,
        cards: CardMaker | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._tick = tick
        if writer is None:
            with parts.db.read() as conn:
                writer = Writer(parts, catalogue(conn))
        self.writer = writer
        self.cards = cards or CardMaker(parts)
        self._run_texts: list[str] = []

    def compose(self, run_id: str | None = None, only: Sequence[str] | None = None) -> Composed:
        """A draft for every planned event of the span, or for those of `only`."""
        done = Composed()
        failed: set[str] = set()
        last = self._parts.today() + timedelta(days=self._parts.settings.lookahead_days)
        while True:
            with self._parts.db.read() as conn:
                orders = waiting(conn, last, BATCH, sorted(failed), only)
            if not orders:
                return done
            self._compose(orders, run_id, done, failed)
            self._tick()

    def _compose(
        self, orders: Sequence[Order], run_id: str | None, done: Composed, failed: set[str]
    ) -> None:
        now = self._parts.clock.now()
        late = [order for order in orders if order_hours(order, self._parts).expires_at <= now]
        if late:
            self._mark_late(late)
            done.late += len(late)
        dropped = {order.event["id"] for order in late}
        due = [order for order in orders if order.event["id"] not in dropped]

        def write(order: Order) -> _Draft | None:
            draft = self._write(order, done, failed)
            if draft and self.writer.uses_model:
                self._keep([draft], run_id, done)
            return draft

        drafts = [d for d in write_many(due, write, self.writer.workers) if d is not None]
        if not self.writer.uses_model:
            self._keep(drafts, run_id, done)

    def _write(self, order: Order, done: Composed, failed: set[str]) -> _Draft | None:
        """An order that cannot be written costs itself, not the run."""
        try:
            text = self.writer.write(order, run_texts=self._run_texts[-RUN_MEMORY:])
            card = self.cards.draw(order, text.rendered.wish, text.tone)
        except (InputError, ConfigurationError) as error:
            failed.add(order.event["id"])
            log.warning("greetings.not_written", event=order.event["id"], error=mask(str(error)))
            entry = {"event": order.event["id"], "client": order.client["id"], "cause": str(error)}
            done.errors.append(entry)
            return None
        if text.source == "llm":
            self._run_texts.append(text.rendered.body)
        return _Draft(order, text, card)

    def _mark_late(self, orders: Sequence[Order]) -> None:
        ids = [order.event["id"] for order in orders]
        planned = events.c.id.in_(ids) & (events.c.status == "planned")
        with self._parts.db.tx() as conn:
            conn.execute(events.update().where(planned).values(status="skipped", reason="late"))

    def _keep(self, drafts: Sequence[_Draft], run_id: str | None, done: Composed) -> None:
        if not drafts:
            return
        with self._parts.db.tx() as conn:
            ids = [draft.order.event["id"] for draft in drafts]
            mine = set(_still_planned(conn, ids))
            kept = [draft for draft in drafts if draft.order.event["id"] in mine]
            rows = [self._row(conn, draft, run_id) for draft in kept]
            insert_new(conn, greetings, rows, ["event_id"])
            conn.execute(
                events.update().where(events.c.id.in_(sorted(mine))).values(status="composed")
            )
        done.generated += len(kept)
        for draft in kept:
            done.sources[draft.text.source] += 1
            done.variants[draft.text.template.key if draft.text.template else ""] += 1
            if draft.text.fallback:
                done.fallbacks[draft.text.fallback] += 1

    def _row(self, conn: Connection, draft: _Draft, run_id: str | None) -> dict[str, Any]:
        order, text = draft.order, draft.text
        columns = text.columns()
        notes = dict(columns.pop("metadata"))
        card: dict[str, Any] = {"card_file_id": None, "image_path": "", "card_theme": ""}
        if draft.card is not None:
            card = draft.card.store(conn)
            notes["card_warnings"] = list(draft.card.image.warnings)
            notes["model_picture"] = draft.card.by_model
        return {
            "id": new_id(),
            "event_id": order.event["id"],
            "client_id": order.client["id"],
            "status": "generated",
            "deliver_on": order.event["deliver_on"],
            "expires_at": order_hours(order, self._parts).expires_at,
            "run_id": run_id,
            "metadata": notes,
            **columns,
            **card,
        }


def _still_planned(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of the events that nobody else has written or taken back meanwhile."""
    query = sa.select(events.c.id).where(events.c.id.in_(ids), events.c.status == "planned")
    return list(conn.execute(query.with_for_update()).scalars())
