"""Flowers, twigs and berries, built of shaded petals and leaves."""

from dataclasses import dataclass
from math import atan2, cos, pi, sin

from povod.writing.cards.colour import Colour, mix
from povod.writing.cards.geometry import (
    Point,
    Pose,
    curve,
    direction,
    ellipse,
    leaf,
    petal,
    scatter,
    taper,
)
from povod.writing.cards.painter import Painter

WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Ring:
    """One ring of petals: how many, how far out, how large."""

    petals: int
    length: float
    width: float
    turn: float = 0.0
    start: float = 0.0


PEONY = (
    Ring(8, 96, 88, 0.1, 4),
    Ring(7, 80, 76, 0.5, 3),
    Ring(6, 62, 62, 0.2, 2),
    Ring(5, 46, 48, 0.7, 2),
    Ring(4, 31, 34, 0.3, 1),
)


def peony(painter: Painter, pose: Pose, light: Colour, deep: Colour, heart: Colour) -> None:
    """A full round flower: rings of petals, each lighter at its rim than at its base."""
    for depth, ring in enumerate(PEONY):
        share = depth / (len(PEONY) - 1)
        rim, base = mix(light, deep, 0.12 + 0.3 * share), mix(light, deep, 0.75 + 0.25 * share)
        for number in range(ring.petals):
            wobble = scatter(number + 7 * depth)
            angle = ring.turn + 2 * pi * number / ring.petals + 0.14 * (wobble - 0.5)
            stretch = 0.93 + 0.14 * wobble
            _petal(
                painter,
                pose.to(
                    ring.start * cos(angle), ring.start * sin(angle), angle=angle, scale=stretch
                ),
                (ring.length, ring.width),
                (base, rim),
            )
    _stamens(painter, pose, heart)


def _petal(
    painter: Painter, pose: Pose, size: tuple[float, float], tones: tuple[Colour, Colour]
) -> None:
    length, width = size
    outline = pose.all(petal(length, width, 0.07))
    painter.blur(outline, mix(tones[0], (60, 20, 40), 0.35), 0.16, 2.2 * pose.scale + 0.8)
    painter.shade(outline, tones, (pose.at(length * 0.1), pose.at(length * 0.95)))
    vein = curve((length * 0.2, 0), (length * 0.4, 1), (length * 0.6, 1), (length * 0.82, 0), 8)
    painter.fill(pose.all(taper(vein, 1.6, 0.2)), tones[0], 0.35)


def _stamens(painter: Painter, pose: Pose, tone: Colour) -> None:
    for number in range(15):
        far = 2.5 + 9 * scatter(number * 3 + 1)
        angle = 2 * pi * scatter(number)
        spot = pose.to(far * cos(angle), far * sin(angle))
        painter.fill(
            ellipse((spot.x, spot.y), 1.9 * pose.scale), mix(tone, WHITE, 0.25 * (number % 3))
        )


def blossom(painter: Painter, pose: Pose, light: Colour, deep: Colour, heart: Colour) -> None:
    """Five notched petals around a small heart: cherry or apple."""
    for number in range(5):
        spoke = pose.to(0, angle=2 * pi * number / 5, scale=0.96 + 0.08 * scatter(number))
        outline = spoke.all(petal(30, 27, 0.14))
        painter.blur(outline, mix(deep, (70, 30, 50), 0.3), 0.14, 1.6)
        painter.shade(outline, (deep, light), (spoke.at(1), spoke.at(22)))
    for number in range(11):
        angle = 2 * pi * number / 11 + 0.2
        far = 9 + 4 * scatter(number)
        thread = [
            pose.at(2 * cos(angle), 2 * sin(angle)),
            pose.at(far * cos(angle), far * sin(angle)),
        ]
        painter.fill(taper(thread, 0.9 * pose.scale, 0.7 * pose.scale), mix(deep, heart, 0.5), 0.9)
        painter.fill(ellipse(thread[1], 1.5 * pose.scale), heart)


