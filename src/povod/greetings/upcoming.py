"""What lies ahead: the next days of rules, the occasions of one client."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from povod.greetings.calendar.catalogue import holiday_of
from povod.greetings.calendar.rules import occurrence
from povod.greetings.calendar.shift import deliver_on
from povod.greetings.detector import Finder
from povod.greetings.model import Options
from povod.greetings.parts import Parts
from povod.greetings.people import NEEDED, client_of
from povod.greetings.planning import Planner
from povod.greetings.standing import Standings
from povod.kit.errors import InputError, NotFoundError
from povod.store.tables import clients, events

MOST_MONTHS = 24
DAYS_A_MONTH = 31


def with_next_dates(parts: Parts, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules with `next_date`, `next_deliver_on` and `provisional`."""
    today, options = parts.today(), parts.options()
    finder = Finder([], today, options)
    return [{**row, **_next(row, today, options, finder)} for row in rows]


def _next(row: Mapping[str, Any], today: date, options: Options, finder: Finder) -> dict[str, Any]:
    holiday = holiday_of(row)
    days = (occurrence(holiday.rule, today.year + ahead) for ahead in range(9))
    day = next((day for day in days if day is not None and day >= today), None)
    if day is None:
        return {"next_date": None, "next_deliver_on": None, "provisional": False}
    sent = deliver_on(day, finder.shift_of(holiday), options.calendar)
    provisional = sent != day and options.calendar.is_provisional(day)
    return {"next_date": day, "next_deliver_on": sent, "provisional": provisional}


def occasions_of(parts: Parts, client_id: str, months: int) -> list[dict[str, Any]]:
    """The occasions of one client, soonest first; each with its stored event, if there is one."""
    if not 1 <= months <= MOST_MONTHS:
        raise InputError(f"months: {months} is not within 1..{MOST_MONTHS}")
    today = parts.today()
    finder = Planner(parts).finder(today, None, months * DAYS_A_MONTH)
    with parts.db.read() as conn:
        row = conn.execute(sa.select(*NEEDED).where(clients.c.id == client_id)).first()
        if row is None:
            raise NotFoundError(f"there is no client {client_id}")
        client = client_of(row)
        standing = Standings(parts, conn).of([client])[client_id]
        stored = {
            (event.event_key, event.occasion_year): event
            for event in conn.execute(sa.select(events).where(events.c.client_id == client_id))
        }
    from dataclasses import replace

    found = [finder.judge(item) for item in finder.found(replace(client, standing=standing))]
    rows = []
    for one in sorted(found, key=lambda candidate: (candidate.deliver_on, candidate.rank)):
        event = stored.get((one.event_key, one.occasion_year))
        rows.append(
            {
                "date": one.occasion_date,
                "deliver_on": one.deliver_on,
                "title": one.title,
                "event_key": one.event_key,
                "match_reason": one.match_reason,
                "reason": event.reason if event else one.reason,
                "status": event.status if event else "",
                "event_id": event.id if event else "",
                "provisional": one.provisional,
            }
        )
    return rows
