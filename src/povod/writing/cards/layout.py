"""Where every line of a card stands (G108): shrink first, cut last, never leave the frame.

Pure: texts and fonts in, placed lines out; nothing is drawn here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from povod.writing.cards.fonts import ZOOM, Fonts, Run, width
from povod.writing.cards.lines import shorter, split_words, wrap

STEPS = 7
POWER = 4
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Style:
    """How one block is set: sizes from largest to smallest, lines, width, air."""

    role: str
    largest: float
    smallest: float
    max_lines: int
    max_width: float
    leading: float
    air: float
    eager: int = 0  # rather shrink up to this step than take the last line
    taper: float = 0  # each line above another is narrower by this share, as the zone is
    hyphens: bool = False  # words may break after their own hyphens
    rescue: float = 0  # a last size below the smallest, before words are cut off

    def size(self, step: int) -> float:
        """The size at a step of shrinking, in half pixels."""
        share = min(step, STEPS) / STEPS
        return round(2 * (self.largest + (self.smallest - self.largest) * share)) / 2

    def widths(self, count: int) -> list[float]:
        """How wide each of `count` lines may be."""
        return [self.max_width * (1 - self.taper * (count - 1 - n)) for n in range(count)]

    def air_at(self, step: int) -> float:
        """The space below, closer when the text is small."""
        return self.air * (1 - 0.3 * min(step, STEPS) / STEPS)


TITLE = Style("title", 92, 50, 3, 934, 1.12, 30, eager=4, taper=0.042, hyphens=True, rescue=44)
ADDRESS = Style("text", 44, 26, 3, 780, 1.28, 24)
WISH = Style("wish", 27, 18, 6, 740, 1.52, 32)
SIGNATURE = Style("text", 25, 18, 2, 560, 1.4, 0)


@dataclass(frozen=True)
class Shape:
    """The zone of the text: an ellipse grown full (power 4), without corners."""

    x: float = 600
    y: float = 420
    half_width: float = 472
    half_height: float = 318

    def holds(self, box: Box) -> bool:
        """True if the box lies wholly within."""
        left, top, right, bottom = box
        return all(self.inside(x, y) for x in (left, right) for y in (top, bottom))

    def inside(self, x: float, y: float) -> bool:
        """True for a point within the zone."""
        across, down = abs(x - self.x) / self.half_width, abs(y - self.y) / self.half_height
        return bool(across**POWER + down**POWER <= 1)


@dataclass(frozen=True)
class Block:
    """A text in one style; `name` is title, address, wish or signature."""

    name: str
    text: str
    style: Style


@dataclass(frozen=True)
class Line:
    """One line as it will be drawn: its runs from `x` on the baseline `y`; `box` is its ink."""

    block: str
    text: str
    runs: tuple[Run, ...]
    size: float
    x: float
    y: float
    box: Box


@dataclass(frozen=True)
class Layout:
    """All lines, where the divider and the logo stand, and whether something was cut."""

    lines: tuple[Line, ...]
    divider: float
    logo: float = 0
    cut: bool = False


@dataclass(frozen=True)
class _Set:
    """A block at one size."""

    block: Block
    size: float
    lines: tuple[str, ...]
    air: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * self.block.style.leading


DIVIDER_HEIGHT = 14.0
LOGO_AIR = 26.0


def lay_out(blocks: Sequence[Block], fonts: Fonts, shape: Shape, logo_height: float = 0) -> Layout:
    """The largest setting that fits; texts are cut only when the smallest does not."""
    wanted, cut = _fitted([block for block in blocks if block.text], fonts)
    while wanted:
        for step in range(STEPS + 1):
            found = [_set_block(block, fonts, step) for block in wanted]
            layout = _place([each for each in found if each], fonts, shape, logo_height)
            if layout is not None:
                return replace(layout, cut=cut)
        wanted, cut = _shorten(wanted), True
    return Layout((), shape.y, cut=cut)


def _fitted(blocks: list[Block], fonts: Fonts) -> tuple[list[Block], bool]:
    """Each text short enough for its own lines at its smallest size; whether any was cut."""
    fitted = []
    for block in blocks:
        text = block.text
        while text and _set_block(replace(block, text=text), fonts, STEPS) is None:
            text = shorter(text)
        fitted.append(replace(block, text=text))
    return [block for block in fitted if block.text], fitted != blocks


def _set_block(block: Block, fonts: Fonts, step: int) -> _Set | None:
    """The block at this step, or at the first smaller size at which its lines suffice."""
    style = block.style
    for own in range(step, STEPS + 1):
        size = style.size(own)
        lines = _wrapped(block, fonts, size, whole=own < STEPS)
        most = style.max_lines - (1 if style.eager and own < style.eager else 0)
        if lines is not None and len(lines) <= most:
            return _Set(block, size, tuple(lines), style.air_at(step))
    lines = _wrapped(block, fonts, style.rescue, whole=True) if style.rescue else None
    return _Set(block, style.rescue, tuple(lines), style.air_at(STEPS)) if lines else None


def _wrapped(block: Block, fonts: Fonts, size: float, whole: bool) -> list[str] | None:
    """The lines of a block; the text's own line breaks stay."""
    style = block.style
    measure = partial(_measure, fonts, style.role, size)
    lines: list[str] = []
    for part in block.text.split("\n"):
        found = wrap(part, measure, style.widths, style.max_lines, hyphens=style.hyphens)
        if found is None and not whole:
            pieces = split_words(part, measure, style.widths(style.max_lines)[0])
            found = wrap(pieces, measure, style.widths, style.max_lines, hyphens=style.hyphens)
        if found is None:
            return None
        lines += found
    return lines


