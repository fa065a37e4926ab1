"""Clients as the console and its API show them: names, masks, who may see whom, what is audited."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from povod.book.clients.birth import LEAP_YEAR
from povod.book.clients.listing import birth_date_text
from povod.greetings.people import display_name
from povod.kit.errors import NotFoundError
from povod.store import audit
from povod.web.masked import for_person, may_see_addresses
from povod.web.session import Person

if TYPE_CHECKING:
    from povod.app.house import House


def shown(row: Mapping[Any, Any], person: Person) -> dict[str, Any]:
    """A client with a name and a birth date in words, masked for viewers."""
    extra = {"name": display_name(row), "birth_date": birth_date_text(row)}
    return {**for_person(row, person), **extra, "birthday": _birthday(row)}


def _birthday(row: Mapping[Any, Any]) -> date | None:
    """The day to be formatted; without a year it stands in a leap year."""
    if row["birth_day"] is None:
        return None
    return date(row["birth_year"] or LEAP_YEAR, row["birth_month"], row["birth_day"])


def owner_filter(house: "House", person: Person) -> str:
    """The id of the only owner whose clients this person may see; empty: all (G136)."""
    limited = house.settings.own_clients_only and person.role == "operator"
    return person.id if limited else ""


def must_see(house: "House", person: Person, client: Mapping[str, Any]) -> None:
    """`NotFoundError` for a client of somebody else, where managers see only their own."""
    owner = owner_filter(house, person)
    if owner and client["owner_user_id"] != owner:
        raise NotFoundError(f"there is no client {client['id']}")


def remember_view(house: "House", person: Person, subject: str, count: int = 1) -> None:
    """Seeing whole addresses leaves a line in the audit (D99)."""
    if may_see_addresses(person) and count:
        with house.db.tx() as conn:
            audit.append(conn, person.login, "client.view", subject, {"count": count})
