"""The window of one message, from settings and the message itself."""

from datetime import date, time
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from povod.delivery.moves import Message
from povod.delivery.windows import DayFilter, Hours, Window, every_day
from povod.kit.settings import Settings

if TYPE_CHECKING:
    from holidays import HolidayBase

_COUNTRIES = {"RU": "RU", "UK": "GB"}
SATURDAY = 5


def hours_for(settings: Settings, message: Message) -> Hours:
    """Own window of the message if it has one (greetings), else that of the settings (D44)."""
    zone = settings.app_timezone
    start, end = settings.send_window_start, settings.send_window_end
    if message["window_start"] and message["window_end"]:
        own_zone = known_zone(message["window_zone"]) or zone
        own = Window(_clock(message["window_start"]), _clock(message["window_end"]), own_zone)
        return Hours(own, is_open_day=_days(settings, message))
    theirs = known_zone(message["window_zone"] or message["metadata"].get("recipient_zone", ""))
    return Hours(
        Window(start, end, zone),
        Window(start, end, theirs) if theirs else None,
        settings.send_window_zone,
        _days(settings, message),
    )


def known_zone(name: str) -> str:
    """`name` if it is a zone, else empty."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    return name


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _days(settings: Settings, message: Message) -> DayFilter:
    if settings.send_days == "all" or message["kind"] == "greeting":
        return every_day
    return partial(is_working_day, country=_COUNTRIES.get(message["jurisdiction"], ""))


def is_working_day(day: date, country: str) -> bool:
    """True unless `day` is a weekend or a public holiday of `country` (transfers included)."""
    if not country:
        return day.weekday() < SATURDAY
    return bool(_calendar(country, day.year).is_working_day(day))


@lru_cache(maxsize=64)
def _calendar(country: str, year: int) -> "HolidayBase":
    import holidays  # half a second, needed only where working days are asked for

    return holidays.country_holidays(country, years=year)
