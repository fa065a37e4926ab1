"""Planning: when each message is to leave (D46).

Every lane keeps a distance between its messages, whoever plans. Real spacing is kept again at the
claim, per mailbox (D47).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.hours import hours_for
from povod.delivery.moves import Message
from povod.delivery.windows import Hours
from povod.kit.days import next_midnight
from povod.kit.settings import Settings
from povod.store.tables import mx_cache
from povod.store.tables import settings as settings_table
from povod.store.upsert import insert_new

GREETING_DELAY = (20.0, 60.0)
"""Seconds between greetings: wishes for one day cannot wait for hours (D47)."""


@dataclass(frozen=True)
class Lane:
    """What a lane remembers: its last slot, and how many slots its last day holds."""

    name: str
    last: datetime | None
    day: str
    count: int


def lane_of(conn: Connection, settings: Settings, message: Message) -> str:
    """`greeting`, or RU / OTHER by forced domains and MX answers at hand."""
    if message["kind"] == "greeting":
        return "greeting"
    if not settings.routing_enabled:
        return "OTHER"
    domain = message["recipient_domain"]
    if domain in settings.routing_force_ru_domains:
        return "RU"
    query = sa.select(mx_cache.c.mx_class).where(mx_cache.c.id == f"mx:{domain}")
    return "RU" if conn.execute(query).scalar() == "RU" else "OTHER"


def plan(
    conn: Connection, settings: Settings, message: Message, now: datetime, cap: int
) -> datetime:
    """The message's slot, booked in its lane. `cap` is how many a day the lane's mailboxes take."""
    lane = _locked_lane(conn, _lane_name(conn, settings, message, now))
    hours = hours_for(settings, message)
    slot = next_slot(lane, hours, now, delays(settings, message), message["not_before"])
    zone = settings.app_timezone
    if cap and _day(slot, zone) == lane.day and lane.count >= cap:
        tomorrow = next_midnight(slot, zone)
        slot = next_slot(lane, hours, tomorrow, delays(settings, message), message["not_before"])
    count = lane.count + 1 if _day(slot, zone) == lane.day else 1
    _save(conn, Lane(lane.name, slot, _day(slot, zone), count))
    return slot


def _lane_name(conn: Connection, settings: Settings, message: Message, now: datetime) -> str:
    """Greetings of each day and zone have a lane of their own.

    One for next week must not delay those of tomorrow, nor one for Kaliningrad push another out of
    the morning of Vladivostok.
    """
    name = lane_of(conn, settings, message)
    if message["kind"] != "greeting":
        return name
    first = max(now, message["not_before"] or now)
    return f"{name}:{_day(first, settings.app_timezone)}:{message['window_zone']}"


def next_slot(
    lane: Lane,
    hours: Hours,
    now: datetime,
    delay: tuple[timedelta, timedelta],
    not_before: datetime | None = None,
) -> datetime:
    """max(now, last slot) plus a delay; outside the window, its opening plus a fresh delay."""
    start = max(now, lane.last or now, not_before or now)
    slot = start + delay[0]
    opening = hours.next_open(slot)
    if opening is None or opening == slot:
        return slot
    later = opening + delay[1]
    return hours.next_open(later) or later


def delays(settings: Settings, message: Message) -> tuple[timedelta, timedelta]:
    """Two delays of this message: unpredictable outside, the same at every planning."""
    low, high = settings.send_delay_min_seconds, settings.send_delay_max_seconds
    if message["kind"] == "greeting":
        low, high = min(low, GREETING_DELAY[0]), min(high, GREETING_DELAY[1])
    seed = hashlib.sha256(f"slot|{message['id']}".encode()).digest()
    draw = Random(seed)  # noqa: S311 - spacing, not a secret
    first, second = draw.uniform(low, max(low, high)), draw.uniform(low, max(low, high))
    return timedelta(seconds=first), timedelta(seconds=second)


def _day(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _locked_lane(conn: Connection, name: str) -> Lane:
    row_id = f"lane:{name}"
    insert_new(conn, settings_table, [{"id": row_id, "value": {}}], ["id"])
    query = sa.select(settings_table.c.value).where(settings_table.c.id == row_id)
    value = conn.execute(query.with_for_update()).scalar_one()
    last = value.get("last")
    moment = datetime.fromisoformat(last) if last else None
    return Lane(name, moment, value.get("day", ""), value.get("count", 0))


def _save(conn: Connection, lane: Lane) -> None:
    last = lane.last.isoformat() if lane.last else ""
    value = {"last": last, "day": lane.day, "count": lane.count}
    row = settings_table.c.id == f"lane:{lane.name}"
    conn.execute(settings_table.update().where(row).values(value=value))
