"""What the parts of this API share: the house, cursors, limits."""

import base64
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from fastapi import Query, Request
from pydantic import AfterValidator

from povod.kit.errors import InputError
from povod.kit.text import clean

if TYPE_CHECKING:
    from povod.app.house import House
    from povod.sites.facade import Sites

MAX_CURSOR = 6000
Cursor = Annotated[str, Query(max_length=MAX_CURSOR)]
Search = Annotated[str, Query(max_length=200), AfterValidator(clean)]
Limit100 = Annotated[int, Query(ge=1, le=100)]
Limit500 = Annotated[int, Query(ge=1, le=500)]


def house_of(request: Request) -> "House":
    """The house of this console."""
    house: House = request.app.state.house
    return house


def sites_of(request: Request) -> "Sites":
    """Its job of watched sites."""
    return house_of(request).sites


def login_of(request: Request) -> str:
    """Who asks; never taken from a header that anybody may write."""
    return str(request.state.person.login)


def pack(place: Sequence[Any]) -> str:
    """A place in a list as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).decode().rstrip("=")


def unpack(cursor: str, *kinds: type) -> list[Any] | None:
    """The place that a cursor names; None for the beginning; `InputError` for anything else."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        place = orjson.loads(raw)
    except ValueError:
        raise bad_cursor() from None
    fits = isinstance(place, list) and len(place) == len(kinds)
    if not fits or any(type(value) is not kind for value, kind in zip(place, kinds, strict=True)):
        raise bad_cursor()
    if "\0" in orjson.dumps(place).decode() or b"\\u0000" in orjson.dumps(place):
        raise bad_cursor()
    return list(place)


def as_id(text: str) -> str:
    """An id within a cursor."""
    try:
        return str(UUID(text))
    except ValueError:
        raise bad_cursor() from None


def bad_cursor() -> InputError:
    """The cursor is none of ours."""
    message = "give the value as it came"
    return InputError(f"cursor: {message}", errors=[{"field": "cursor", "message": message}])


def chosen(*columns: Any) -> sa.Select[Any]:
    """`SELECT` of some columns, of which the types are not told."""
    query: sa.Select[Any] = sa.select(*columns)
    return query


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON values."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return value
