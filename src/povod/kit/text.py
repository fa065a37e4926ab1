"""One spelling of words for storing, comparing and looking up."""

import re
import unicodedata

from povod.kit.charset import decode

__all__ = ["clean", "collapse", "decode", "lookup_key", "transliterate", "value_key"]

_DASHES = re.compile("[-_\u00ad\u2010-\u2015\u2212]")
_CITY_WORD = re.compile(r"^\s*(?:г\.|гор\.|город\s)\s*(?=\S)")
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u",
}  # fmt: skip
_TRANSLITERATION = str.maketrans(
    _LATIN | {cyrillic.upper(): latin.capitalize() for cyrillic, latin in _LATIN.items()}
)


def collapse(text: str) -> str:
    """The text in NFC with every run of white space as one blank, and none around it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean(text: str) -> str:
    """`collapse` without control and format characters, as a table cell is stored (L15)."""
    plain = collapse(text)
    if plain.isprintable():
        return plain
    seen = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return collapse("".join(seen))


def value_key(text: str) -> str:
    """Key for uniqueness without regard to case: NFKC and casefold."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def lookup_key(text: str) -> str:
    """Key by which spellings of one name meet (L26): «г. Ростов‑на‑Дону» and «ростов на дону».

    NFKC, casefold, ё→е, dashes and punctuation to blanks, a leading «г.», «гор.», «город» dropped.
    """
    plain = _DASHES.sub(" ", value_key(text).replace("ё", "е"))
    plain = _CITY_WORD.sub("", plain)
    return " ".join("".join(map(_without_punctuation, plain)).split())


def transliterate(text: str) -> str:
    """Cyrillic (Russian, Ukrainian, Belarusian) in Latin letters, as in domain names."""
    return unicodedata.normalize("NFC", text).translate(_TRANSLITERATION)


def _without_punctuation(char: str) -> str:
    category = unicodedata.category(char)
    return " " if category[0] == "P" else "" if category in _UNSEEN and not char.isspace() else char
