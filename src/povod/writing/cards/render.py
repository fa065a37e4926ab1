"""A card from its words: JPEG bytes that are always the same for the same words (G105-G112)."""

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageOps

from povod.kit.errors import InputError
from povod.kit.text import clean
from povod.writing.cards import layout
from povod.writing.cards.brand import Brand, open_picture
from povod.writing.cards.colour import Colour, mix
from povod.writing.cards.fonts import ZOOM, Fonts, shipped, width
from povod.writing.cards.geometry import Point, curve
from povod.writing.cards.layout import Block, Layout, Line, Shape
from povod.writing.cards.ornaments import frames
from povod.writing.cards.ornaments.frames import HEIGHT, WIDTH
from povod.writing.cards.painter import Painter, ramp_image
from povod.writing.cards.themes import THEMES, Theme

MAX_BYTES = 150 * 1024
QUALITIES = (88, 82, 76, 70, 64, 60)
LOGO_BOX = (220, 56)
MISSING_NAME_SHARE = 0.2
KEPT_GROUNDS = 6


@dataclass(frozen=True, kw_only=True)
class Card:
    """What stands on a card. Only `wish` is free text; nothing here is a date.

    `occasion` is the title line («С Днём строителя!»), `address` the name line or "", `ground` a
    picture that replaces the theme's own ground (a model's).
    """

    occasion: str
    wish: str = ""
    address: str = ""
    signature: str = ""
    theme: str = "plain"
    brand: Brand = field(default_factory=Brand)
    ground: bytes | None = None


@dataclass(frozen=True)
class CardImage:
    """The finished card. `warnings`: card_cut, card_glyph, card_no_name."""

    data: bytes
    sha256: str
    warnings: tuple[str, ...]
    alt: str

    @property
    def path(self) -> str:
        """Where it is stored: nothing about the person, the occasion or the day."""
        return f"cards/{self.sha256[:2]}/{self.sha256}.jpg"


def occasion_line(words: str) -> str:
    """The title of a card from the words of the occasion: «с Днём строителя» → «С Днём …!»."""
    plain = clean(words).rstrip("!. ")
    return f"{plain[:1].upper()}{plain[1:]}!" if plain else ""


def render(card: Card, fonts: Fonts | None = None) -> CardImage:
    """Draw the card; `fonts` are the installed ones unless given."""
    theme = _theme_of(card)
    chosen = fonts or shipped()
    blocks, warnings = _blocks(card, chosen)
    logo = _logo(card.brand)
    placed = layout.lay_out(blocks, chosen, theme.shape, logo.height if logo else 0)
    image = _ground(card, theme)
    _draw(image, placed, theme, logo)
    if placed.cut:
        warnings.append("card_cut")
    data = _jpeg(image)
    alt = ". ".join(text.rstrip(".!") for text in (card.occasion, card.wish) if text) + "."
    return CardImage(data, hashlib.sha256(data).hexdigest(), tuple(warnings), alt)


def _theme_of(card: Card) -> Theme:
    theme = THEMES.get(card.theme)
    if theme is None:
        raise InputError(f"there is no theme {card.theme!r}; there are: {', '.join(THEMES)}")
    if card.ground is not None:
        return THEMES["floral"]
    return theme.with_brand(card.brand)


def _blocks(card: Card, fonts: Fonts) -> tuple[list[Block], list[str]]:
    """The four texts in characters that can be drawn."""
    wanted = (
        ("title", card.occasion, layout.TITLE),
        ("address", card.address, layout.ADDRESS),
        ("wish", card.wish, layout.WISH),
        ("signature", card.signature or card.brand.signature, layout.SIGNATURE),
    )
    blocks, warnings = [], []
    for name, text, style in wanted:
        kept, gone = fonts.drawable(text, style.role)
        if gone and "card_glyph" not in warnings:
            warnings.append("card_glyph")
        if name == "address" and gone > MISSING_NAME_SHARE * max(len(text.strip()), 1):
            warnings.append("card_no_name")
            continue
        blocks.append(Block(name, kept, style))
    return blocks, warnings


