"""A dark border with engraved lines, a paper panel, golden hairlines; or the frame alone."""

from math import cos, pi, sin

from povod.writing.cards.colour import Colour, mix
from povod.writing.cards.geometry import Point, Pose, ellipse, hairline, rectangle
from povod.writing.cards.ornaments import frames
from povod.writing.cards.ornaments.frames import HEIGHT, WIDTH
from povod.writing.cards.painter import Painter

BORDER = 46


def paint(painter: Painter, tones: dict[str, Colour]) -> None:
    """The border, waves of fine lines on it, rosettes in the corners of the panel."""
    _panel(painter, tones)
    _waves(painter, mix(tones["primary"], tones["accent"], 0.42))
    frames.edge(painter, BORDER, 2, tones["accent"])
    frames.notched(painter, BORDER + 16, 40, 1.3, tones["accent"])
    frames.notched(painter, BORDER + 23, 40, 0.8, mix(tones["accent"], tones["paper"], 0.35))
    corner = BORDER + 20
    for left in (corner, WIDTH - corner):
        for top in (corner, HEIGHT - corner):
            rosette(painter, Pose(left, top, 0, 27), tones["accent"], 12)
    for y in (BORDER + 19.5, HEIGHT - BORDER - 19.5):
        _medallion(painter, (WIDTH / 2, y), tones)


def bare(painter: Painter, tones: dict[str, Colour]) -> None:
    """The border and its lines without any ornament."""
    _panel(painter, tones)
    frames.edge(painter, BORDER, 2, tones["accent"])
    frames.edge(painter, BORDER + 16, 1.2, tones["accent"])


def _panel(painter: Painter, tones: dict[str, Colour]) -> None:
    deep = tones["primary"]
    for box in (
        (0, 0, WIDTH, BORDER),
        (0, HEIGHT - BORDER, WIDTH, HEIGHT),
        (0, BORDER, BORDER, HEIGHT - BORDER),
        (WIDTH - BORDER, BORDER, WIDTH, HEIGHT - BORDER),
    ):
        painter.image.paste(deep, box)
    inner = rectangle(BORDER, BORDER, WIDTH - BORDER, BORDER + 3)
    painter.blur(inner, mix(deep, tones["paper"], 0.3), 0.35, 5)


def _waves(painter: Painter, tone: Colour) -> None:
    """Interlaced waves along all four sides, whole periods each."""
    for start, end, turns in (
        ((BORDER, BORDER / 2), (WIDTH - BORDER, BORDER / 2), 28),
        ((BORDER, HEIGHT - BORDER / 2), (WIDTH - BORDER, HEIGHT - BORDER / 2), 28),
        ((BORDER / 2, BORDER), (BORDER / 2, HEIGHT - BORDER), 19),
        ((WIDTH - BORDER / 2, BORDER), (WIDTH - BORDER / 2, HEIGHT - BORDER), 19),
    ):
        for shift in range(4):
            line = _wave(start, end, turns, shift * pi / 4)
            painter.fill(hairline(line, 0.9), tone, 0.85)
    for x in (BORDER / 2, WIDTH - BORDER / 2):
        for y in (BORDER / 2, HEIGHT - BORDER / 2):
            rosette(painter, Pose(x, y, 0, 19), tone, 8)


def _wave(start: Point, end: Point, turns: int, phase: float) -> list[Point]:
    (x0, y0), (x1, y1) = start, end
    length = abs(x1 - x0) + abs(y1 - y0)
    steps = turns * 14
    points = []
    for number in range(steps + 1):
        share = number / steps
        swing = 12 * sin(turns * pi * share + phase)
        along_x = x1 != x0
        points.append(
            (x0 + length * share, y0 + swing) if along_x else (x0 + swing, y0 + length * share)
        )
    return points


def rosette(painter: Painter, pose: Pose, tone: Colour, folds: int) -> None:
    """A guilloche: two closed curves of many folds around a small star."""
    for turn, depth in ((0.0, 0.34), (pi / folds, 0.34), (0.0, 0.16)):
        line = []
        for number in range(folds * 16 + 1):
            angle = 2 * pi * number / (folds * 16)
            radius = 1 - depth + depth * cos(folds * angle + turn * folds)
            line.append(pose.at(radius * cos(angle), radius * sin(angle)))
        painter.fill(hairline(line, 0.9), tone)
    for radius in (0.34, 0.14):
        ring = [pose.at(*point) for point in ellipse((0, 0), radius)]
        painter.fill(hairline([*ring, ring[0]], 0.9), tone)


def _medallion(painter: Painter, centre: Point, tones: dict[str, Colour]) -> None:
    """A laurel of small leaves that breaks the frame above and below the text."""
    x, y = centre
    painter.fill(rectangle(x - 78, y - 9, x + 78, y + 9), tones["paper"])
    painter.fill([(x - 7, y), (x, y - 7), (x + 7, y), (x, y + 7)], tones["accent"])
    for side in (-1, 1):
        for number in range(5):
            at = x + side * (17 + 12 * number)
            size = 1 - 0.1 * number
            for lean in (-1, 1):
                pose = Pose(at, y, (0 if side > 0 else pi) + lean * side * 0.62, size)
                painter.fill(pose.all(_blade()), tones["accent"])


def _blade() -> list[Point]:
    return [(0, 0), (4, -1.9), (8.5, -1.7), (13, 0), (8.5, 1.7), (4, 1.9)]
