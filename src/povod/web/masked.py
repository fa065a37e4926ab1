"""What a person may not see of others' addresses (D103, G134)."""

from collections.abc import Mapping
from typing import Any

from povod.kit.masking import mask_email
from povod.web.session import Person

SHOWN_DIGITS = 2
HIDDEN = ("last_interaction_summary",)


def mask_phone(text: str) -> str:
    """`+79161234567` becomes `***67`."""
    return f"***{text.partition(';')[0][-SHOWN_DIGITS:]}" if text else ""


def may_see_addresses(person: Person) -> bool:
    """True for those who work with clients; viewers read masked."""
    return person.may("operator")


def masked(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A client with masked addresses and without remarks about the last talk."""
    shown = {name: value for name, value in row.items() if name not in HIDDEN}
    shown["email"] = mask_email(row["email"])
    shown["phone"] = mask_phone(row["phone"])
    return shown


def for_person(row: Mapping[Any, Any], person: Person) -> dict[str, Any]:
    """A client as this person may see them."""
    return dict(row) if may_see_addresses(person) else masked(row)
