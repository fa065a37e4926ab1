"""Clients as rows of the book, turned into what detecting and writing need."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from povod.greetings.model import EMPTY, Client
from povod.store.tables import clients


def unchecked(column: sa.ColumnElement[Any]) -> sa.Label[str]:
    """A column as the driver gives it: choices that the database checked, dates asked for None."""
    return sa.type_coerce(column, sa.String()).label(column.key)


_PLAIN = (
    *("id", "first_name", "middle_name", "last_name", "company_name", "birth_day", "birth_month"),
    *("birth_year", "okved", "profession", "position", "country", "email", "phone"),
    *("do_not_greet", "is_demo", "age_suspicious"),
)
_UNCHECKED = ("gender", "segment", "preferred_channel", "deleted_at", "erased_at")
_NAMES = (*_PLAIN, *_UNCHECKED, "preferences")
_WISHES = sa.func.nullif(sa.cast(clients.c.preferences, sa.Text), "{}").label("preferences")
NEEDED = (
    *(clients.c[name] for name in _PLAIN),
    *(unchecked(clients.c[name]) for name in _UNCHECKED),
    _WISHES,
)
"""What detecting reads: a hundred thousand rows pass here, and few of them have preferences."""


def client_of(row: Any) -> Client:
    """A row of exactly the columns `NEEDED` as the detector's client."""
    return _client(dict(zip(_NAMES, row, strict=True)))


def client_from_mapping(row: Mapping[str, Any]) -> Client:
    """The same from a whole row of `clients` as a mapping."""
    return _client({name: row[name] for name in _NAMES})


def _client(values: dict[str, Any]) -> Client:
    preferences = values["preferences"]
    if isinstance(preferences, str):
        preferences = orjson.loads(preferences)
    if preferences and not isinstance(preferences, Mapping):
        raise TypeError(f"client {values['id']}: preferences are no object")
    values["preferences"] = preferences or EMPTY
    values["deleted"] = values.pop("deleted_at") is not None
    values["erased"] = values.pop("erased_at") is not None
    return Client(**values)


def display_name(row: Mapping[str, Any]) -> str:
    """How lists call a client."""
    parts = (row["last_name"], row["first_name"], row["middle_name"])
    return " ".join(part for part in parts if part) or row["company_name"] or "—"
