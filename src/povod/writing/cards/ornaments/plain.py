"""Brand colours only: a slim side band and quiet arcs in two corners."""

from math import cos, pi, sin

from povod.writing.cards.colour import Colour, mix
from povod.writing.cards.geometry import hairline
from povod.writing.cards.ornaments import frames
from povod.writing.cards.ornaments.frames import HEIGHT, WIDTH
from povod.writing.cards.painter import Painter


def paint(painter: Painter, tones: dict[str, Colour]) -> None:
    """Arcs grow out of two opposite corners; a band of the main colour holds the edges."""
    primary, accent, paper = tones["primary"], tones["accent"], tones["paper"]
    for number in range(7):
        radius = 92 + 25 * number
        tone = mix(paper, primary if number % 3 else accent, 0.62 - 0.07 * number)
        for x, y, start in ((WIDTH, 0, pi / 2), (0, HEIGHT, -pi / 2)):
            arc = [
                (
                    x + radius * cos(start + pi / 2 * step / 40),
                    y + radius * sin(start + pi / 2 * step / 40),
                )
                for step in range(41)
            ]
            painter.fill(hairline(arc, 1.8 - 0.12 * number), tone)
    for x, y, start in ((WIDTH, 0, pi / 2), (0, HEIGHT, -pi / 2)):
        for radius, tone in ((66, primary), (36, accent)):
            wedge = [
                (
                    x + radius * cos(start + pi / 2 * step / 24),
                    y + radius * sin(start + pi / 2 * step / 24),
                )
                for step in range(25)
            ]
            painter.fill([(x, y), *wedge], tone)
    frames.edge(painter, 30, 1.1, mix(paper, primary, 0.28))
