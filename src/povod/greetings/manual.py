"""Greetings that a person orders (G38), also where another occasion was better (G41)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.greetings.calendar.shift import deliver_on
from povod.greetings.eligibility import eligible_otherwise
from povod.greetings.model import MANUAL, RANKS, SEGMENT_ORDER, Client
from povod.greetings.orders import Order
from povod.greetings.parts import Parts
from povod.greetings.people import NEEDED, client_of, display_name
from povod.greetings.standing import Standings
from povod.greetings.texts import Text
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.kit.ids import new_id
from povod.store import audit
from povod.store.bulk import among
from povod.store.tables import clients, events
from povod.store.upsert import insert_new

MOST_CLIENTS, LONGEST_TITLE = 5000, 120
TONES = ("", "official", "warm")
_NAMES = UUID("0198f6f2-5d1c-7e6a-9b0a-6d616e75616c")
_LIVE = ("planned", "composed", "closed")


class DuplicateEventError(ConflictError):
    """The same occasion was ordered for this client before."""

    code = "duplicate_event"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person orders."""

    event_date: date
    title: str
    client_ids: Sequence[str] = ()
    segment: str = ""
    title_instrumental: str = ""
    tone: str = ""
    note: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class ManualResult:
    """What became of the order, client by client."""

    made: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


