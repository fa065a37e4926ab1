"""Values of files: typed while they are made, text only at the end (S115, S116)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from povod.kit.tabular.cells import Cell

Value = Any
"""None, text, a number, a Decimal, a flag, an instant, a list of texts, or a mapping."""

MAX_CELL = 32_767
TRUNCATED = {"_truncated": True}


class Trail(tuple[str, ...]):
    """A path of names, which is joined by `>`."""

    __slots__ = ()


class Names(tuple[str, ...]):
    """Names of fields, which are joined by `;`."""

    __slots__ = ()


def decimal_of(text: Any) -> Decimal | None:
    """A stored price as a number."""
    if text in (None, ""):
        return None
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def cell(value: Value, *, decimal_comma: bool = False) -> Cell:
    """As a spreadsheet's cell: lists joined, flags in words, mappings as JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal() if decimal_comma:
            return format(value, "f").replace(".", ",")
        case Trail():
            return " > ".join(value)
        case Names():
            return ";".join(value)
        case Mapping():
            return fitting_json(value)
        case str() | int() | float() | Decimal() | datetime() | None:
            return value
        case Sequence():
            return "|".join(str(item).replace("|", "%7C") for item in value)
        case _:
            raise TypeError(f"no cell for {value!r}")


def json_value(value: Value) -> Any:
    """As JSON: typed, lists as lists, instants in UTC."""
    match value:
        case Decimal():
            return float(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case tuple():
            return list(value)
        case _:
            return value


def fitting_json(value: Mapping[str, Any]) -> str:
    """JSON that fits into a cell: as many whole keys as there is room for, and a mark.

    By name: PostgreSQL does not keep the order of keys, and files must not depend on the database.
    """
    text = orjson.dumps(dict(value), option=orjson.OPT_SORT_KEYS).decode()
    if len(text) <= MAX_CELL:
        return text if value else ""
    kept: dict[str, Any] = {}
    room = MAX_CELL - len(orjson.dumps(TRUNCATED)) - 2
    for name, said in sorted(value.items()):
        size = len(orjson.dumps({name: said}).decode())
        if size > room:
            break
        kept[name], room = said, room - size
    return orjson.dumps({**kept, **TRUNCATED}).decode()
