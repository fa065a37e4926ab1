"""Clients as the console and its API show them: names, masks, who may see whom, what is audited."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import Depends, Request

from povod.book.clients.birth import LEAP_YEAR
from povod.book.clients.listing import birth_date_text
from povod.greetings.people import display_name
from povod.kit.errors import NotFoundError
from povod.store import audit
from povod.store.tables import clients, events, greetings
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


def own_only(request: Request) -> None:
    """A dependency of routes to one greeting or occasion: those of others' clients are not found.

    Raises `NotFoundError` as for a client of somebody else (G136).
    """
    house: House = request.app.state.house
    owner = owner_filter(house, request.state.person)
    if not owner:
        return
    for name, table in (("greeting_id", greetings), ("event_id", events)):
        row_id = request.path_params.get(name)
        if row_id and not _belongs(house, table, row_id, owner):
            raise NotFoundError(f"there is no {name.removesuffix('_id')} {row_id}")


def _belongs(house: "House", table: sa.Table, row_id: str, owner: str) -> bool:
    mine = clients.c.owner_user_id == owner
    query = sa.select(sa.literal(1)).select_from(
        table.join(clients, sa.and_(clients.c.id == table.c.client_id, mine))
    )
    try:
        with house.db.read() as conn:
            return conn.execute(query.where(table.c.id == row_id)).first() is not None
    except sa.exc.StatementError:  # not an id at all
        return False


OWN_ONLY = Depends(own_only)


def remember_view(house: "House", person: Person, subject: str, count: int = 1) -> None:
    """Seeing whole addresses leaves a line in the audit (D99)."""
    if may_see_addresses(person) and count:
        with house.db.tx() as conn:
            audit.append(conn, person.login, "client.view", subject, {"count": count})
