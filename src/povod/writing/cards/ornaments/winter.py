"""A winter evening: fir twigs with snow, stars of ice, a few golden balls, drifts below."""

from math import cos, pi, sin

from povod.writing.cards.colour import Colour, colour, mix
from povod.writing.cards.geometry import Point, Pose, curve, direction, ellipse, scatter, taper
from povod.writing.cards.ornaments import frames
from povod.writing.cards.ornaments.flowers import WHITE, angle_of
from povod.writing.cards.painter import Painter

NEEDLE, NEEDLE_DARK = colour("#5f8f86"), colour("#2d5a5c")
FROST = colour("#dcecf2")
GOLD, GOLD_DEEP = colour("#f3d79b"), colour("#a9772f")
THREAD = colour("#cfae72")
FLAKES = (
    (352, 66, 24, 0.2), (862, 58, 22, 0.5), (1148, 352, 34, 0.1), (58, 430, 32, 0.35),
    (88, 566, 20, 0.0), (1106, 520, 22, 0.25), (1150, 620, 15, 0.4), (470, 44, 14, 0.3),
    (730, 46, 15, 0.1), (48, 664, 13, 0.2), (1094, 440, 12, 0.2), (106, 362, 13, 0.1),
)  # fmt: skip
TWIGS = (
    ((-20, 40), (90, 62), (170, 50), (286, 74)),
    ((-10, -10), (110, 20), (220, 6), (390, 30)),
    ((30, -20), (50, 90), (60, 170), (92, 292)),
    ((-30, 100), (20, 160), (30, 260), (24, 372)),
    ((-20, 20), (50, 70), (90, 104), (146, 140)),
)


def paint(painter: Painter, tones: dict[str, Colour]) -> None:
    """Light in the sky, snow, drifts, then twigs in both upper corners."""
    painter.glow((600, 300), (760, 560), mix(tones["paper"], colour("#5b86ad"), 0.6), 0.55)
    _drifts(painter)
    _snow(painter)
    for x, y, radius, turn in FLAKES:
        snowflake(painter, Pose(x, y, turn, radius))
    frames.edge(painter, 26, 1.1, tones["accent"], 0.45)
    corner(painter, Pose(0, 0), mirrored=False)
    corner(painter, Pose(1200, 0), mirrored=True)


def corner(painter: Painter, pose: Pose, mirrored: bool) -> None:
    """Five fir twigs and two balls on threads; mirrored for the right side."""
    side = -1 if mirrored else 1

    def at(points: tuple[Point, ...]) -> list[Point]:
        return [pose.at(side * x, y) for x, y in points]

    for x, top, bottom, radius in ((112, 96, 222, 24), (58, 150, 318, 19)):
        ball(painter, pose.at(side * x, top), bottom - top, radius)
    for points in TWIGS:
        start, first, second, end = at(points)
        fir(painter, curve(start, first, second, end, 44))


def fir(painter: Painter, line: list[Point]) -> None:
    """Needles on both sides, shorter towards the tip, the upper ones frosted."""
    last = len(line) - 1
    for layer, tone in ((0, NEEDLE_DARK), (1, NEEDLE)):
        for place in range(layer, last + 1):
            dx, dy = direction(line, place)
            share = place / last
            for side in (-1, 1):
                wobble = scatter(place * 2 + layer + (side > 0))
                angle = angle_of(dx, dy) + side * (
                    0.95 - 0.45 * share - 0.2 * layer + 0.12 * wobble
                )
                length = (44 - 22 * share) * (0.85 + 0.3 * wobble)
                x, y = line[place]
                tip = (x + length * cos(angle), y + length * sin(angle))
                frosted = mix(tone, FROST, 0.75 if wobble > 0.72 else 0.12 * wobble)
                painter.fill(taper([(x, y), tip], 2.6, 0.6), frosted, 0.96)
    painter.fill(taper(line, 3.2, 1.0), mix(NEEDLE_DARK, colour("#5a4636"), 0.6))


def ball(painter: Painter, hook: Point, thread: float, radius: float) -> None:
    """A golden ball on a thread, lit from the upper left."""
    x, y = hook[0], hook[1] + thread
    painter.fill(taper([hook, (x, y - radius)], 1.2, 1.2), THREAD, 0.9)
    painter.shade(
        ellipse((x, y), radius),
        (GOLD, GOLD_DEEP),
        ((x - 0.7 * radius, y - 0.8 * radius), (x + 0.8 * radius, y + 0.9 * radius)),
    )
    painter.glow((x - 0.35 * radius, y - 0.4 * radius), (0.5 * radius, 0.42 * radius), WHITE, 0.8)
    for level in (-0.18, 0.18):
        half = radius * (1 - level**2) ** 0.5
        band = curve(
            (x - half, y + level * radius),
            (x - half / 2, y + (level + 0.22) * radius),
            (x + half / 2, y + (level + 0.22) * radius),
            (x + half, y + level * radius),
            12,
        )
        painter.fill(taper(band, 1.1, 1.1), WHITE, 0.35)
    cap = [
        (x - 5, y - radius - 5),
        (x + 5, y - radius - 5),
        (x + 6, y - radius + 2),
        (x - 6, y - radius + 2),
    ]
    painter.fill(cap, THREAD)


def snowflake(painter: Painter, pose: Pose, tone: Colour = FROST) -> None:
    """Six arms with three pairs of side needles each."""
    thick = 1.5 / pose.scale * (0.7 + pose.scale / 60)
    for number in range(6):
        arm = pose.to(0, angle=pi * number / 3)
        painter.fill(arm.all(taper([(0, 0), (1, 0)], thick, thick * 0.7)), tone, 0.85)
        for far, length in ((0.38, 0.26), (0.6, 0.24), (0.8, 0.14)):
            for side in (-1, 1):
                needle = arm.to(far, angle=side * pi / 3)
                painter.fill(
                    needle.all(taper([(0, 0), (length, 0)], thick * 0.85, thick * 0.6)), tone, 0.8
                )


def _snow(painter: Painter) -> None:
    """Round flakes, thinner in the middle where the text stands."""
    for number in range(240):
        x, y = 1200 * (number * 0.7548776662 % 1), 840 * (number * 0.5698402910 % 1)
        if abs((x - 600) / 490) ** 4 + abs((y - 408) / 330) ** 4 < 1:
            continue
        size = 0.9 + 2.1 * scatter(number * 5)
        painter.fill(ellipse((x, y), size), WHITE, 0.28 + 0.5 * scatter(number * 3))


def _drifts(painter: Painter) -> None:
    """Two soft hills of snow along the lower edge."""
    for level, tone, alpha in ((744, "#86a9c2", 0.5), (782, "#e9f2f6", 0.9)):
        top = curve((-10, level + 18), (300, level - 60), (520, level + 74), (800, level + 22), 40)
        top += curve(
            (800, level + 22), (940, level - 6), (1080, level - 34), (1210, level - 6), 30
        )[1:]
        outline = [*top, (1210, 850), (-10, 850)]
        painter.shade(
            outline,
            (colour(tone), mix(colour(tone), WHITE, 0.35)),
            ((600, level - 30), (600, 840)),
            alpha,
        )
