"""Flowering cherry twigs from two corners, and a few petals in the air."""

from math import pi

from povod.writing.cards.colour import Colour, colour, mix
from povod.writing.cards.geometry import Point, Pose, curve, petal, taper
from povod.writing.cards.ornaments import flowers, frames
from povod.writing.cards.painter import Painter

BARK = colour("#7a5a4a")
WHITE, PINK = colour("#fde9ed"), colour("#ec9db0")
DEEP = colour("#dd7f97")
YOUNG = colour("#94b27c")
POLLEN = colour("#d9a441")
PETALS_IN_THE_AIR = (
    (1112, 352, 0.6, 0.62), (1150, 430, 2.1, 0.55), (1104, 520, 1.2, 0.5), (1148, 610, 0.3, 0.42),
    (62, 330, 2.6, 0.55), (98, 428, 0.9, 0.6), (56, 520, 1.9, 0.48), (120, 250, 1.4, 0.4),
    (470, 778, 0.2, 0.5), (600, 796, 2.4, 0.45), (640, 62, 1.1, 0.5), (520, 44, 2.8, 0.42),
)  # fmt: skip
TWIG = (
    (0.10, -30, 0.80, 0.0), (0.20, 26, 0.96, 0.7), (0.31, -22, 1.12, 0.3), (0.40, 30, 0.78, 1.1),
    (0.50, -26, 0.98, 0.5), (0.60, 20, 0.86, 0.2), (0.70, -16, 0.72, 0.9), (0.83, 8, 0.62, 0.4),
)  # fmt: skip
SHOOTS = (
    (6, (26, -34), (40, -66), (56, -104)),
    (15, (26, 56), (90, 76), (140, 98)),
    (21, (40, -20), (66, -14), (92, -22)),
)


def paint(painter: Painter, tones: dict[str, Colour]) -> None:
    """A large twig above on the right, a smaller one below on the left."""
    painter.glow((1080, 120), (500, 400), colour("#fbdfe3"), 0.8)
    painter.glow((110, 740), (430, 350), colour("#fbdfe3"), 0.7)
    painter.glow((150, 90), (410, 300), colour("#e3efd9"), 0.7)
    painter.glow((1060, 760), (410, 300), colour("#e3efd9"), 0.7)
    frames.edge(painter, 30, 1.2, tones["accent"], 0.55)
    twig(painter, Pose(1218, 148, pi, 1.1))
    twig(painter, Pose(-14, 702, 0, 0.94))
    for x, y, angle, scale in PETALS_IN_THE_AIR:
        pose = Pose(x, y, angle, scale)
        painter.shade(pose.all(petal(30, 25, 0.14)), (PINK, WHITE), (pose.at(0), pose.at(24)), 0.9)


def twig(painter: Painter, pose: Pose) -> None:
    """Grows along its own x axis and bends aside, drawn for the lower left corner."""
    own = curve((0, 0), (90, 10), (180, 100), (430, 128), 40)
    main = pose.all(own)
    for place, first, second, end in SHOOTS:
        x, y = own[place]
        ends = ((x + dx, y + dy) for dx, dy in (first, second, end))
        _side(painter, pose, ((x, y), *ends))  # type: ignore[arg-type] # four points in all
    painter.fill(taper(main, 9 * pose.scale, 1.6 * pose.scale), BARK)
    painter.fill(
        taper([(x - 1, y - 1) for x, y in main], 2.4, 0.4), mix(BARK, flowers.WHITE, 0.3), 0.3
    )
    for share, across, scale, turn in TWIG:
        x, y = main[round(share * 40)]
        spot = Pose(x, y, pose.angle, pose.scale).to(
            0, across * 0.72, angle=turn, scale=scale * 0.92
        )
        flowers.blossom(painter, spot, WHITE, PINK if across < 0 else DEEP, POLLEN)
    flowers.bud(painter, Pose(*main[-1], pose.angle + 0.1, 0.8 * pose.scale), PINK, DEEP, YOUNG)


def _side(painter: Painter, pose: Pose, points: tuple[Point, Point, Point, Point]) -> None:
    """A side shoot with young leaves, two flowers and a bud at its end."""
    line = pose.all(curve(*points, 20))
    painter.fill(taper(line, 4.4 * pose.scale, 1.2), BARK)
    for place, lean in ((6, -0.8), (10, 0.7), (14, -0.7), (17, 0.8)):
        (x, y), (to_x, to_y) = line[place], line[place + 1]
        angle = flowers.angle_of(to_x - x, to_y - y) + lean
        flowers.foliage(painter, Pose(x, y, angle, pose.scale), (30, 11), YOUNG)
    (x, y), (to_x, to_y) = line[-2], line[-1]
    tip = Pose(to_x, to_y, flowers.angle_of(to_x - x, to_y - y), 0.9 * pose.scale)
    flowers.bud(painter, tip, PINK, DEEP, YOUNG)
    middle = Pose(*line[12], pose.angle + 0.4, 0.72 * pose.scale)
    flowers.blossom(painter, middle, WHITE, PINK, POLLEN)
