"""Which planned events are greeted: decided from the stored rows, so any run may continue it.

First one client per shared address (G47), then one greeting per client and day with its pauses
(G40, G41, G45), then the limit of clients per holiday (G46).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.addresses import email_key
from povod.greetings.model import SEGMENT_ORDER, TRADE_KINDS
from povod.greetings.parts import Parts
from povod.greetings.ranking import Change, Limits, Occasion, arrange
from povod.greetings.withdraw import withdraw
from povod.store.bulk import among, bulk_update
from povod.store.tables import clients, events, greetings, outreach_messages

LIVE = ("planned", "composed", "closed")
BATCH = 500
SAME_RECIPIENT, SAME_PERSON, LIMIT = "same_recipient", "same_person", "holiday_limit"
_ABOUT_A_YEAR = timedelta(days=370)
_UNDER_WAY = ("sending", "uncertain", "sent", "bounced", "replied", "unsubscribed", "complained")


class Selection:
    """Applies the rules that need several events at once."""

    def __init__(self, parts: Parts, tick: Any = lambda: None) -> None:
        self._parts = parts
        self._tick = tick

    def apply(self) -> Counter[str]:
        """Decide on all planned events; counts by reason."""
        counts: Counter[str] = Counter()
        for code, year in self._occasions():
            counts += self._shared_addresses(code, year)
        for people in self._people():
            counts += self._each(people)
            self._tick()
        for code, year in self._occasions():
            counts += self._limit(code, year)
        return counts

    def _occasions(self) -> list[tuple[str, int]]:
        """Holidays with events that are not decided yet."""
        query = (
            sa.select(events.c.event_key, events.c.occasion_year)
            .where(events.c.status.in_(["planned", "capped"]), events.c.event_type == "holiday")
            .where(events.c.deliver_on >= self._parts.today() - timedelta(days=10))
            .distinct()
        )
        with self._parts.db.read() as conn:
            return sorted((row.event_key, row.occasion_year) for row in conn.execute(query))

    def _of_occasion(
        self, conn: Connection, code: str, year: int, states: Sequence[str]
    ) -> list[Any]:
        query = (
            sa.select(
                *(events.c.id, events.c.status, events.c.client_id),
                *(clients.c.segment, clients.c.email, clients.c.is_demo),
                *(clients.c.first_name, clients.c.middle_name, clients.c.last_name),
            )
            .join(clients, clients.c.id == events.c.client_id)
            .where(
                events.c.event_key == code,
                events.c.occasion_year == year,
                events.c.status.in_(states),
            )
        )
        rows = list(conn.execute(query))
        return sorted(rows, key=_first_come)

    def _shared_addresses(self, code: str, year: int) -> Counter[str]:
        with self._parts.db.tx() as conn:
            groups: dict[str, list[Any]] = defaultdict(list)
            for row in self._of_occasion(conn, code, year, LIVE):
                if row.email:
                    groups[email_key(row.email)].append(row)
            changes: dict[str, Change] = {}
            for same in groups.values():
                for other in same[1:]:
                    if other.status == "planned":
                        reason = _same(same[0], other)
                        changes[other.id] = Change("skipped", reason)
            return _write(conn, changes)

    def _people(self) -> Iterator[list[str]]:
        query = sa.select(events.c.client_id).where(events.c.status == "planned").distinct()
        with self._parts.db.read() as conn:
            people = sorted(conn.execute(query).scalars())
        for start in range(0, len(people), BATCH):
            yield people[start : start + BATCH]

    def _each(self, people: Sequence[str]) -> Counter[str]:
        with self._parts.db.tx() as conn:
            own = _wishes(conn, people)
            changes: dict[str, Change] = {}
            composed: set[str] = set()
            for client_id, stored in self._live(conn, people).items():
                limits = _limits(self._parts.limits(), own.get(client_id))
                decided = arrange(stored, limits)
                changes |= decided
                composed |= {e.id for e in stored if e.id in decided and e.status == "composed"}
            for event_id in sorted(composed):
                withdraw(self._parts, conn, event_id, changes[event_id].reason)
            return _write(conn, changes)

    def _live(self, conn: Connection, people: Sequence[str]) -> dict[str, list[Occasion]]:
        names = ("id", "client_id", "event_type", "event_key", "occasion_year", "deliver_on")
        query = (
            sa.select(
                *(events.c[name] for name in (*names, "rank", "score", "status")),
                events.c.metadata,
                outreach_messages.c.status.label("message_status"),
            )
            .join(greetings, greetings.c.event_id == events.c.id, isouter=True)
            .join(outreach_messages, outreach_messages.c.id == greetings.c.message_id, isouter=True)
            .where(
                among(conn, events.c.client_id, people),
                events.c.status.in_(LIVE),
                events.c.deliver_on >= self._parts.today() - _ABOUT_A_YEAR,
            )
        )
        found: dict[str, list[Occasion]] = defaultdict(list)
        for row in conn.execute(query):
            found[row.client_id].append(_occasion(row))
        return found

    def _limit(self, code: str, year: int) -> Counter[str]:
        most = self._parts.settings.max_holiday_recipients
        with self._parts.db.tx() as conn:
            rows = self._of_occasion(conn, code, year, (*LIVE, "capped"))
            real = [row for row in rows if not row.is_demo]
            decided = [*_seats(real, most), *_seats([r for r in rows if r.is_demo], most)]
            changes = {}
            for row, seated in decided:
                if not seated and row.status == "planned":
                    changes[row.id] = Change("capped", LIMIT)
                elif seated and row.status == "capped":
                    changes[row.id] = Change("planned", "")
            return _write(conn, changes)


def _first_come(row: Any) -> tuple[int, int, str]:
    """Who is greeted already keeps the place; then by segment, then by id."""
    return (LIVE.index(row.status) == 0 if row.status in LIVE else 1, *_seat(row))


def _seat(row: Any) -> tuple[int, str]:
    return (SEGMENT_ORDER[row.segment], row.client_id)


def _seats(rows: Sequence[Any], most: int) -> list[tuple[Any, bool]]:
    return [(row, most == 0 or place < most) for place, row in enumerate(rows)]


def _same(one: Any, other: Any) -> str:
    names = [
        tuple(part.casefold() for part in (row.first_name, row.middle_name, row.last_name))
        for row in (one, other)
    ]
    return SAME_PERSON if names[0] == names[1] and any(names[0]) else SAME_RECIPIENT


def _occasion(row: Any) -> Occasion:
    notes: Mapping[str, Any] = row.metadata or {}
    return Occasion(
        id=row.id,
        event_type=row.event_type,
        event_key=row.event_key,
        occasion_year=row.occasion_year,
        deliver_on=row.deliver_on,
        rank=row.rank,
        score=row.score,
        status=row.status,
        by_trade=notes.get("kind") in TRADE_KINDS,
        final=row.status == "closed" or row.message_status in _UNDER_WAY,
        forced=bool(notes.get("forced")),
    )


def _wishes(conn: Connection, people: Sequence[str]) -> dict[str, Any]:
    query = sa.select(clients.c.id, clients.c.preferences).where(among(conn, clients.c.id, people))
    return {row.id: row.preferences for row in conn.execute(query)}


def _limits(usual: Limits, preferences: Any) -> Limits:
    own = (preferences or {}).get("max_per_year")
    return usual if not isinstance(own, int) else replace(usual, per_year=own)


def _write(conn: Connection, changes: Mapping[str, Change]) -> Counter[str]:
    bulk_update(conn, events, list(_rows(changes)))
    return Counter(change.reason for change in changes.values() if change.reason)


def _rows(changes: Mapping[str, Change]) -> Iterable[dict[str, Any]]:
    for event_id, change in sorted(changes.items()):
        yield {
            "id": event_id,
            "status": change.status,
            "reason": change.reason,
            "superseded_by": change.superseded_by,
        }
