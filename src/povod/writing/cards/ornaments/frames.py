"""Frames of hairlines, and the small divider between the title and the rest."""

from math import pi

from povod.writing.cards.colour import Colour
from povod.writing.cards.geometry import (
    Point,
    Pose,
    curve,
    ellipse,
    hairline,
    rectangle,
    taper,
)
from povod.writing.cards.painter import Painter

WIDTH, HEIGHT = 1200, 840


def edge(painter: Painter, inset: float, width: float, tone: Colour, alpha: float = 1) -> None:
    """A rectangle of four strokes at a distance from the card's edge."""
    left, top, right, bottom = inset, inset, WIDTH - inset, HEIGHT - inset
    for box in (
        (left, top, right, top + width),
        (left, bottom - width, right, bottom),
        (left, top, left + width, bottom),
        (right - width, top, right, bottom),
    ):
        painter.fill(rectangle(*box), tone, alpha)


def notched(painter: Painter, inset: float, notch: float, width: float, tone: Colour) -> None:
    """A frame whose corners are quarter circles turned inwards."""
    left, top, right, bottom = inset, inset, WIDTH - inset, HEIGHT - inset
    corners = ((left, top, 0.0), (right, top, pi / 2), (right, bottom, pi), (left, bottom, -pi / 2))
    line: list[Point] = []
    for x, y, angle in corners:
        pose = Pose(x, y, angle)
        bow = 0.5523 * notch
        line += pose.all(curve((0, notch), (bow, notch), (notch, bow), (notch, 0)))
    painter.fill(hairline([*line, line[0]], width), tone)


def divider(painter: Painter, centre: Point, tone: Colour, half: float = 88) -> None:
    """A lozenge between two strokes that fade out."""
    x, y = centre
    painter.fill([(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)], tone)
    for side in (-1, 1):
        line = [(x + side * (14 + step * (half - 14) / 8), y) for step in range(9)]
        painter.fill(taper(line, 1.7, 0.3), tone)
        painter.fill(ellipse((x + side * 14, y), 1.8), tone)
