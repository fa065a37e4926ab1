"""From clients and the calendar to rows of `events` (G34, G39, G44, G49).

Clients are read in batches; each batch is written in one transaction by upserts that change
nothing the second time. What may be greeted among them is decided afterwards, from the rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.greetings.calendar.catalogue import load_rules
from povod.greetings.detector import LATE, NOT_BEST, Finder, Found, acting
from povod.greetings.eligibility import COUNTED_ONLY, REASONS
from povod.greetings.matching import Matcher, trade_words
from povod.greetings.model import Candidate, Client, Holiday
from povod.greetings.parts import Parts
from povod.greetings.people import NEEDED, client_of, unchecked
from povod.greetings.standing import Standings
from povod.kit.ids import new_id
from povod.store.bulk import among, bulk_insert
from povod.store.tables import clients, events, holidays

log = structlog.get_logger()

BATCH = 1000
CURABLE = frozenset(REASONS) - {"year_cap", "cooldown"}
"""Reasons that may end: the event is looked at again as long as its day is ahead."""

Key = tuple[str, str, int]
Tick = Callable[[], None]


@dataclass
class Planned:
    """What detecting did."""

    scanned: int = 0
    known: int = 0
    new: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, str]] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)


class Planner:
    """Finds occasions and keeps them as events."""

    def __init__(self, parts: Parts, tick: Tick = lambda: None) -> None:
        self._parts = parts
        self._tick = tick

    def plan(self, run_id: str | None, today: date, missed_since: date | None = None) -> Planned:
        """Store every occasion of the span that is not stored yet."""
        planned = Planned()
        finder = self.finder(today, missed_since)
        for batch in self._batches(finder, planned):
            found = [item for client in batch for item in finder.found(client)]
            if found:
                self._work_on(finder, found, run_id, planned)
            self._tick()
        return planned

    def _work_on(
        self, finder: Finder, found: Sequence[Found], run_id: str | None, planned: Planned
    ) -> None:
        planned.scanned += len(found)
        with self._parts.db.read() as conn:
            stored = _stored(conn, found)
        news = []
        for item in found:
            known = stored.get(key_of_found(item))
            planned.known += known is not None and known.status in ("composed", "closed")
            if _may_change(finder, item, known):
                news.append(item)
        candidates = self._judged(finder, news, stored)
        if candidates:
            self._store(candidates, stored, run_id, planned)

    def look(self, today: date, days: int | None = None) -> list[tuple[Client, Candidate]]:
        """The same without writing anything: who, what, when, and why not."""
        finder = self.finder(today, None, days)
        answer: list[tuple[Client, Candidate]] = []
        for batch in self._batches(finder, Planned()):
            people = {client.id: client for client in batch}
            found = [item for client in batch for item in finder.found(client)]
            answer += [(people[c.client_id], c) for c in self._judged(finder, found, {})]
        return answer

    def finder(self, today: date, missed_since: date | None, days: int | None = None) -> Finder:
        """The rules as they stand now, for the span around `today`."""
        rules, matcher = rule_book(self._parts)
        return Finder(rules, today, self._parts.options(missed_since, days), matcher)

    def _batches(self, finder: Finder, planned: Planned) -> Iterator[list[Client]]:
        last = ""
        with self._parts.db.read() as conn:
            concerned = _concerned(conn, finder)
        while True:
            query = sa.select(*NEEDED).where(
                clients.c.deleted_at.is_(None), clients.c.erased_at.is_(None), concerned
            )
            if last:
                query = query.where(clients.c.id > last)
            with self._parts.db.read() as conn:
                rows = conn.execute(query.order_by(clients.c.id).limit(BATCH)).all()
            if not rows:
                return
            last = rows[-1].id
            yield [client for client in (_read(row, planned) for row in rows) if client]

    def _judged(
        self, finder: Finder, found: Sequence[Found], stored: Mapping[Key, Any]
    ) -> list[Candidate]:
        """Candidates; delivery is asked about new occasions and about those that it stopped."""
        asked = [item for item in found if _is_open(stored.get(key_of_found(item)))]
        people = {item.client.id: item.client for item in asked}
        known: dict[str, Client] = {}
        if people:
            with self._parts.db.read() as conn:
                standings = Standings(self._parts, conn).of(list(people.values()))
            known = {name: replace(c, standing=standings[name]) for name, c in people.items()}
        return [
            finder.judge(replace(item, client=known.get(item.client.id, item.client)))
            for item in found
        ]

    def _store(
        self,
        candidates: Sequence[Candidate],
        stored: Mapping[Key, Any],
        run_id: str | None,
        planned: Planned,
    ) -> None:
        wanted = []
        for candidate in candidates:
            if candidate.reason in COUNTED_ONLY:
                planned.counted[f"{candidate.code}:{candidate.reason}"] += 1
            else:
                wanted.append(candidate)
        new = [c for c in wanted if key_of(c) not in stored]
        with self._parts.db.tx() as conn:
            rows = [event_row(c, run_id) for c in new]
            bulk_insert(conn, events, rows, ["client_id", "event_key", "occasion_year"])
            for candidate in wanted:
                if key_of(candidate) in stored:
                    self._reconsider(conn, candidate, stored[key_of(candidate)], planned)
        for candidate in new:
            planned.new[candidate.event_type] += 1
            planned.by_rule[candidate.event_key] += 1
            if candidate.reason:
                planned.reasons[candidate.reason] += 1

    def _reconsider(
        self, conn: Connection, candidate: Candidate, stored: Any, planned: Planned
    ) -> None:
        """A known event follows what changed: its day, or whether the client may be greeted."""
        changes = _changes(candidate, stored)
        if not changes:
            return
        if "deliver_on" in changes:
            notes = conn.execute(sa.select(events.c.metadata).where(events.c.id == stored.id))
            changes["metadata"] = {**(notes.scalar() or {}), **_notes(candidate)}
        conn.execute(events.update().where(events.c.id == stored.id).values(**changes))
        if "deliver_on" in changes:
            planned.moved.append(stored.id)


def _read(row: Any, planned: Planned) -> Client | None:
    """A broken row costs its client, not the run (G49)."""
    try:
        return client_of(row)
    except (TypeError, ValueError, AttributeError) as error:
        log.warning("greetings.client_unreadable", client=row.id, error=type(error).__name__)
        planned.errors.append({"client": row.id, "cause": str(error)})
        return None


def rule_book(parts: Parts) -> tuple[list[Holiday], Matcher]:
    """The rules and what trades they were matched with; read anew when somebody changed one."""
    state = sa.select(
        sa.func.count(), sa.func.sum(holidays.c.version), sa.func.max(holidays.c.updated_at)
    )
    with parts.db.read() as conn:
        stamp = tuple(conn.execute(state).one())
        known = parts.memory.get("rules")
        if known is None or known[0] != stamp:
            rules = load_rules(conn)
            known = parts.memory["rules"] = (stamp, rules, Matcher(acting(rules)))
    return known[1], known[2]


def _concerned(conn: Connection, finder: Finder) -> sa.ColumnElement[bool]:
    """Who can have an occasion in the span at all; everybody when a public day lies in it."""
    if finder.concerns_all:
        return sa.true()
    table = clients.c
    by_month: dict[int, list[int]] = {}
    for month, day in finder.birthdays:
        by_month.setdefault(month, []).append(day)
    either = [
        sa.and_(table.birth_month == month, table.birth_day.in_(some))
        for month, some in by_month.items()
    ]
    if finder.trade_rules:
        classes = {code[:2] for rule in finder.trade_rules for code in rule.okved if code != "*"}
        either.append(sa.func.substr(table.okved, 1, 2).in_(sorted(classes)))
        words = {trade_words(word) for rule in finder.trade_rules for word in rule.professions}
        named = (table.profession, table.position)
        either += [among(conn, column, _spelled(conn, column, words)) for column in named]
        either.append(sa.cast(table.preferences, sa.Text).contains("holidays_on"))
    return sa.or_(sa.false(), *either)


def _spelled(
    conn: Connection, column: sa.ColumnElement[str], words: set[tuple[str, ...]]
) -> list[str]:
    """How the book spells these professions: there are far fewer spellings than clients."""
    spellings = conn.execute(sa.select(column).distinct()).scalars()
    return sorted(text for text in spellings if text and trade_words(text) in words)


def key_of_found(found: Found) -> Key:
    """The key of an occasion before it was judged."""
    key = f"holiday:{found.holiday.code}" if found.holiday else found.event_type
    return (found.client.id, key, found.when.occasion.year)


def _is_open(stored: Any) -> bool:
    """True if who may be greeted is still a question: a new occasion, or one that was stopped."""
    return stored is None or stored.status == "skipped"


def _may_change(finder: Finder, found: Found, stored: Any) -> bool:
    """Whether looking closer can change anything about an occasion that is known."""
    if _is_open(stored):
        return True
    if stored.natural_on != found.when.natural.isoformat():
        return True
    return stored.status == "planned" and bool(finder.objection(found))


def key_of(candidate: Candidate) -> Key:
    """What makes an occasion the same one (G39)."""
    return (candidate.client_id, candidate.event_key, candidate.occasion_year)


def _stored(conn: Connection, found: Sequence[Found]) -> dict[Key, Any]:
    """The events of these clients and years, by key."""
    people = sorted({item.client.id for item in found})
    years = sorted({item.when.occasion.year for item in found})
    columns = ("id", "client_id", "event_key", "occasion_year", "reason")
    natural = events.c.metadata["natural_on"].as_string().label("natural_on")
    status = unchecked(events.c.status)
    query = sa.select(*(events.c[name] for name in columns), status, natural).where(
        among(conn, events.c.client_id, people), events.c.occasion_year.in_(years)
    )
    rows = conn.execute(query)
    return {(row.client_id, row.event_key, row.occasion_year): row for row in rows}


def event_row(candidate: Candidate, run_id: str | None) -> dict[str, Any]:
    """A candidate as a new row of `events`."""
    return {
        "id": new_id(),
        "client_id": candidate.client_id,
        "event_type": candidate.event_type,
        "event_key": candidate.event_key,
        "holiday_id": candidate.holiday_id,
        "occasion_date": candidate.occasion_date,
        "occasion_year": candidate.occasion_year,
        "deliver_on": candidate.deliver_on,
        "title": candidate.title,
        "title_instrumental": candidate.title_instrumental,
        "tone": candidate.tone,
        "metadata": _notes(candidate),
        "match_reason": candidate.match_reason,
        "score": candidate.score,
        "rank": candidate.rank,
        "status": "skipped" if candidate.reason else "planned",
        "reason": candidate.reason,
        "run_id": run_id,
    }


def _notes(candidate: Candidate) -> dict[str, Any]:
    natural = candidate.natural_on or candidate.deliver_on
    notes: dict[str, Any] = {"kind": candidate.kind, "natural_on": natural.isoformat()}
    if candidate.code:
        notes["code"] = candidate.code
    if candidate.provisional:
        notes["provisional"] = True
    return notes


def _changes(candidate: Candidate, stored: Any) -> dict[str, Any]:
    """What a stored, unsent event takes over from what was found today."""
    if candidate.reason == LATE or stored.status in ("closed", "cancelled"):
        return {}
    changes: dict[str, Any] = {}
    natural = (candidate.natural_on or candidate.deliver_on).isoformat()
    if (stored.natural_on or natural) != natural:
        changes["occasion_date"] = candidate.occasion_date
        changes["deliver_on"] = candidate.deliver_on
    curable = CURABLE | {NOT_BEST}
    if stored.status == "planned" and candidate.reason in curable:
        changes |= {"status": "skipped", "reason": candidate.reason}
    elif stored.status == "skipped" and stored.reason in curable - {candidate.reason}:
        status = "skipped" if candidate.reason else "planned"
        changes |= {"status": status, "reason": candidate.reason}
    return changes
