"""Clients as rows of the book, turned into what detecting and writing need."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from povod.greetings.model import EMPTY, Client
from povod.store.tables import clients

NEEDED = tuple(
    clients.c[name]
    for name in (
        *("id", "first_name", "middle_name", "last_name", "company_name", "gender", "birth_day"),
        *("birth_month", "birth_year", "okved", "profession", "position", "segment", "country"),
        *("email", "phone", "preferred_channel", "preferences", "do_not_greet", "is_demo"),
        *("age_suspicious", "deleted_at", "erased_at", "company_id"),
    )
)
"""The columns that detecting reads: a hundred thousand rows pass here."""


def client_of(row: Any) -> Client:
    """A row with the columns `NEEDED` as the detector's client."""
    preferences = row.preferences or EMPTY
    if not isinstance(preferences, Mapping):
        raise TypeError(f"client {row.id}: preferences are no object")
    return Client(
        id=row.id,
        first_name=row.first_name,
        middle_name=row.middle_name,
        last_name=row.last_name,
        company_name=row.company_name,
        gender=row.gender,
        birth_day=row.birth_day,
        birth_month=row.birth_month,
        birth_year=row.birth_year,
        okved=row.okved,
        profession=row.profession,
        position=row.position,
        segment=row.segment,
        country=row.country,
        email=row.email,
        phone=row.phone,
        preferred_channel=row.preferred_channel,
        preferences=preferences,
        do_not_greet=row.do_not_greet,
        age_suspicious=row.age_suspicious,
        is_demo=row.is_demo,
        deleted=row.deleted_at is not None,
        erased=row.erased_at is not None,
    )


def display_name(row: Mapping[str, Any]) -> str:
    """How lists call a client."""
    parts = (row["last_name"], row["first_name"], row["middle_name"])
    return " ".join(part for part in parts if part) or row["company_name"] or "—"


def client_from_mapping(row: Mapping[str, Any]) -> Client:
    """The same from a row as a mapping."""
    return client_of(SimpleNamespace(**row))
