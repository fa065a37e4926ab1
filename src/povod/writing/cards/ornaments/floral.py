"""Peonies in two opposite corners, with twigs that run along the edges."""

from math import pi

from povod.writing.cards.colour import Colour, colour
from povod.writing.cards.geometry import Point, Pose, curve
from povod.writing.cards.ornaments import flowers, frames
from povod.writing.cards.painter import Painter

BLUSH, ROSE = colour("#fbe3de"), colour("#d68a93")
CREAM, APRICOT = colour("#fff3e4"), colour("#e6b38d")
PEARL = colour("#efc0c0")
WINE, PLUM = colour("#e9b7bf"), colour("#a64d66")
SAGE, MOSS = colour("#8fa58a"), colour("#6f8a6e")
GOLD = colour("#c19a5b")


def paint(painter: Painter, tones: dict[str, Colour]) -> None:
    """The frame first, then the bouquets over it."""
    frames.edge(painter, 34, 1.4, tones["accent"], 0.8)
    frames.edge(painter, 41, 0.8, tones["accent"], 0.5)
    bouquet(painter, Pose(82, 76, 0, 0.88))
    bouquet(painter, Pose(1118, 764, pi, 0.88))


def bouquet(painter: Painter, pose: Pose) -> None:
    """Twigs below, flowers above; drawn for the upper left corner."""
    painter.glow(pose.at(30, 20), (340, 270), BLUSH, 0.8)

    def line(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
        return pose.all(curve(start, first, second, end, 30))

    flowers.eucalyptus(painter, line((60, -10), (150, -46), (240, -40), (322, -26)), 8, 19, SAGE)
    flowers.eucalyptus(painter, line((-8, 60), (-46, 150), (-44, 210), (-30, 300)), 8, 18, SAGE)
    flowers.branch(painter, line((50, 20), (150, 10), (210, 22), (262, 2)), (9, 54, 20), MOSS)
    flowers.branch(painter, line((20, 60), (4, 150), (20, 190), (4, 246)), (8, 50, 19), MOSS)
    flowers.berries(painter, line((80, 10), (160, -20), (230, -70), (306, -58)), 8, 5, GOLD)
    flowers.berries(painter, line((0, 80), (-30, 170), (-70, 200), (-56, 276)), 7, 5, GOLD)
    for angle, length in ((0.75, 92), (1.15, 84), (0.3, 96), (1.6, 84), (-0.15, 84)):
        flowers.foliage(painter, pose.to(40, 36, angle=angle), (length, 36), MOSS)
    flowers.peony(painter, pose.to(118, -6, angle=0.8, scale=0.62), CREAM, APRICOT, GOLD)
    flowers.peony(painter, pose.to(-2, 116, angle=0.3, scale=0.56), WINE, PLUM, GOLD)
    flowers.peony(painter, pose.to(24, 20, angle=0.2), BLUSH, ROSE, GOLD)
    flowers.blossom(painter, pose.to(196, -18, angle=0.4, scale=0.74), flowers.WHITE, PEARL, GOLD)
    flowers.blossom(painter, pose.to(-22, 192, angle=0.9, scale=0.7), flowers.WHITE, PEARL, GOLD)
