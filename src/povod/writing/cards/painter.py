"""Smooth shapes on a card: every edge is drawn at several times the size and then reduced.

Each shape touches only its own box, so a card of hundreds of shapes needs the memory of one.
"""

from collections.abc import Sequence
from functools import cache
from math import ceil, floor, hypot

from PIL import Image, ImageDraw, ImageFilter

from povod.writing.cards.colour import Colour
from povod.writing.cards.geometry import Point

FINE, COARSE = 8, 4
FINE_BOX = 160  # boxes up to this many pixels wide are drawn at eight times the size


class Painter:
    """Draws on one RGB image in its own pixels."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def fill(self, points: Sequence[Point], tone: Colour, alpha: float = 1) -> None:
        """A closed shape in one colour."""
        place, mask = _mask(points)
        self._paste(tone, place, _faded(mask, alpha))

    def shade(
        self,
        points: Sequence[Point],
        tones: tuple[Colour, Colour],
        axis: tuple[Point, Point],
        alpha: float = 1,
    ) -> None:
        """A closed shape whose colour runs from one end of `axis` to the other."""
        place, mask = _mask(points)
        ramp = _ramp(mask.size, place, axis)
        tile = Image.composite(
            Image.new("RGB", mask.size, tones[1]), Image.new("RGB", mask.size, tones[0]), ramp
        )
        self.image.paste(tile, place, _faded(mask, alpha))

    def glow(self, centre: Point, radius: tuple[float, float], tone: Colour, alpha: float) -> None:
        """A soft round spot that fades to nothing at its edge."""
        width, height = round(2 * radius[0]), round(2 * radius[1])
        spot = _spot().resize((width, height), Image.Resampling.BILINEAR)
        place = (round(centre[0] - radius[0]), round(centre[1] - radius[1]))
        self._paste(tone, place, _faded(spot, alpha))

    def blur(self, points: Sequence[Point], tone: Colour, alpha: float, radius: float) -> None:
        """A closed shape with soft edges: a shadow."""
        margin = ceil(2.5 * radius)
        place, mask = _mask(points)
        wide = Image.new("L", (mask.width + 2 * margin, mask.height + 2 * margin))
        wide.paste(mask, (margin, margin))
        soft = wide.filter(ImageFilter.GaussianBlur(radius))
        self._paste(tone, (place[0] - margin, place[1] - margin), _faded(soft, alpha))

    def _paste(self, tone: Colour, place: tuple[int, int], mask: Image.Image) -> None:
        box = (*place, place[0] + mask.width, place[1] + mask.height)
        self.image.paste(tone, box, mask)


def ramp_image(
    size: tuple[int, int], tones: tuple[Colour, Colour], axis: tuple[Point, Point]
) -> Image.Image:
    """A whole picture whose colour runs along `axis`."""
    ramp = _ramp(size, (0, 0), axis)
    return Image.composite(Image.new("RGB", size, tones[1]), Image.new("RGB", size, tones[0]), ramp)


def _mask(points: Sequence[Point]) -> tuple[tuple[int, int], Image.Image]:
    left, top = floor(min(x for x, _ in points)) - 1, floor(min(y for _, y in points)) - 1
    width = ceil(max(x for x, _ in points)) + 1 - left
    height = ceil(max(y for _, y in points)) + 1 - top
    scale = FINE if max(width, height) <= FINE_BOX else COARSE
    big = Image.new("L", (width * scale, height * scale))
    shape = [((x - left) * scale, (y - top) * scale) for x, y in points]
    ImageDraw.Draw(big).polygon(shape, fill=255)
    return (left, top), big.reduce(scale)


def _faded(mask: Image.Image, alpha: float) -> Image.Image:
    if alpha >= 1:
        return mask
    return mask.point([round(level * alpha) for level in range(256)])


def _ramp(size: tuple[int, int], place: tuple[int, int], axis: tuple[Point, Point]) -> Image.Image:
    """Levels 0 to 255 along `axis`, constant beyond its ends."""
    (x0, y0), (x1, y1) = axis
    length = hypot(x1 - x0, y1 - y0) or 1
    along, down = (x1 - x0) / length**2 * 255, (y1 - y0) / length**2 * 255
    start = 256 - (x0 - place[0]) * along - (y0 - place[1]) * down
    data = (0.0, 0.0, 1.0, along, down, start)
    return _slope().transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)


@cache
def _slope() -> Image.Image:
    """Dark, then a slope of 256 levels, then light: long enough for any axis."""
    slope = Image.new("L", (3, 256 * 12))
    slope.paste(Image.linear_gradient("L").resize((3, 256)), (0, 256))
    slope.paste(255, (0, 512, 3, 256 * 12))
    return slope


@cache
def _spot() -> Image.Image:
    """Bright in the middle; the square of the distance lets the edge vanish unseen."""
    reach = 255 / 2**0.5  # the gradient is darkest in its corners, beyond the circle
    levels = [max(0.0, 1 - level / reach) for level in range(256)]
    return Image.radial_gradient("L").point([round(255 * level * level) for level in levels])
