"""When a greeting may leave and when it is too late (G43). Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True)
class GreetingHours:
    """The span in which a greeting may be sent, and the daily window, in the client's zone."""

    not_before: datetime
    expires_at: datetime
    window_start: str
    window_end: str
    zone: str


def hours_of(
    *,
    deliver_on: date,
    occasion_date: date,
    zone: str,
    default_zone: str,
    opens: time,
    closes: time,
    max_late_days: int,
) -> GreetingHours:
    """From the opening on the day of delivery to the closing on the last day it may be late.

    A wish that arrives before its occasion is not sent after the occasion's day.
    """
    name = zone if is_zone(zone) else default_zone
    last = deliver_on + timedelta(days=max_late_days)
    if deliver_on < occasion_date:
        last = min(last, occasion_date)
    return GreetingHours(
        not_before=_instant(deliver_on, opens, name),
        expires_at=_instant(last, closes, name),
        window_start=f"{opens:%H:%M}",
        window_end=f"{closes:%H:%M}",
        zone=name,
    )


def is_zone(name: str) -> bool:
    """True if there is a time zone of that name."""
    if not name:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
