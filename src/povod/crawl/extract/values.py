"""Single values of structured data, cleaned: names, codes, addresses, numbers."""

import hashlib
import html
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from povod.crawl.extract.price import parse_price, structured_amount
from povod.kit.text import clean

_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_NOTHING = frozenset(
    {"", "-", "—", "–", "null", "none", "undefined", "n/a", "na", "нет", "не указан", "не указано"}
    | {"false", "true", "nan", "default", "no brand", "без бренда", "[object object]", "0"}
)
_BRAND_LABEL = re.compile(
    r"^\s*(?:бренд|производитель|торговая\s+марка|марка|изготовитель|brand|manufacturer|vendor|by"
    r"|made\s+by|hersteller|marke|marque|marca)\b\s*[:—–-]?\s*",
    re.IGNORECASE,
)
_NO_BRAND = ("все ", "all ", "shop ", "see ", "view ", "more ", "смотреть", "другие", "о бренде")
_GTIN_LENGTHS = (8, 12, 13, 14)


class SeenText(str):
    """A value that stands on the page for people to read, not for machines."""

    __slots__ = ()


def plain_text(value: Any) -> str | None:
    """A text, number or `@value` on one line, without markup and entities."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, dict):
        value = value.get("@value", value.get("name"))
        return plain_text(value) if isinstance(value, str | int | float) else None
    if isinstance(value, list):
        flat = (item for item in value[:50] if not isinstance(item, list))
        return next((text for item in flat if (text := plain_text(item))), None)
    if not isinstance(value, str):
        return None
    text = html.unescape(value) if "&" in value else value
    if "<" in text:
        text = _TAG.sub(" ", text)
    return clean(text) or None


def code_of(value: Any) -> str | None:
    """A code or a name, or None for the words that templates print where there is none."""
    text = plain_text(value)
    return text if text and text.lower() not in _NOTHING and len(text) <= 200 else None


def brand_of_text(text: str) -> str | None:
    """A maker's name as the page shows it: «Бренд: Чайная» without its label."""
    name = _BRAND_LABEL.sub("", text).strip(" :—–-")
    is_name = 1 < len(name) <= 50 and not name.lower().startswith(_NO_BRAND)
    return code_of(name) if is_name else None


def number_text(value: float) -> str:
    """A number as shops write codes: 5500.0 is 5500."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def amount_of(value: Any) -> Decimal | None:
    """A price in structured data; a visible text is read as people read it."""
    if isinstance(value, list):
        flat = (item for item in value[:50] if not isinstance(item, list))
        return next((a for item in flat if (a := amount_of(item)) is not None), None)
    if isinstance(value, dict):
        inner = value.get("@value")
        return None if isinstance(inner, dict | list) else amount_of(inner)
    if isinstance(value, SeenText):
        price = parse_price(value)
        return price.amount if price is not None else None
    return structured_amount(value)


def decimal_of(value: Any) -> Decimal | None:
    """A number such as a rating: `4,7` and `4.7` alike; None unless it is above 0."""
    text = plain_text(value)
    try:
        number = Decimal(text.replace(",", ".").strip()) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and 0 < number < 10_000 else None


def count_of(value: Any) -> int | None:
    """A whole number of reviews or the like."""
    text = plain_text(value)
    digits = re.sub(r"\s", "", text) if text else ""
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


def gtin_of(value: Any) -> str | None:
    """A trade item number with a right check digit, as its digits."""
    text = plain_text(value)
    digits = re.sub(r"[\s-]", "", text) if text else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) in _GTIN_LENGTHS):
        return None
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits[:-1])))
    return digits if (10 - total % 10) % 10 == int(digits[-1]) and int(digits) else None


def text_digest(text: str | None) -> str | None:
    """SHA-256 of a text, blanks and letter forms aside."""
    plain = plain_text(text)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest() if plain else None


def as_list(value: Any, limit: int = 1000) -> list[Any]:
    """The value as a list; nothing gives an empty one."""
    if value is None:
        return []
    return value[:limit] if isinstance(value, list) else [value]
