"""An amount of money in a text that somebody wrote for people to read (S90).

`price-parser` knows the signs and separators of the world's shops. Around it stand the rules that
Russian pages need: a number before «руб» or «₽» goes before any other, percentages and unit prices
say nothing of the price, kopecks may be written apart, «по запросу» is no price.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import price_parser

from povod.crawl.extract.currency import iso_of
from povod.kit.money import quantize

MAX_PRICE = Decimal(10) ** 9
"""Above this a number is a mistake (S90)."""

_MAX_TEXT = 300  # characters; a longer text is no price
_GROUP = "\u0020\u00a0\u2007\u2009\u202f"
_BLANKS = re.compile(f"[{_GROUP}\\s]+")
_NUMBER = (
    rf"\d{{1,3}}(?:[{_GROUP}'’]\d{{3}})+(?:[.,]\d{{1,2}})?(?!\d)"
    r"|\d{1,3}(?:[.,]\d{3})+(?!\d)|\d+(?:[.,]\d+)?"
)
_SIGN = (
    r"₽|₸|₴|руб(?:\.|л[а-я]+|(?![а-я]))|rub\b|rur\b|р\.|р(?![а-яa-z/])|p\.|грн|тг\b|тенге"
    r"|сум\b|сом\b"
)
_ANY_SIGN = rf"{_SIGN}|[$€£]|eur\b|usd\b"
_BESIDE_SIGN = re.compile(
    rf"(?<![\d.,])(?P<number>{_NUMBER})\s*(?P<sign>{_SIGN})"
    r"(?:\s*(?P<kopecks>\d{2})\s*коп)?",
    re.IGNORECASE,
)
_PERCENTAGE = re.compile(r"[-−–+]?\s?\d+(?:[.,]\d+)?\s*%")
_PER_UNIT = re.compile(r"(?<=\S)\s*/\s*(?:\d+\s*)?[^\W\d][\w.²³]*")
_ON_REQUEST = re.compile(
    r"по\s+запросу|уточняйте|уточнить\s+цен|договорн|on\s+request|call\s+for\s+price|\bPOA\b", re.I
)
_FROM = re.compile(r"(?:^|[\s(])(?:от|from|ab|starting at|начиная с)\s+(?=\D{0,5}\d)", re.I)
_RANGE = re.compile(
    rf"(?P<before>(?:{_ANY_SIGN})\s*)?(?P<low>{_NUMBER})\s*(?P<between>{_ANY_SIGN})?"
    rf"\s*(?:[-–—−]|\.\.\.?|…|\sдо\s|\sto\s)\s*"
    rf"(?:(?:{_ANY_SIGN})\s*)?(?P<high>{_NUMBER})(?P<after>\s*(?:{_ANY_SIGN}))?(?!\s*%)",
    re.IGNORECASE,
)
_GLUED_DOT = re.compile(r"(?<=[^\W\d])\.(?=\d)")
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Price:
    """An amount as written and its currency: ISO code, or the sign as found when it is no code.

    `high` is the upper end of a range, `is_from` says that the text gave a lowest price («от»).
    """

    amount: Decimal
    currency: str | None = None
    high: Decimal | None = None
    is_from: bool = False


def parse_price(text: str | None, currency_hint: str | None = None) -> Price | None:
    """The price that the text gives, or None; the amount is neither rounded nor judged.

    `currency_hint` is a text beside it that may name the currency.
    """
    if not text or len(text) > _MAX_TEXT * 10 or _ON_REQUEST.search(text):
        return None
    plain = _GLUED_DOT.sub(" ", _PERCENTAGE.sub(" ", text) if "%" in text else text)
    if "/" in plain:
        plain = _PER_UNIT.sub(" ", plain)
    is_from = _FROM.search(plain) is not None
    if spread := _spread(plain, currency_hint, is_from):
        return spread
    if beside := _BESIDE_SIGN.search(plain):
        amount = _amount(beside["number"])
        if amount is not None and beside["kopecks"] and amount == amount.to_integral_value():
            amount += Decimal(beside["kopecks"]) / 100
        if amount is not None:
            return Price(amount, iso_of(beside["sign"]) or beside["sign"], None, is_from)
    return _as_the_world_writes(plain, currency_hint, is_from)


def structured_amount(value: object) -> Decimal | None:
    """A number of JSON-LD, microdata or a script: as it is, or read as a text when it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Decimal):
        return _finite(str(value))
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _PLAIN.fullmatch(text):
        return _finite(text)
    if text.startswith(("-", "−")):
        return -amount if (amount := structured_amount(text[1:])) is not None else None
    price = parse_price(text)
    return price.amount if price is not None else None


def accepted(amount: Decimal | None) -> Decimal | None:
    """The amount in whole kopecks; None for what is no price: 0, negative, beyond `MAX_PRICE`."""
    if amount is None or not 0 < amount <= MAX_PRICE:
        return None
    rounded = quantize(amount)
    return rounded if rounded > 0 else None


def _spread(text: str, hint: str | None, is_from: bool) -> Price | None:
    """A range of prices: two numbers joined by a dash or «до», the second one higher."""
    match = _RANGE.search(text) if _has_two_numbers(text) else None
    if match is None or any(char.isdigit() for char in text[: match.start()]):
        return None
    if not (match["before"] or match["after"] or match["between"] or iso_of_text(hint)):
        return None
    low, high = _amount(match["low"]), _amount(match["high"])
    if low is None or high is None or not low < high:
        return None
    return Price(low, iso_of_text(text, hint), high, is_from)


def _has_two_numbers(text: str) -> bool:
    return re.search(r"\d[^\d]*?(?:[-–—−…]|\.\.|до|to)[^\d]*?\d", text) is not None


def iso_of_text(text: str | None, hint: str | None = None) -> str | None:
    """The currency that a text or the text beside it names: ISO code, else the sign as found."""
    sign = price_parser.parser.extract_currency_symbol(text, hint)
    if not sign or not (_is_by_itself(sign, text) or _is_by_itself(sign, hint)):
        return None
    return iso_of(sign) or sign.strip()


def _is_by_itself(sign: str, text: str | None) -> bool:
    """Whether a sign made of letters is a word: «р» is no currency in «размер»."""
    if not text:
        return False
    if not sign[:1].isalpha():
        return sign in text
    end = "" if sign.endswith(".") else r"(?![^\W\d_])"
    return re.search(rf"(?<![^\W\d_]){re.escape(sign)}{end}", text) is not None


def _as_the_world_writes(text: str, hint: str | None, is_from: bool) -> Price | None:
    currency = iso_of_text(text, hint)
    is_thousandths = currency in _THREE_DECIMALS and "." in text
    found = price_parser.parse_price(text, hint, *((".", ",") if is_thousandths else ()))
    return Price(found.amount, currency, None, is_from) if found.amount is not None else None


def _amount(number: str) -> Decimal | None:
    return price_parser.parser.parse_number(
        _BLANKS.sub("", number).replace("'", "").replace("’", "")
    )


def _finite(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