class Manual:
    """Orders of people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def order(self, wish: Wish, actor: Actor) -> ManualResult:
        """Make the events; one client that has it already is a conflict, many are listed."""
        self._check(wish)
        result = ManualResult()
        with self._parts.db.tx() as conn:
            people = self._people(conn, wish)
            rows = []
            for client in people:
                reason = eligible_otherwise(client, wish.event_date)
                if reason:
                    result.skipped[client.id] = reason
                else:
                    rows.append(self._row(wish, client, actor))
            made = set(insert_new(conn, events, rows, ["client_id", "event_key", "occasion_year"]))
            result.made = [row["id"] for row in rows if row["id"] in made]
            result.duplicates = [row["client_id"] for row in rows if row["id"] not in made]
            if not result.made and result.duplicates and len(people) == 1:
                raise DuplicateEventError(
                    "duplicate_event: this client has that occasion on that day already"
                )
            data = {"made": len(result.made), "date": wish.event_date.isoformat()}
            audit.append(conn, str(actor), "events.manual", wish.segment or "clients", data)
        return result

    def clients_of(self, wish: Wish) -> list[dict[str, Any]]:
        """The clients of an order, why some are left out, and what each would lose that day."""
        self._check(wish)
        with self._parts.db.read() as conn:
            people = self._people(conn, wish)
            day = self._day(wish, "RU")
            query = sa.select(events.c.client_id, events.c.title).where(
                among(conn, events.c.client_id, [client.id for client in people]),
                events.c.deliver_on == day,
                events.c.status.in_(["planned", "composed"]),
                events.c.rank > RANKS[MANUAL],
            )
            losses: dict[str, list[str]] = {}
            for row in conn.execute(query):
                losses.setdefault(row.client_id, []).append(row.title)
        return [
            {
                "id": client.id,
                "name": client.full_name,
                "reason": eligible_otherwise(client, wish.event_date),
                "loses": losses.get(client.id, []),
            }
            for client in people
        ]

    def draft_order(self, wish: Wish, client_id: str, conn: Connection) -> Order:
        """An order as if the event existed, to preview its text."""
        row = conn.execute(sa.select(clients).where(clients.c.id == client_id)).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no client {client_id}")
        person = client_of(conn.execute(sa.select(*NEEDED).where(clients.c.id == client_id)).one())
        event = {"run_id": None, **self._row(wish, person, Actor("operator"))}
        return Order(event, dict(row))

    def _check(self, wish: Wish) -> None:
        if not wish.title.strip() or len(wish.title) > LONGEST_TITLE:
            raise InputError(f"title: 1..{LONGEST_TITLE} characters, for example Юбилей компании")
        if wish.event_date < self._parts.today():
            raise InputError(f"event_date: {wish.event_date} is past; choose today or a later day")
        if wish.tone not in TONES:
            raise InputError(f"tone: {wish.tone!r} is not one of official, warm")
        if bool(wish.client_ids) == bool(wish.segment):
            raise InputError("name either clients (client_id, client_ids) or a segment")
        if len(set(wish.client_ids)) > MOST_CLIENTS:
            raise InputError(f"client_ids: at most {MOST_CLIENTS} at once")
        if wish.segment and wish.segment not in SEGMENT_ORDER:
            raise InputError(f"segment: {wish.segment!r} is not one of {', '.join(SEGMENT_ORDER)}")

    def _people(self, conn: Connection, wish: Wish) -> list[Client]:
        alive = (clients.c.deleted_at.is_(None), clients.c.erased_at.is_(None))
        query = sa.select(*NEEDED).where(*alive).order_by(clients.c.id)
        if wish.segment:
            query = query.where(clients.c.segment == wish.segment)
        else:
            query = query.where(among(conn, clients.c.id, sorted(set(wish.client_ids))))
        people = [client_of(row) for row in conn.execute(query)]
        missing = set(wish.client_ids) - {client.id for client in people}
        if missing:
            raise NotFoundError(f"there is no client {sorted(missing)[0]}")
        standings = Standings(self._parts, conn).of(people) if people else {}
        from dataclasses import replace

        return [replace(client, standing=standings[client.id]) for client in people]

    def _day(self, wish: Wish, country: str) -> date:
        shift = self._parts.settings.holiday_day_off
        natural = deliver_on(wish.event_date, shift, self._parts.calendar(), country)
        return max(natural, self._parts.today())

    def _row(self, wish: Wish, client: Client, actor: Actor) -> dict[str, Any]:
        name = (
            f"{client.id}|{wish.event_date.isoformat()}|{' '.join(wish.title.split()).casefold()}"
        )
        day = self._day(wish, client.country)
        notes = {**wish.metadata, "note": wish.note, "kind": MANUAL}
        return {
            "id": new_id(),
            "client_id": client.id,
            "event_type": MANUAL,
            "event_key": f"manual:{uuid5(_NAMES, name)}",
            "holiday_id": None,
            "occasion_date": wish.event_date,
            "occasion_year": wish.event_date.year,
            "deliver_on": day,
            "title": " ".join(wish.title.split()),
            "title_instrumental": " ".join(wish.title_instrumental.split()),
            "tone": wish.tone,
            "metadata": {**notes, "natural_on": day.isoformat()},
            "match_reason": "",
            "score": 0,
            "rank": RANKS[MANUAL],
            "status": "planned",
            "reason": "",
            "created_by": str(actor),
        }

    def greet_anyway(self, event_id: str, actor: Actor) -> None:
        """Greet on an occasion that another one superseded; the gates still hold (D34)."""
        with self._parts.db.tx() as conn:
            row = get_event(conn, event_id)
            if row["status"] not in ("superseded", "capped"):
                raise ConflictError(
                    f"an event that is {row['status']} cannot be greeted anyway, "
                    "only a superseded or capped one"
                )
            late = self._parts.settings.greeting_max_late_days
            if (self._parts.today() - row["deliver_on"]).days > late:
                raise ConflictError("the day of this occasion is over")
            notes = {**(row["metadata"] or {}), "forced": True}
            new = {"status": "planned", "reason": "", "superseded_by": None, "metadata": notes}
            conn.execute(events.update().where(events.c.id == event_id).values(**new))
            audit.append(conn, str(actor), "event.greet_anyway", event_id)

    def skip(self, event_id: str, actor: Actor, reason: str) -> str | None:
        """Leave an occasion out; the id of its draft, which the caller skips, if there is one."""
        from povod.store.tables import greetings

        with self._parts.db.tx() as conn:
            row = get_event(conn, event_id)
            if row["status"] not in ("planned", "composed"):
                raise ConflictError(f"an event that is {row['status']} cannot be skipped")
            query = sa.select(greetings.c.id).where(greetings.c.event_id == event_id)
            draft: str | None = conn.execute(query).scalar()
            if draft is None:
                new = {"status": "skipped", "reason": reason.strip() or "by_hand"}
                conn.execute(events.update().where(events.c.id == event_id).values(**new))
                audit.append(conn, str(actor), "event.skip", event_id, {"reason": reason})
        return draft


def get_event(conn: Connection, event_id: str) -> Mapping[str, Any]:
    """The row of an event, locked until the transaction ends."""
    query = sa.select(events).where(events.c.id == event_id).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no event {event_id}")
    return dict(row)


def preview_of(text: Text) -> dict[str, Any]:
    """A text as a preview shows it."""
    rendered = text.rendered
    return {
        "subject": rendered.subject,
        "body": rendered.body,
        "wish": rendered.wish,
        "text": rendered.text,
    }


__all__ = ["DuplicateEventError", "Manual", "ManualResult", "Wish", "display_name", "preview_of"]