class _Grounds:
    """Finished grounds without text, by theme and colours: the costly part of a card."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Theme, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, theme: Theme) -> Image.Image:
        """A copy to draw on."""
        with self._lock:
            ground = self._kept.pop(theme, None)
            if ground is None:
                ground = _painted(theme)
            self._kept[theme] = ground
            if len(self._kept) > KEPT_GROUNDS:
                self._kept.popitem(last=False)
        return ground.copy()

    def clear(self) -> None:
        """Forget all grounds."""
        with self._lock:
            self._kept.clear()


GROUNDS = _Grounds()


def _painted(theme: Theme) -> Image.Image:
    image = ramp_image((WIDTH, HEIGHT), theme.paper, ((0, 0), (0, HEIGHT)))
    theme.ornament(Painter(image), theme.tones())
    return image


def _ground(card: Card, theme: Theme) -> Image.Image:
    if card.ground is None:
        return GROUNDS.of(theme)
    image = ImageOps.fit(open_picture(card.ground), (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    painter = Painter(image)
    panel = _panel(theme.shape)
    painter.blur(panel, (30, 24, 20), 0.35, 16)
    painter.fill(panel, theme.paper[0], 0.95)
    return image


def _panel(shape: Shape) -> list[Point]:
    """A rounded sheet a little larger than the zone of the text."""
    half_x, half_y, bow = shape.half_width + 44, shape.half_height + 30, 60.0
    corners = ((1, -1), (1, 1), (-1, 1), (-1, -1))
    line: list[Point] = []
    for number, (across, down) in enumerate(corners):
        x, y = shape.x + across * half_x, shape.y + down * half_y
        first, second = (x - across * bow, y), (x, y - down * bow)
        start, end = (first, second) if number % 2 == 0 else (second, first)
        line += curve(start, (x, y), (x, y), end, 10)
    return line


def _logo(brand: Brand) -> Image.Image | None:
    if brand.logo is None:
        return None
    logo = Image.open(io.BytesIO(brand.logo), formats=("PNG",)).convert("RGBA")
    logo.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
    return logo


def _draw(image: Image.Image, placed: Layout, theme: Theme, logo: Image.Image | None) -> None:
    if logo is not None:
        image.paste(logo, (round(theme.shape.x - logo.width / 2), round(placed.logo)), logo)
    if placed.divider:
        frames.divider(Painter(image), (theme.shape.x, placed.divider), theme.accent)
    inks = {"title": theme.title, "signature": mix(theme.text, theme.paper[0], 0.12)}
    for line in placed.lines:
        _write(image, line, inks.get(line.block, theme.text))


def _write(image: Image.Image, line: Line, ink: Colour) -> None:
    """A line at double size, reduced: only its own box is touched."""
    left, top = int(line.box[0]) - 2, int(line.box[1]) - 2
    size = (int(line.box[2]) + 3 - left, int(line.box[3]) + 3 - top)
    mask = Image.new("L", (size[0] * ZOOM, size[1] * ZOOM))
    pen, place = ImageDraw.Draw(mask), line.x
    for run in line.runs:
        at = ((place - left) * ZOOM, (line.y - top) * ZOOM)
        pen.text(at, run.text, fill=255, font=run.face.at(line.size), anchor="ls")
        place += width([run], line.size)
    image.paste(ink, (left, top, left + size[0], top + size[1]), mask.reduce(ZOOM))


def _jpeg(image: Image.Image) -> bytes:
    """The best quality that stays within the limit; no metadata."""
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, subsampling="4:4:4", optimize=True)
        if out.tell() <= MAX_BYTES:
            return out.getvalue()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITIES[-1], subsampling="4:2:0", optimize=True)
    return out.getvalue()
