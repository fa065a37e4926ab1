"""Fields of a company, written by precedence: a person knows best, a search hit least (L57)."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.names import name_key
from povod.kit.errors import NotFoundError
from povod.kit.text import clean
from povod.store.tables import companies

Source = Literal["human", "requisites", "site", "import", "serp"]

PRECEDENCE: dict[str, int] = {"human": 5, "requisites": 4, "site": 3, "import": 2, "serp": 1}

IDENTITY = frozenset({"name", "city", "inn"})
"""A change of these has the company compared with the others again (L60)."""


class Claim(NamedTuple):
    """What one source says about one field."""

    field: str
    value: str
    source: Source


def write_fields(conn: Connection, company_id: str, claims: Iterable[Claim]) -> set[str]:
    """Write what no better source has said before; the names of the fields that changed.

    An empty claim says nothing. Of two claims of one source the newer one counts.
    """
    query = sa.select(companies).where(companies.c.id == company_id).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no company {company_id}")
    values: dict[str, Any] = {}
    sources = dict(row["field_sources"])
    for claim in claims:
        value = clean(claim.value)
        current = values.get(claim.field, row[claim.field])
        if value and (not current or _outweighs(claim.source, sources.get(claim.field))):
            values[claim.field] = value
            sources[claim.field] = claim.source
    changed = {name for name, value in values.items() if value != row[name]}
    if changed or sources != row["field_sources"]:
        values["field_sources"] = sources
        if "name" in changed:
            values["name_key"] = name_key(values["name"])
        if changed & IDENTITY:
            values["dedup_dirty"] = True
        conn.execute(sa.update(companies).where(companies.c.id == company_id).values(**values))
    return changed


def _outweighs(source: str, known: str | None) -> bool:
    return PRECEDENCE[source] >= PRECEDENCE.get(known or "", 0)
