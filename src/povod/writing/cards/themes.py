"""Themes as data: palette, ornament, zone of the text (G107)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from povod.writing.cards.brand import Brand
from povod.writing.cards.colour import Colour, colour
from povod.writing.cards.layout import Shape
from povod.writing.cards.ornaments import floral, official, plain, spring, winter
from povod.writing.cards.painter import Painter

Ornament = Callable[[Painter, dict[str, Colour]], None]


@dataclass(frozen=True)
class Theme:
    """One look. `paper` runs from top to bottom; text colours are judged against both ends."""

    name: str
    paper: tuple[Colour, Colour]
    primary: Colour
    accent: Colour
    title: Colour
    text: Colour
    ornament: Ornament
    shape: Shape = field(default_factory=Shape)
    branded: bool = False

    def tones(self) -> dict[str, Colour]:
        """The palette as ornaments take it."""
        return {"primary": self.primary, "accent": self.accent, "paper": self.paper[0]}

    def with_brand(self, brand: Brand) -> "Theme":
        """The theme in the brand's colours, if it takes them."""
        if not self.branded:
            return self
        paper = colour(brand.paper)
        return replace(
            self,
            paper=(paper, paper),
            primary=colour(brand.primary),
            accent=colour(brand.accent),
            title=colour(brand.primary),
            text=brand.text_colour(),
        )


def _theme(
    name: str, paper: str, primary: str, accent: str, inks: str, ornament: Ornament, **more: object
) -> Theme:
    top, bottom = map(colour, paper.split())
    title, text = map(colour, inks.split())
    base = Theme(name, (top, bottom), colour(primary), colour(accent), title, text, ornament)
    return replace(base, **more)  # type: ignore[arg-type] # names are those of Theme


_ALL = (
    _theme("floral", "#fdfaf5 #f9f1e8", "#7b2f47", "#c19a5b", "#7b2f47 #47363b", floral.paint),
    _theme("official", "#fbfaf6 #f5f2e9", "#1f304f", "#b28f4f", "#1f304f #333a45", official.paint),
    _theme(
        "official_bare", "#fbfaf6 #f5f2e9", "#1f304f", "#b28f4f", "#1f304f #333a45", official.bare
    ),
    _theme("spring", "#fcfbf6 #f7f5eb", "#8d2d50", "#d9a9b2", "#97315a #3f4a41", spring.paint),
    _theme(
        "winter",
        "#11264a #255077",
        "#11264a",
        "#e3c88f",
        "#f7ecd2 #eaf1f6",
        winter.paint,
        shape=Shape(y=408, half_height=306),
    ),
    _theme(
        "plain",
        "#ffffff #fbfbfa",
        "#23435a",
        "#c8964b",
        "#23435a #37414a",
        plain.paint,
        branded=True,
    ),
)
THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in _ALL})

_BY_CODE = {
    "womens_day": "spring",
    "mothers_day": "spring",
    "new_year": "winter",
    "new_year_eve": "winter",
    "orthodox_christmas": "winter",
    "defender_day": "official",
    "victory_day": "official_bare",
    "family_day": "floral",
    "family_love_day": "floral",
    "children_day": "floral",
    "fathers_day": "floral",
}
_BY_KIND = {
    "birthday": "floral",
    "anniversary": "floral",
    "professional": "official",
    "public": "official",
    "military": "official",
    "memorial": "official_bare",
    "womens_day": "spring",
    "new_year": "winter",
    "defender_day": "official",
    "religious": "spring",
    "social": "floral",
}


def theme_for(kind: str, code: str = "") -> str:
    """The theme of an occasion: by its rule code first, then by its kind."""
    return _BY_CODE.get(code) or _BY_KIND.get(kind, "plain")
