"""What changes hands when two rows of one company are joined, and how it is given back."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import (
    companies,
    company_domains,
    company_facts,
    company_pages,
    contacts,
    serp_results,
)

_UNIQUE_WITHIN = {
    contacts: ("contact_type", "value_key"),
    company_pages: ("url",),
    company_facts: ("kind", "quote"),
    company_domains: (),
    serp_results: (),
}
"""Moved tables, and what may stand only once within a company: the loser keeps such a row."""


def move(conn: Connection, loser: str, winner: str, *, fuzzy: bool) -> dict[str, Any]:
    """Hand everything over; the result tells `give_back` what to return and how it was."""
    had_primary = _primary_types(conn, winner)
    moved: dict[str, Any] = {
        "contacts": _take(conn, contacts, loser, winner, "is_primary"),
        "company_pages": _take(conn, company_pages, loser, winner),
        "company_facts": _take(conn, company_facts, loser, winner),
        "company_domains": _take(conn, company_domains, loser, winner, "kind"),
        "serp_results": _take(conn, serp_results, loser, winner, "dedup_status"),
        "followers": _take_followers(conn, loser, winner),
    }
    _update(
        conn, contacts, moved["contacts"], {"is_primary": False},
        contacts.c.contact_type.in_(had_primary),
    )  # fmt: skip
    _update(
        conn, company_domains, moved["company_domains"], {"kind": "alias"},
        company_domains.c.kind == "primary",
    )  # fmt: skip
    if fuzzy:
        _update(
            conn, serp_results, moved["serp_results"], {"dedup_status": "DUP_FUZZY"},
            serp_results.c.dedup_status.in_(("UNIQUE", "DUP_HOST")),
        )  # fmt: skip
    return moved


def give_back(conn: Connection, loser: str, holder: str, moved: Mapping[str, Any]) -> None:
    """Return to `loser` what `holder` still has of the moved rows, as it was."""
    for table in _UNIQUE_WITHIN:
        for row_id, *state in moved[table.name]:
            values = dict(zip(_kept_columns(table), state, strict=True))
            conn.execute(
                sa.update(table)
                .where(table.c.id == row_id, table.c.company_id == holder)
                .values(company_id=loser, **values)
            )
    conn.execute(
        sa.update(companies)
        .where(companies.c.id.in_(moved["followers"]), companies.c.duplicate_of == holder)
        .values(duplicate_of=loser)
    )


def _kept_columns(table: sa.Table) -> tuple[str, ...]:
    kept = {"contacts": "is_primary", "company_domains": "kind", "serp_results": "dedup_status"}
    return (kept[table.name],) if table.name in kept else ()


def _take(
    conn: Connection, table: sa.Table, loser: str, winner: str, *kept: str
) -> list[list[Any]]:
    """Re-point the rows of the loser; returns their ids with the columns that will change."""
    here = table.c.company_id == loser
    unique = _UNIQUE_WITHIN[table]
    if unique:
        other = table.alias()
        same = [other.c[name] == table.c[name] for name in unique]
        here &= ~sa.exists().where(other.c.company_id == winner, *same)
    columns = [table.c.id, *(table.c[name] for name in kept)]
    rows = [list(row) for row in conn.execute(sa.select(*columns).where(here).order_by(table.c.id))]
    _update(conn, table, rows, {"company_id": winner})
    return rows


def _take_followers(conn: Connection, loser: str, winner: str) -> list[str]:
    """Earlier duplicates of the loser now name the winner: no chain forms."""
    mine = companies.c.duplicate_of == loser
    ids = list(conn.execute(sa.select(companies.c.id).where(mine)).scalars())
    conn.execute(sa.update(companies).where(mine).values(duplicate_of=winner))
    return ids


def _primary_types(conn: Connection, company_id: str) -> list[str]:
    """Contact types for which the company has a primary contact."""
    query = sa.select(contacts.c.contact_type).where(
        contacts.c.company_id == company_id, contacts.c.is_primary
    )
    return list(conn.execute(query).scalars())


def _update(
    conn: Connection,
    table: sa.Table,
    rows: Sequence[Sequence[Any]],
    values: Mapping[str, Any],
    where: sa.ColumnElement[bool] | None = None,
) -> None:
    ids = [row[0] for row in rows]
    if ids:
        query = sa.update(table).where(table.c.id.in_(ids)).values(**values)
        conn.execute(query if where is None else query.where(where))
