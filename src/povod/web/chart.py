"""Geometry of the month's bar chart; the template only draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# The drawing is 960 wide and 220 high; bars stand between these edges.
LEFT, RIGHT, TOP, BOTTOM = 40, 944, 12, 188
GRID_LINES = 4
NICE = (1, 2, 4, 5, 10)


@dataclass(frozen=True)
class Day:
    """Letters and replies of one day."""

    day: date
    sent: int
    replied: int


@dataclass(frozen=True)
class Bar:
    """One bar: whose it is, how much, and where it stands."""

    kind: str
    day: date
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A line of the grid with its number."""

    value: int
    y: float


@dataclass(frozen=True)
class Tick:
    """A date below the axis."""

    day: date
    x: float


@dataclass(frozen=True)
class Chart:
    """Everything to draw, and the sums that the picture stands for."""

    days: Sequence[Day]
    bars: Sequence[Bar]
    lines: Sequence[Line]
    ticks: Sequence[Tick]
    sent: int
    replied: int

    @property
    def busy_days(self) -> list[Day]:
        """Days on which something happened, newest first."""
        return [day for day in reversed(self.days) if day.sent or day.replied]


def draw(days: Sequence[Day]) -> Chart:
    """Two bars a day: letters, and beside them replies."""
    top = nice_top(max((max(day.sent, day.replied) for day in days), default=0))
    slot = (RIGHT - LEFT) / max(len(days), 1)
    bars = [
        bar
        for place, day in enumerate(days)
        for bar in _bars_of(day, LEFT + place * slot, slot, top)
    ]
    lines = [
        Line(top * step // GRID_LINES, _y(top * step // GRID_LINES, top))
        for step in range(GRID_LINES + 1)
        if (top * step) % GRID_LINES == 0
    ]
    # Counted from the last day, so that today always has its label.
    ticks = [
        Tick(day.day, round(LEFT + (place + 0.5) * slot, 1))
        for place, day in enumerate(days)
        if (len(days) - 1 - place) % 5 == 0
    ]
    sums = sum(day.sent for day in days), sum(day.replied for day in days)
    return Chart(days, bars, lines, ticks, *sums)


def nice_top(most: int) -> int:
    """The end of a scale: the next of 1, 2, 4, 5 times a power of ten."""
    power = 1
    while True:
        for step in NICE:
            if step * power >= most:
                return step * power
        power *= 10


def _bars_of(day: Day, x: float, slot: float, top: int) -> list[Bar]:
    width = round(slot * 0.38, 1)
    places = (("sent", day.sent, slot * 0.1), ("replied", day.replied, slot * 0.52))
    return [
        Bar(
            kind=kind,
            day=day.day,
            value=value,
            x=round(x + shift, 1),
            y=_y(value, top),
            width=width,
            height=round(BOTTOM - _y(value, top), 1),
        )
        for kind, value, shift in places
        if value
    ]


def _y(value: int, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)
