"""Amounts of money: Decimal all the way, rounded as a shop rounds."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from povod.kit.errors import InputError

KOPECK = Decimal("0.01")
BEYOND = Decimal(10) ** 20

_NBSP = "\u00a0"


def parse_amount(text: str) -> Decimal:
    """An amount as people type it: `1 234,50`, `1234.5 ₽`; rounded to kopecks.

    For settings and table cells. Prices found on pages are `crawl.extract.price`'s work.
    """
    plain = "".join(text.split()).removesuffix("₽").removesuffix("руб.").removesuffix("руб")
    try:
        amount = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and abs(amount) < BEYOND):
        raise InputError(f"{text!r} is not an amount of money; write it as 1234,50")
    return quantize(amount)


def quantize(amount: Decimal) -> Decimal:
    """The amount in whole kopecks, halves away from zero."""
    return amount.quantize(KOPECK, rounding=ROUND_HALF_UP)


def rub(amount: Decimal) -> str:
    """The amount as Russians read it: `1 234,50 ₽`, blanks unbreakable."""
    grouped = f"{quantize(amount):,.2f}"
    return grouped.replace(",", _NBSP).replace(".", ",") + f"{_NBSP}₽"
