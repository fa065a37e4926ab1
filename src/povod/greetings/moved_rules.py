"""A rule got another day: unsent events, drafts and messages follow it (G54)."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.calendar.catalogue import holiday_of
from povod.greetings.calendar.rules import occurrence
from povod.greetings.calendar.shift import deliver_on
from povod.greetings.detector import Finder
from povod.greetings.parts import Parts
from povod.greetings.refresh import follow_event
from povod.greetings.withdraw import withdraw
from povod.store.tables import clients, events, greetings, holidays

RULE_MOVED = "rule_moved"
_UNSENT = ("generated", "needs_approval", "approved", "rejected")


def follow_rule(parts: Parts, conn: Connection, code: str) -> int:
    """Give the unsent events of a rule the day it has now; how many moved.

    An event whose new day is over, or that has none in its year, ends with a reason.
    """
    query = sa.select(holidays).where(holidays.c.code == code)
    holiday = holiday_of(conn.execute(query).mappings().one())
    shift = Finder([], parts.today(), parts.options()).shift_of(holiday)
    live = (
        sa.select(events, clients.c.country)
        .join(clients, clients.c.id == events.c.client_id)
        .where(events.c.event_key == f"holiday:{code}")
        .where(events.c.status.in_(["planned", "composed"]))
    )
    moved = 0
    for row in conn.execute(live).mappings().all():
        day = occurrence(holiday.rule, row["occasion_year"])
        if day is None or day < parts.today():
            if withdraw(parts, conn, row["id"], RULE_MOVED):
                _set(conn, row["id"], status="cancelled", reason=RULE_MOVED)
            continue
        natural = deliver_on(day, shift, parts.calendar(), row["country"])
        if row["occasion_date"] == day and row["metadata"].get("natural_on") == natural.isoformat():
            continue
        notes = {**row["metadata"], "natural_on": natural.isoformat()}
        sent = max(natural, parts.today())
        _set(conn, row["id"], occasion_date=day, deliver_on=sent, metadata=notes)
        _follow(parts, conn, row["id"])
        moved += 1
    return moved


def _follow(parts: Parts, conn: Connection, event_id: str) -> None:
    draft = sa.select(greetings.c.id).where(
        greetings.c.event_id == event_id, greetings.c.status.in_(_UNSENT)
    )
    greeting_id = conn.execute(draft).scalar()
    if greeting_id is not None:
        follow_event(parts, conn, greeting_id)


def _set(conn: Connection, event_id: str, **values: object) -> None:
    conn.execute(events.update().where(events.c.id == event_id).values(**values))
