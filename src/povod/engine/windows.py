"""Execution windows: work that may run only at certain hours of a named zone.

A window is written `[DAYS ]HH:MM-HH:MM[ ZONE]`: `00:00-08:00 UTC+3`,
`mon-fri 09:00-18:00 Europe/Moscow`, `22:00-06:00 Asia/Yekaterinburg`. Its end is not part of it,
it may pass midnight (its day is then the one on which it opens), and `24:00` is a valid end.
Hours are what a clock on the wall of that zone shows, so a window follows summer time; during the
hour that a change of clocks skips nothing opens, and in the one it repeats a window is open twice.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from povod.kit.errors import InputError

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))
_DAY = timedelta(days=1)
_SHAPE = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)\s+)?"
    r"(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})"
    r"(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"UTC([+-])(\d{1,2})(?::(\d{2}))?", re.IGNORECASE)


def parse_zone(name: str) -> tzinfo:
    """The zone called `name`: an IANA name, or a fixed `UTC+3`; `InputError` for others."""
    if offset := _OFFSET.fullmatch(name):
        sign = -1 if offset[1] == "-" else 1
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if shift < _DAY:
            return timezone(sign * shift)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"time zone {name!r} is not known; use a name such as Europe/Moscow, or UTC+3"
        ) from None


@dataclass(frozen=True)
class Window:
    """Hours of a day, on some days of the week, in one zone."""

    start: timedelta
    end: timedelta
    zone: tzinfo
    days: frozenset[int] = EVERY_DAY

    @property
    def covers_everything(self) -> bool:
        """Whether there is no hour of any day at which it is closed."""
        return self.days == EVERY_DAY and self.end - self.start == _DAY

    def is_open(self, at: datetime) -> bool:
        """Whether the window is open at the instant `at`."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        today = datetime.combine(wall.date(), time())
        return any(
            day.weekday() in self.days and day + self.start <= wall < day + self._length_end
            for day in (today, today - _DAY)
        )

    def next_open(self, at: datetime) -> datetime:
        """The first instant, `at` or later, at which the window is open."""
        at = at.astimezone(UTC)
        if self.is_open(at):
            return at
        # Two weeks: a change of clocks may swallow the only opening of one week.
        today = at.astimezone(self.zone).date()
        for ahead in range(-1, 15):
            moments = self._may_change(today + ahead * _DAY, self.start)
            found = [moment for moment in moments if moment >= at and self.is_open(moment)]
            if found:
                return found[0]
        raise InputError("this window never opens")

    def next_closed(self, at: datetime) -> datetime:
        """The first instant, `at` or later, at which the window is closed."""
        at = at.astimezone(UTC)
        if not self.is_open(at):
            return at
        today = at.astimezone(self.zone).date()
        for ahead in range(-2, 15):
            moments = self._may_change(today + ahead * _DAY, self._length_end)
            shut = [moment for moment in moments if moment >= at and not self.is_open(moment)]
            if shut:
                return shut[0]
        raise InputError("this window never closes")

    @property
    def _length_end(self) -> timedelta:
        return self.end if self.end > self.start else self.end + _DAY

    def _may_change(self, day: date, hour: timedelta) -> list[datetime]:
        """The instants, in order, at which the window may open (or close) at `hour` of a day."""
        edge = datetime.combine(day, time()) + hour
        moments = [edge.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        changes = _clock_changes(self.zone, midnight, midnight + _DAY + timedelta(hours=2))
        return sorted(moments + changes)


def _clock_changes(zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    """The instant between `start` and `end` at which the clocks of the zone change, if any."""

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    if offset(start) == offset(end):
        return []
    while end - start > timedelta(seconds=1):
        middle = start + (end - start) / 2
        start, end = (start, middle) if offset(middle) != offset(start) else (middle, end)
    return [end.replace(microsecond=0)]


@lru_cache(maxsize=256)
def parse_window(text: str, zone: str = "UTC") -> Window:
    """The window that `text` describes; `zone` counts where the text names none.

    Raises `InputError` that shows a right example.
    """
    parts = _SHAPE.fullmatch(text.strip())
    if parts is None:
        raise _bad(text)
    start, end = _hours(parts["start"], text), _hours(parts["end"], text)
    if start == end or start >= _DAY:
        raise _bad(text)
    return Window(start, end, parse_zone(parts["zone"] or zone), _days(parts["days"], text))


def opening(text: str, at: datetime) -> datetime:
    """`at`, or the next opening of the window `text` after it; an empty text is always open."""
    return parse_window(text).next_open(at) if text else at


def _hours(text: str, whole: str) -> timedelta:
    hours, minutes = (int(part) for part in text.split(":"))
    value = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or value > _DAY:
        raise _bad(whole)
    return value


def _days(text: str | None, whole: str) -> frozenset[int]:
    if not text:
        return EVERY_DAY
    days: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in DAY_NAMES or (last or first) not in DAY_NAMES:
            raise _bad(whole)
        low, high = DAY_NAMES.index(first), DAY_NAMES.index(last or first)
        span = range(low, high + 1) if low <= high else [*range(low, 7), *range(high + 1)]
        days.update(span)
    return frozenset(days)


def _bad(text: str) -> InputError:
    return InputError(
        f"window {text!r} is not understood; write it like 00:00-08:00 UTC+3 "
        "or mon-fri 09:00-18:00 Europe/Moscow"
    )
