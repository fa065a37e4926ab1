"""Outlines as lists of points: curves, ribbons, petals, leaves, put in place by a pose."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

Point = tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """Where a shape lies: its origin, the direction of its own x axis (radians), its size."""

    x: float
    y: float
    angle: float = 0
    scale: float = 1

    def at(self, along: float, across: float = 0) -> Point:
        """A point of the shape's own plane on the card."""
        turn_cos, turn_sin = cos(self.angle) * self.scale, sin(self.angle) * self.scale
        return (
            self.x + along * turn_cos - across * turn_sin,
            self.y + along * turn_sin + across * turn_cos,
        )

    def all(self, points: Iterable[Point]) -> list[Point]:
        """An outline of the shape's own plane on the card."""
        return [self.at(*point) for point in points]

    def to(self, along: float, across: float = 0, angle: float = 0, scale: float = 1) -> "Pose":
        """A pose within this one."""
        return Pose(*self.at(along, across), self.angle + angle, self.scale * scale)


def curve(start: Point, first: Point, second: Point, end: Point, steps: int = 16) -> list[Point]:
    """A cubic Bézier curve as points, both ends included."""
    found = []
    for number in range(steps + 1):
        t = number / steps
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        points = (start, first, second, end)
        found.append(
            (
                sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
                sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
            )
        )
    return found


def direction(line: Sequence[Point], place: int) -> Point:
    """The unit vector of a line at one of its points."""
    before, after = line[max(place - 1, 0)], line[min(place + 1, len(line) - 1)]
    length = hypot(after[0] - before[0], after[1] - before[1]) or 1
    return (after[0] - before[0]) / length, (after[1] - before[1]) / length


def ribbon(line: Sequence[Point], width: Callable[[float], float]) -> list[Point]:
    """The outline of a stroke along `line`; `width` gives its thickness at 0..1 of the way."""
    left, right = [], []
    for place, (x, y) in enumerate(line):
        dx, dy = direction(line, place)
        half = width(place / (len(line) - 1)) / 2
        left.append((x - dy * half, y + dx * half))
        right.append((x + dy * half, y - dx * half))
    return left + right[::-1]


def hairline(line: Sequence[Point], width: float = 1.0) -> list[Point]:
    """A stroke of even thickness."""
    return ribbon(line, lambda _: width)


def taper(line: Sequence[Point], start: float, end: float) -> list[Point]:
    """A stroke that grows thinner, as a twig does."""
    return ribbon(line, lambda t: start + (end - start) * t)


def ellipse(centre: Point, radius_x: float, radius_y: float | None = None) -> list[Point]:
    """An ellipse with upright axes; a circle when one radius is given."""
    tall = radius_x if radius_y is None else radius_y
    steps = 24 if max(radius_x, tall) < 12 else 64
    turns = [2 * pi * number / steps for number in range(steps)]
    return [(centre[0] + radius_x * cos(turn), centre[1] + tall * sin(turn)) for turn in turns]


def leaf(length: float, width: float, bend: float = 0) -> list[Point]:
    """A pointed leaf along the x axis, its tip moved across by `bend`."""
    tip = (length, bend)
    upper = curve((0, 0), (length * 0.25, -width * 0.62), (length * 0.7, -width * 0.55), tip)
    lower = curve(tip, (length * 0.7, width * 0.45), (length * 0.25, width * 0.62), (0, 0))
    return upper + lower[1:]


def petal(length: float, width: float, notch: float = 0.0) -> list[Point]:
    """A round petal along the x axis, narrow at its base, with an optional notch at its tip."""
    half = width / 2
    tip = (length * (1 - notch), 0.0)
    upper = curve((0, 0), (length * 0.2, -half * 1.1), (length * 1.02, -half * 1.45), tip)
    lower = curve(tip, (length * 1.02, half * 1.45), (length * 0.2, half * 1.1), (0, 0))
    return upper + lower[1:]


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Four corners."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def scatter(number: int) -> float:
    """The n-th of evenly scattered numbers in 0..1, always the same."""
    return number * 0.6180339887498949 % 1