def _measure(fonts: Fonts, role: str, size: float, text: str) -> float:
    return width(fonts.runs(text, role), size)


def _shorten(blocks: list[Block]) -> list[Block]:
    """One text a little shorter, because all together are too tall: the wish gives way first."""
    order = {"wish": 0, "address": 1, "signature": 2, "title": 3}
    block = min(blocks, key=lambda block: order[block.name])
    changed = [replace(each, text=shorter(each.text)) if each is block else each for each in blocks]
    return [each for each in changed if each.text]


def _place(blocks: list[_Set], fonts: Fonts, shape: Shape, logo_height: float) -> Layout | None:
    """Lines around the middle of the shape; None when one of them would leave it."""
    logo_room = logo_height + LOGO_AIR if logo_height else 0
    airs = [found.air for found in blocks[:-1]]
    has_title = blocks[0].block.name == "title" and len(blocks) > 1
    height = logo_room + sum(found.height for found in blocks) + sum(airs)
    height += DIVIDER_HEIGHT if has_title else 0
    top = shape.y - height / 2
    logo, place, divider, lines = top, top + logo_room, 0.0, []
    for number, found in enumerate(blocks):
        for text in found.lines:
            step = found.size * found.block.style.leading
            lines.append(_line(found, text, fonts, shape.x, place + step / 2))
            place += step
        if number == 0 and has_title:
            divider = place + airs[0] * 0.55 + DIVIDER_HEIGHT / 2
            place += DIVIDER_HEIGHT
        place += airs[number] if number < len(airs) else 0
    if not all(shape.holds(line.box) for line in lines):
        return None
    half = 110
    if logo_height and not shape.holds((shape.x - half, logo, shape.x + half, logo + 1)):
        return None
    return Layout(tuple(lines), divider, logo)


def _line(found: _Set, text: str, fonts: Fonts, centre: float, middle: float) -> Line:
    """A centred line; capitals stand evenly around `middle`."""
    runs = tuple(fonts.runs(text, found.block.style.role))
    wide = width(runs, found.size)
    x, y = centre - wide / 2, middle + 0.33 * found.size
    return Line(found.block.name, text, runs, found.size, x, y, _ink(runs, found.size, x, y))


def _ink(runs: Sequence[Run], size: float, x: float, y: float) -> Box:
    left, top, right, bottom, place = x, y, x, y, x
    for run in runs:
        box = run.face.at(size).getbbox(run.text, anchor="ls")
        left, right = min(left, place + box[0] / ZOOM), max(right, place + box[2] / ZOOM)
        top, bottom = min(top, y + box[1] / ZOOM), max(bottom, y + box[3] / ZOOM)
        place += width([run], size)
    return left, top, right, bottom
