"""Geometry of one key's history: steps of the price, and of the stock below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

# The drawing is 960 wide and 220 high; steps run between these edges.
LEFT, RIGHT, TOP, BOTTOM = 84, 940, 16, 182
ROOM = Decimal("0.08")
LABELS = 6


@dataclass(frozen=True)
class Point:
    """What was seen at one moment; None: no value was known."""

    at: datetime
    value: Decimal | None
    kind: str = ""


@dataclass(frozen=True)
class Dot:
    """A point in the drawing."""

    point: Point
    x: float
    y: float


@dataclass(frozen=True)
class Mark:
    """A label of an axis."""

    value: Decimal
    y: float


@dataclass(frozen=True)
class Tick:
    """A date below the drawing."""

    at: datetime
    x: float


@dataclass(frozen=True)
class History:
    """Everything to draw."""

    path: str
    dots: Sequence[Dot]
    marks: Sequence[Mark]
    ticks: Sequence[Tick]


def draw(points: Sequence[Point]) -> History | None:
    """A line of steps, for a value holds until another one is seen; None without two values."""
    known = [point for point in points if point.value is not None]
    if len(known) < 2:
        return None
    low, high = _scale([point.value for point in known if point.value is not None])
    begin, end = points[0].at, points[-1].at
    span = (end - begin).total_seconds() or 1.0

    def x_of(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * (at - begin).total_seconds() / span, 1)

    def y_of(value: Decimal) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * float((value - low) / (high - low)), 1)

    dots = [Dot(p, x_of(p.at), y_of(p.value)) for p in known if p.value is not None]
    marks = [Mark(value, y_of(value)) for value in (low, (low + high) / 2, high)]
    step = max(1, -(-len(points) // LABELS))
    ticks = [Tick(point.at, x_of(point.at)) for point in _spread(points, step, x_of)]
    return History(_path(points, x_of, y_of), dots, marks, ticks)


def _scale(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Whole numbers around the values, with a little room; never below nothing."""
    low, high = min(values), max(values)
    room = max((high - low) * ROOM, Decimal(1))
    below = max((low - room).to_integral_value(ROUND_FLOOR), Decimal(0))
    return below, (high + room).to_integral_value(ROUND_CEILING)


def _spread(points: Sequence[Point], step: int, x_of: object) -> list[Point]:
    """Some of the moments, so that their dates do not run into each other."""
    kept: list[Point] = []
    assert callable(x_of)
    for point in points[::step]:
        if not kept or x_of(point.at) - x_of(kept[-1].at) >= 110:
            kept.append(point)
    return kept


def _path(points: Sequence[Point], x_of: object, y_of: object) -> str:
    assert callable(x_of)
    assert callable(y_of)
    parts: list[str] = []
    is_open = False
    for point in points:
        if point.value is None:
            is_open = False
            continue
        x, y = x_of(point.at), y_of(point.value)
        parts.append(f"H{x} V{y}" if is_open else f"M{x} {y}")
        is_open = True
    return " ".join(parts)
