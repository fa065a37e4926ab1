"""The written form of a name (G64)."""

import re
import unicodedata
from functools import lru_cache

from povod.writing.names.lists import lists

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_HYPHENS = re.compile(r"\s*[-\u2010-\u2015\u2212]+\s*")
_AROUND = '- «»„“”"'
_DOTS = re.compile(r"(?<=[.’'])")


@lru_cache(maxsize=4096)
def normalize_name(text: str) -> str:
    """The name in NFC with tidy blanks and hyphens and capitals where a name has them.

    Words all in capitals or all in small letters get a capital first letter in each part; mixed
    case is somebody's choice and stays, as does «ё». Particles («оглы», «фон») stay small.
    """
    seen = (
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", text)
        if char.isspace() or unicodedata.category(char) not in _UNSEEN
    )
    plain = _HYPHENS.sub("-", "".join(seen)).strip(_AROUND)
    return unicodedata.normalize("NFC", " ".join(_word(word) for word in plain.split()))


def _word(word: str) -> str:
    return "-".join(_part(part) for part in word.split("-") if part)


def _part(part: str) -> str:
    if part != part.upper() and part != part.lower():
        return part
    folded = part.lower()
    if folded in lists().particles:
        return folded
    return "".join(_capital(piece) for piece in _DOTS.split(folded))


def _capital(piece: str) -> str:
    """Upper case for the first letter only where that keeps it one letter."""
    first = piece[:1].upper()
    return (first if len(first) == 1 else piece[:1]) + piece[1:]