def bud(painter: Painter, pose: Pose, light: Colour, deep: Colour, green: Colour) -> None:
    """A closed flower on a short stalk."""
    painter.fill(pose.all(taper([(0, 0), (14, 0)], 2.0, 1.6)), green)
    painter.shade(
        pose.all([(x + 12, y) for x, y in leaf(20, 17)]), (deep, light), (pose.at(14), pose.at(32))
    )
    for side in (-1, 1):
        sepal = pose.to(11, angle=side * 0.5)
        painter.fill(sepal.all(leaf(10, 5)), green)


def foliage(painter: Painter, pose: Pose, size: tuple[float, float], tone: Colour) -> None:
    """One leaf with a lighter tip and a fine rib."""
    length, width = size
    outline = pose.all(leaf(length, width, length * 0.08))
    painter.shade(
        outline,
        (mix(tone, (20, 40, 30), 0.22), mix(tone, WHITE, 0.22)),
        (pose.at(0), pose.at(length)),
    )
    rib = curve(
        (length * 0.04, 0), (length * 0.4, -1), (length * 0.7, 1), (length * 0.93, length * 0.07), 8
    )
    painter.fill(pose.all(taper(rib, 1.3, 0.3)), mix(tone, WHITE, 0.45), 0.8)


def branch(
    painter: Painter, line: list[Point], leaves: tuple[int, float, float], tone: Colour
) -> None:
    """A twig with leaves on alternating sides, smaller towards its end."""
    count, length, width = leaves
    painter.fill(taper(line, 2.6, 0.8), mix(tone, (90, 70, 40), 0.3))
    for number in range(count):
        share = 0.12 + 0.86 * number / (count - 1)
        place = round(share * (len(line) - 1))
        dx, dy = direction(line, place)
        side = -1 if number % 2 else 1
        angle = angle_of(dx, dy) + (side * (0.85 - 0.35 * share) if number < count - 1 else 0)
        small = 1 - 0.5 * share
        foliage(painter, Pose(*line[place], angle), (length * small, width * small), tone)


def eucalyptus(
    painter: Painter, line: list[Point], pairs: int, radius: float, tone: Colour
) -> None:
    """A twig with round leaves in pairs, pale as if dusted."""
    painter.fill(taper(line, 2.2, 0.7), mix(tone, (110, 90, 60), 0.35))
    for number in range(pairs):
        share = 0.1 + 0.88 * number / max(pairs - 1, 1)
        place = round(share * (len(line) - 1))
        dx, dy = direction(line, place)
        size = radius * (1 - 0.55 * share)
        for side in (-1, 1):
            pose = Pose(*line[place], angle_of(dx, dy) + side * (1.05 - 0.3 * share))
            disc = [(x * 1.05 + size, y * 0.86) for x, y in ellipse((0, 0), size)]
            tones = (mix(tone, (40, 70, 60), 0.12), mix(tone, WHITE, 0.3 + 0.1 * side))
            painter.shade(pose.all(disc), tones, (pose.at(0), pose.at(2 * size)), 0.94)
            painter.fill(
                pose.all(taper([(0, 0), (1.6 * size, 0)], 1.0, 0.3)), mix(tone, WHITE, 0.5), 0.7
            )


def berries(painter: Painter, line: list[Point], count: int, radius: float, tone: Colour) -> None:
    """A fine spray that ends in small round berries."""
    painter.fill(taper(line, 1.4, 0.6), mix(tone, (90, 80, 50), 0.4), 0.9)
    for number in range(count):
        place = round((0.35 + 0.65 * number / (count - 1)) * (len(line) - 1))
        dx, dy = direction(line, place)
        side = (-1, 1, 0)[number % 3] if number < count - 1 else 0
        x, y = line[place]
        reach = 13 + 5 * scatter(number)
        spot = (x - side * dy * reach + dx * 7, y + side * dx * reach + dy * 7)
        painter.fill(taper([(x, y), spot], 0.9, 0.7), mix(tone, (90, 80, 50), 0.4), 0.9)
        size = radius * (0.85 + 0.3 * scatter(number + 2))
        painter.shade(
            ellipse(spot, size),
            (mix(tone, WHITE, 0.4), tone),
            ((spot[0] - size, spot[1] - size), (spot[0] + size, spot[1] + size)),
        )


def angle_of(dx: float, dy: float) -> float:
    """The direction of a step, in radians."""
    return atan2(dy, dx)
