"""The fonts of cards: two OFL families out of Python packages, or the user's own (G109, G110).

Every character is looked up before it is drawn: what a font lacks is taken from the other, what
both lack is left out and said. No other font is ever used.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

from povod.kit.errors import ConfigurationError
from povod.writing.cards.cmap import characters

NEEDED = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя0123456789«»—№…!,.:;-()"
ZOOM = 2  # text is drawn at double size and reduced

_SHIPPED = {
    "title": ("font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
    "text": ("font_source_serif_pro", "SourceSerifPro-Regular.ttf"),
    "wish": ("font_manrope", "Manrope-Regular.ttf"),
}
_ROLE_WORDS = {
    "title": ("title", "heading", "semibold", "demi", "bold"),
    "text": ("text", "regular", "roman", "book"),
    "wish": ("wish", "sans", "light"),
}
_FONT_FILES = (".ttf", ".otf")
_BLANK = {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " "}


@dataclass(frozen=True)
class Face:
    """One font file and what it can draw."""

    path: Path
    covers: frozenset[int] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "Face":
        """Read the coverage; `ConfigurationError` when the file is no font."""
        return cls(path, _covered(path))

    def __hash__(self) -> int:
        return hash(self.path)

    def has(self, char: str) -> bool:
        """True if the font has a glyph of its own for the character."""
        return ord(char) in self.covers

    def at(self, size: float) -> ImageFont.FreeTypeFont:
        """The font ready to draw at double the size that is asked for."""
        return _opened(self.path, size)


@dataclass(frozen=True)
class Run:
    """A piece of a line in one font."""

    face: Face
    text: str


@dataclass(frozen=True)
class Fonts:
    """The three voices of a card."""

    title: Face
    text: Face
    wish: Face

    @classmethod
    def shipped(cls) -> "Fonts":
        """The fonts that are installed with Povod; `ConfigurationError` when they are not."""
        return cls(**{role: Face.load(_package_file(*where)) for role, where in _SHIPPED.items()})

    @classmethod
    def from_dir(cls, folder: Path) -> "Fonts":
        """The user's own fonts (CARD_FONTS_DIR), chosen by words in their file names."""
        files = sorted(path for path in _listed(folder) if path.suffix.lower() in _FONT_FILES)
        if not files:
            raise ConfigurationError(
                f"CARD_FONTS_DIR={folder} holds no TTF or OTF file; put one to three there, named "
                "title.ttf, text.ttf, wish.ttf"
            )
        fonts = cls(**{role: Face.load(_chosen(files, role)) for role in _SHIPPED})
        for face in (fonts.title, fonts.text, fonts.wish):
            _check_coverage(face)
        return fonts

    def face(self, role: str) -> Face:
        """The font of a role: title, text or wish."""
        faces = {"title": self.title, "wish": self.wish}
        return faces.get(role, self.text)

    def other(self, role: str) -> Face:
        """Where a character is looked for that the font of the role lacks."""
        return self.text if role == "wish" else self.wish

    def drawable(self, text: str, role: str) -> tuple[str, int]:
        """The text in characters that can be drawn, and how many had to go."""
        kept, gone = [], 0
        for char in unicodedata.normalize("NFC", text):
            if char in _BLANK or char == " ":
                kept.append("\u00a0" if char == "\u00a0" else " ")
            elif char != "\n" and unicodedata.category(char) in ("Cc", "Cf"):
                continue
            elif char == "\n" or self.face(role).has(char) or self.other(role).has(char):
                kept.append(char)
            else:
                gone += 1
        lines = ("".join(kept)).split("\n")
        tidy = (" ".join(filter(None, line.split(" "))) for line in lines)
        return "\n".join(filter(None, tidy)), gone

    def runs(self, text: str, role: str) -> list[Run]:
        """A line in pieces of one font each; blanks stay with what stands before them."""
        first, second = self.face(role), self.other(role)
        faces: list[Face] = []
        for char in text:
            blank = char in _BLANK or char == " "
            known = faces[-1] if blank and faces else first
            faces.append(known if blank or first.has(char) else second)
        pairs = groupby(zip(faces, text, strict=True), key=lambda pair: pair[0])
        return [Run(face, _plain("".join(char for _, char in part))) for face, part in pairs]


def width(runs: Iterable[Run], size: float) -> float:
    """How wide a line is, in pixels of the card."""
    return sum(_length(run.face.path, size, run.text) for run in runs)


@lru_cache(maxsize=1)
def shipped() -> Fonts:
    """The installed fonts, read once."""
    return Fonts.shipped()


@lru_cache(maxsize=4)
def fonts_for(folder: Path | None) -> Fonts:
    """The fonts of CARD_FONTS_DIR, or the installed ones; `ConfigurationError` stops cards only."""
    return Fonts.from_dir(folder) if folder else shipped()


@lru_cache(maxsize=64)
def _opened(path: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), round(size * ZOOM))


@lru_cache(maxsize=8192)
def _length(path: Path, size: float, text: str) -> float:
    return _opened(path, size).getlength(text) / ZOOM


@lru_cache(maxsize=16)
def _covered(path: Path) -> frozenset[int]:
    return characters(path)


def _plain(text: str) -> str:
    return "".join(_BLANK.get(char, char) for char in text)


def _package_file(package: str, name: str) -> Path:
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder) / "files" / name
        if path.is_file():
            return path
    raise ConfigurationError(
        f"font {name} is missing: install the Python package {package.replace('_', '-')}"
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(
            f"CARD_FONTS_DIR={folder} cannot be read: {error.strerror}"
        ) from None


def _chosen(files: list[Path], role: str) -> Path:
    for word in _ROLE_WORDS[role]:
        for path in files:
            if word in path.stem.lower():
                return path
    return files[0]


def _check_coverage(face: Face) -> None:
    missing = "".join(char for char in NEEDED if not face.has(char))
    if missing:
        raise ConfigurationError(
            f"CARD_FONTS_DIR: {face.path.name} lacks {missing}; Russian letters, digits and "
            "«»—№…! are needed"
        )
