"""What spreadsheets do to values, undone: numbers for texts, look-alike letters, noise (G14)."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from povod.kit.inn import is_valid_inn, normalize_inn
from povod.kit.text import clean

CLEAR = "#clear"
_NOTHING = frozenset({"", "-", "–", "—", "нет", "н/д", "n/a", "null", "none", "nan"})
_ERROR = re.compile(r"#(?:n/a|ref!|value!|name\?|div/0!|num!|null!|н/д|знач!|ссылка!|имя\?)")
_NUMBER = re.compile(r"\d+\.0+|\d(?:[.,]\d+)?e\+?\d{1,2}")
_LATIN_AS_CYRILLIC = str.maketrans("AaBCcEeHKMOoPpTXxyY", "АаВСсЕеНКМОоРрТХхуУ")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
REPLACEMENT = "\ufffd"


def cell_text(text: str) -> str:
    """The cell without invisible characters; empty for what means «nothing»."""
    plain = clean(text.replace(REPLACEMENT, ""))
    word = plain.casefold()
    return "" if word in _NOTHING or _ERROR.fullmatch(word) else plain


def digits_of_number(text: str) -> str:
    """`79161234567` of 79161234567.0 and of 7.9161234567E10; other texts stay as they are."""
    plain = text.strip()
    if not _NUMBER.fullmatch(plain.casefold()):
        return text
    try:
        return format(Decimal(plain.replace(",", ".")).quantize(Decimal(1)), "f")
    except InvalidOperation:
        return text


def inn_cell(text: str) -> tuple[str, str]:
    """The INN of a cell and a note: the first part of INN/KPP, a lost zero given back."""
    number = normalize_inn(digits_of_number(re.split(r"[/\\]", text)[0]))
    padded = f"0{number}"
    if len(number) in (9, 11) and is_valid_inn(padded):
        return padded, "inn_zero_padded"
    return number, ""


def phone_cell(text: str) -> str:
    """The number of a cell; a bare row of digits gets its plus."""
    number = digits_of_number(text)
    is_bare = number.isdecimal() and len(number) == 11 and number[0] == "7"
    return f"+{number}" if is_bare else number


def name_cell(text: str) -> tuple[str, str]:
    """The name with Latin look-alikes made Cyrillic in otherwise Cyrillic words, and a note."""
    words = [_one_script(word) for word in unicodedata.normalize("NFC", text).split(" ")]
    mended = " ".join(words)
    return mended, "lookalike_letters" if mended != text else ""


def _one_script(word: str) -> str:
    if not (_CYRILLIC.search(word) and _LATIN.search(word)):
        return word
    mended = word.translate(_LATIN_AS_CYRILLIC)
    return word if _LATIN.search(mended) else mended
