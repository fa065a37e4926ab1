"""One month of the calendar: days of rules, and how many occasions stand on each day."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.calendar.catalogue import holiday_of
from povod.greetings.calendar.rules import occurrence
from povod.greetings.views import holiday_rows
from povod.store.tables import events

WEEK = 7


@dataclass
class Day:
    """A day with the rules that fall on it and the occasions to be delivered on it."""

    on: date
    inside: bool
    holidays: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Occasions of all types."""
        return sum(self.counts.values())


def month_of(conn: Connection, first: date) -> list[list[Day]]:
    """The weeks that the month of `first` touches, from Monday on."""
    start = first.replace(day=1)
    after = (start + timedelta(days=31)).replace(day=1)
    monday = start - timedelta(days=start.weekday())
    sunday = after + timedelta(days=(WEEK - after.weekday()) % WEEK)
    counts = _counts(conn, monday, sunday)
    rules = _rules(conn, {monday.year, sunday.year})
    days = [monday + timedelta(days=place) for place in range((sunday - monday).days)]
    made = [Day(on, start <= on < after, rules.get(on, []), counts.get(on, {})) for on in days]
    return [made[place : place + WEEK] for place in range(0, len(made), WEEK)]


def _counts(conn: Connection, since: date, until: date) -> dict[date, dict[str, int]]:
    live = events.c.status.in_(["planned", "composed", "closed"])
    query = (
        sa.select(events.c.deliver_on, events.c.event_type, sa.func.count())
        .where(live, events.c.deliver_on >= since, events.c.deliver_on < until)
        .group_by(events.c.deliver_on, events.c.event_type)
    )
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for day, kind, count in conn.execute(query):
        found[day][str(kind)] = int(count)
    return found


def _rules(conn: Connection, years: set[int]) -> dict[date, list[dict[str, Any]]]:
    found: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in holiday_rows(conn, enabled=True):
        for year in years:
            day = occurrence(holiday_of(row).rule, year)
            if day is not None:
                found[day].append(row)
    return found
