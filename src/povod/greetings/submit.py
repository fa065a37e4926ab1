"""Decides on fresh drafts: into the outbox, or before a person (G98, G103), and ends what is late.

Each batch is one transaction; a draft stays `generated` until it is decided, so any run continues.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.approval import POLICY, Facts, reasons
from povod.greetings.handing import hand_over, whole_text
from povod.greetings.moves import move, set_event
from povod.greetings.orders import Order, orders_of
from povod.greetings.parts import Parts
from povod.greetings.people import client_from_mapping
from povod.greetings.standing import Standings
from povod.greetings.states import RUN, SYSTEM
from povod.store.bulk import among
from povod.store.tables import events, greetings, inn_cache
from povod.writing.guardrails import is_promotional

BATCH = 100
LATE, UNDECIDED, NO_BASIS = "late", "not_approved_in_time", "no_basis"
Row = Mapping[str, Any]


class Submitter:
    """Moves drafts on for one run."""

    def __init__(self, parts: Parts, tick: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._tick = tick

    def submit(self) -> Counter[str]:
        """Decide on every generated draft; counts by what became of them."""
        counts: Counter[str] = Counter()
        while done := self._batch():
            counts += done
            self._tick()
        return counts

    def _batch(self) -> Counter[str]:
        with self._parts.db.tx() as conn:
            query = (
                sa.select(greetings)
                .where(greetings.c.status == "generated")
                .order_by(greetings.c.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = [dict(row) for row in conn.execute(query).mappings()]
            return self._decide(conn, rows) if rows else Counter()

    def _decide(self, conn: Connection, rows: Sequence[Row]) -> Counter[str]:
        orders = {o.event["id"]: o for o in orders_of(conn, [row["event_id"] for row in rows])}
        people = [client_from_mapping(order.client) for order in orders.values()]
        standings = Standings(self._parts, conn).of(people)
        greeted = _greeted_before(conn, [row["client_id"] for row in rows])
        register = _register(conn, [order.client["inn"] for order in orders.values()])
        counts: Counter[str] = Counter()
        for row in rows:
            order = orders[row["event_id"]]
            verdict = standings[row["client_id"]].verdict
            if verdict == "deny":
                counts[self._refuse(conn, row)] += 1
                continue
            why = self._reasons(row, order, verdict, greeted, register)
            counts[self._settle(conn, row, order, why)] += 1
        return counts

    def _refuse(self, conn: Connection, row: Row) -> str:
        move(conn, row, "skipped", RUN, skip_reason=NO_BASIS)
        set_event(conn, row["event_id"], "skipped", NO_BASIS)
        return "skipped"

    def _reasons(
        self, row: Row, order: Order, verdict: str, greeted: set[str], register: Mapping[str, str]
    ) -> list[str]:
        text = whole_text(row, order, self._parts).text
        facts = Facts(
            segment=order.client["segment"],
            text_source=row["text_source"],
            first=row["client_id"] not in greeted,
            violations=row["violations"] or (),
            fallback=row["fallback_reason"],
            model_picture=bool((row["metadata"] or {}).get("model_picture")),
            verdict=verdict,
            register_status=register.get(order.client["inn"], ""),
            promotional=is_promotional(text),
        )
        return reasons(facts, self._parts.settings.approval_rules)

    def _settle(self, conn: Connection, row: Row, order: Order, why: list[str]) -> str:
        if why:
            move(conn, row, "needs_approval", RUN, approval_reasons=why)
            return "needs_approval"
        row, status = hand_over(conn, row, order, self._parts)
        if status == "approved":
            now = self._parts.clock.now()
            move(conn, row, "approved", RUN, approved_at=now, approved_by="policy")
            return "queued"
        if status == "needs_approval":
            move(conn, row, "needs_approval", RUN, approval_reasons=[POLICY])
            return "needs_approval"
        return self._refuse(conn, row)

    def expire(self) -> Counter[str]:
        """End what nobody approved in time and what was never written; counts by reason."""
        counts: Counter[str] = Counter()
        now = self._parts.clock.now()
        with self._parts.db.tx() as conn:
            query = sa.select(greetings).where(
                greetings.c.status.in_(["generated", "needs_approval"]),
                greetings.c.expires_at <= now,
            )
            for row in [dict(found) for found in conn.execute(query).mappings()]:
                reason = LATE if row["status"] == "generated" else UNDECIDED
                move(conn, row, "skipped", SYSTEM, skip_reason=reason)
                set_event(conn, row["event_id"], "skipped", reason)
                if row["message_id"]:
                    self._parts.delivery.cancel_if_open(conn, row["message_id"], reason)
                counts[reason] += 1
            counts[LATE] += self._expire_planned(conn)
            _close_rejected(conn, now)
        return +counts

    def _expire_planned(self, conn: Connection) -> int:
        """Planned events whose last possible day is over, whatever kept them from being written."""
        late = timedelta(days=self._parts.settings.greeting_max_late_days)
        over = (events.c.status == "planned") & (events.c.deliver_on < self._parts.today() - late)
        ended = events.update().where(over).values(status="skipped", reason=LATE)
        return conn.execute(ended).rowcount


def _close_rejected(conn: Connection, now: datetime) -> None:
    """What a person rejected and nobody rewrote is over when its time is."""
    rejected = sa.select(greetings.c.event_id).where(
        greetings.c.status == "rejected", greetings.c.expires_at <= now
    )
    open_event = (events.c.status == "composed") & events.c.id.in_(rejected)
    conn.execute(events.update().where(open_event).values(status="cancelled", reason="rejected"))


def _greeted_before(conn: Connection, people: Sequence[str]) -> set[str]:
    query = (
        sa.select(greetings.c.client_id)
        .where(among(conn, greetings.c.client_id, sorted(set(people))))
        .where(greetings.c.status == "sent")
        .distinct()
    )
    return set(conn.execute(query).scalars())


def _register(conn: Connection, inns: Sequence[str]) -> dict[str, str]:
    """INN → status in the register, where it was asked for."""
    wanted = sorted({inn for inn in inns if inn})
    if not wanted:
        return {}
    query = sa.select(inn_cache.c.id, inn_cache.c.data).where(among(conn, inn_cache.c.id, wanted))
    return {row.id: str((row.data or {}).get("status") or "") for row in conn.execute(query)}
