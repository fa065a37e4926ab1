"""Hours in which mail may leave, computed in named zones (D44, D45).

Pure functions. Local times that a clock change skips move forward; doubled ones count from the
first for opening and to the second for closing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from povod.kit.days import instant

LEAST_OVERLAP = timedelta(minutes=60)
SEARCH_DAYS = 400

DayFilter = Callable[[date], bool]


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, both included, on every day of `zone`; may pass midnight."""

    start: time
    end: time
    zone: str

    def on(self, day: date) -> "Span":
        """Opening and closing on `day`, in UTC."""
        last = day + timedelta(days=1) if self.end < self.start else day
        return Span(instant(day, self.start, self.zone, 0), instant(last, self.end, self.zone, 1))


@dataclass(frozen=True)
class Span:
    """From `opens` to `closes`, both included."""

    opens: datetime
    closes: datetime

    def meet(self, other: "Span") -> "Span":
        """What both have in common; empty when it closes before it opens."""
        return Span(max(self.opens, other.opens), min(self.closes, other.closes))

    @property
    def length(self) -> timedelta:
        """How long it is open."""
        return self.closes - self.opens


def every_day(_: date) -> bool:
    """The day filter of SEND_DAYS=all."""
    return True


@dataclass(frozen=True)
class Hours:
    """When one message may leave: the sender's window, the recipient's, and which counts."""

    sender: Window
    recipient: Window | None = None
    whose: str = "both"
    is_open_day: DayFilter = every_day

    def on(self, day: date) -> Span | None:
        """The open span of a day, None on a closed day."""
        if not self.is_open_day(day):
            return None
        if self.recipient is None or self.whose == "sender":
            return self.sender.on(day)
        theirs = self.recipient.on(day)
        if self.whose == "recipient":
            return theirs
        common = theirs.meet(self.sender.on(day))
        return common if common.length >= LEAST_OVERLAP else theirs

    def next_open(self, moment: datetime) -> datetime | None:
        """The first instant at or after `moment` that is open; None if no day ever is."""
        zone = ZoneInfo(self.sender.zone)
        # Two days back: zones differ by up to 26 hours, and a window may pass midnight.
        first = moment.astimezone(zone).date() - timedelta(days=2)
        for step in range(SEARCH_DAYS):
            span = self.on(first + timedelta(days=step))
            if span is not None and span.opens <= span.closes and moment <= span.closes:
                return max(moment, span.opens)
        return None

    def is_open(self, moment: datetime, grace: timedelta = timedelta()) -> bool:
        """True inside the window, or not longer than `grace` after its closing."""
        if self.next_open(moment) == moment:
            return True
        return bool(grace) and self.next_open(moment - grace) not in (None, self.next_open(moment))
