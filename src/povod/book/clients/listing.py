"""Clients as people look at them: filtered, sorted, page by page; one with its grounds (G130)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.book.clients.grounds import in_force
from povod.book.clients.write import get_client
from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import clients, consents

_SORTED = {
    "name": clients.c.name_key,
    "company": clients.c.company_name,
    "segment": clients.c.segment,
    "added": clients.c.created_at,
}
SORTS = {name: column.asc() for name, column in _SORTED.items()} | {
    f"-{name}": column.desc() for name, column in _SORTED.items()
}
STATES = ("active", "no_basis", "do_not_greet", "deleted")
_USEFUL = ("consent", "existing_client", "public_corporate_address", "legitimate_interest")


@dataclass(frozen=True)
class ClientFilter:
    """What a list shows; empty means all who are not deleted."""

    text: str = ""
    segment: str = ""
    state: str = ""
    owner: str = ""
    sort: str = "name"
    page: int = 1
    size: int = PAGE_SIZE


@dataclass(frozen=True)
class ClientCard:
    """One client with the grounds on which they may be written to."""

    client: dict[str, Any]
    grounds: Sequence[RowMapping]


def list_clients(conn: Connection, wanted: ClientFilter) -> Listing:
    """The page that `wanted` asks for."""
    query = (
        sa.select(clients, _has_ground().label("has_ground"))
        .where(*_conditions(wanted))
        .order_by(SORTS.get(wanted.sort, SORTS["name"]), clients.c.id)
    )
    return read_page(conn, query, wanted.page, wanted.size)


def _conditions(wanted: ClientFilter) -> list[sa.ColumnElement[bool]]:
    where = [_STATE_RULES.get(wanted.state, clients.c.deleted_at.is_(None))]
    if wanted.state == "no_basis":
        where.append(~_has_ground())
    if wanted.segment:
        where.append(clients.c.segment == wanted.segment)
    if wanted.owner:
        where.append(clients.c.owner_user_id == wanted.owner)
    if wanted.text:
        columns = (clients.c.name_key, clients.c.company_name, clients.c.email, clients.c.inn)
        where.append(text_in(columns, wanted.text))
    return where


_STATE_RULES: dict[str, sa.ColumnElement[bool]] = {
    "deleted": clients.c.deleted_at.is_not(None),
    "do_not_greet": clients.c.deleted_at.is_(None) & clients.c.do_not_greet,
    "active": clients.c.deleted_at.is_(None) & ~clients.c.do_not_greet,
}


def _has_ground() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        consents.c.client_id == clients.c.id,
        consents.c.withdrawn_at.is_(None),
        consents.c.basis.in_(_USEFUL),
    )


def client_card(conn: Connection, client_id: str) -> ClientCard:
    """Everything the book knows about one client; `NotFoundError` if there is none."""
    return ClientCard(get_client(conn, client_id), in_force(conn, client_id))


def segment_counts(conn: Connection) -> dict[str, int]:
    """How many clients are in each segment; deleted ones do not count."""
    query = (
        sa.select(clients.c.segment, sa.func.count())
        .where(clients.c.deleted_at.is_(None))
        .group_by(clients.c.segment)
    )
    return {str(name): int(count) for name, count in conn.execute(query)}


def birth_date_text(row: Any) -> str:
    """`1985-05-17`, `--05-17` without a year, empty when unknown (G4)."""
    if row["birth_day"] is None:
        return ""
    year = f"{row['birth_year']:04}" if row["birth_year"] else "-"
    return f"{year}-{row['birth_month']:02}-{row['birth_day']:02}"
