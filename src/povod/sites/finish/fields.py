"""The fields that are compared, and the form in which two values are the same (S105, S106)."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

CENT = Decimal("0.01")
State = Mapping[str, Any]
"""What a snapshot knows of a page or of a variant: `last_data`."""


@dataclass(frozen=True)
class Field:
    """A field: where its value stands, and what of the value counts."""

    name: str
    read: Callable[[State], Any]
    form: Callable[[Any], Any]
    usual: bool = False


def text(value: Any) -> str | None:
    """Case, blanks and compatibility forms do not count."""
    if value in (None, ""):
        return None
    return " ".join(unicodedata.normalize("NFKC", str(value)).split()).casefold() or None


def money(value: Any) -> Decimal | None:
    """Two places: 2879.2 is 2879.20."""
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)
    except InvalidOperation:
        return None


def whole(value: Any) -> int | None:
    """A number of pieces."""
    return None if value in (None, "") else int(value)


def as_set(value: Any) -> frozenset[str] | None:
    """Items without order."""
    items = value.items() if isinstance(value, Mapping) else value or ()
    return frozenset(str(text(item)) for item in items) or None


def plain(value: Any) -> Any:
    """The value itself."""
    return None if value == "" else value


def _of(part: str, name: str) -> Callable[[State], Any]:
    def read(state: State) -> Any:
        return (state.get(part) or {}).get(name)

    return read


def _top(name: str) -> Callable[[State], Any]:
    return lambda state: state.get(name)


PAGE_FIELDS = {
    field.name: field
    for field in (
        Field("price", _of("full", "price"), money, usual=True),
        Field("currency", _of("full", "currency"), text, usual=True),
        Field("availability", _of("full", "availability"), plain, usual=True),
        Field("title", _top("title"), text, usual=True),
        Field("stock", _of("full", "stock"), whole, usual=True),
        Field("name", _of("full", "name"), text, usual=True),
        Field("sku", _of("full", "sku"), text),
        Field("brand", _of("full", "brand"), text),
        Field("category", _of("full", "category"), text),
        Field("images", _of("full", "images"), as_set),
        Field("attrs", _of("full", "attrs"), as_set),
        Field("h1", _top("h1"), text),
        Field("meta_description", _of("seo", "meta_description"), text),
        Field("canonical", _of("seo", "canonical"), plain),
        Field("robots", _of("seo", "robots"), text),
        Field("text_hash", _top("text_hash"), plain),
    )
}
"""In the order in which `fields_changed` names them."""

VARIANT_FIELDS = {
    field.name: field
    for field in (
        Field("price", _top("price"), money, usual=True),
        Field("stock", _top("stock"), whole, usual=True),
        Field("availability", _top("in_stock"), plain, usual=True),
    )
}
OF_VARIANTS = frozenset(VARIANT_FIELDS)
"""Compared on the page itself only when neither side has variants (S106)."""

USUAL = tuple(name for name, field in PAGE_FIELDS.items() if field.usual)


def compared(options: list[str]) -> tuple[str, ...]:
    """The fields that a job compares: `compare[]` replaces the usual ones."""
    return tuple(name for name in PAGE_FIELDS if name in options) if options else USUAL
