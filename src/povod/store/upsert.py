"""Batch inserts that may meet existing rows, the same on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Row = Mapping[str, Any]


def _insert(conn: Connection, table: sa.Table) -> Any:
    return (sqlite if conn.dialect.name == "sqlite" else postgresql).insert(table)


def insert_new(
    conn: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    conflict: Sequence[str] | None = None,
    where: Any = None,
) -> list[str]:
    """Insert the rows that do not exist yet and return the ids of those that were inserted.

    Without `conflict` any unique rule counts; `where` names the predicate of a partial index.
    """
    if not rows:
        return []
    statement = _insert(conn, table).on_conflict_do_nothing(
        index_elements=list(conflict) if conflict else None, index_where=where
    )
    result = conn.execute(statement.returning(table.c.id), list(rows))
    return list(result.scalars())


def upsert(
    conn: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    conflict: Sequence[str],
    update: Sequence[str] | Mapping[str, Any],
    where: Any = None,
) -> None:
    """Insert rows, or change the named columns of those that exist.

    `update` is a list of columns that take the new value, or a mapping column → expression
    (build one from `sa.literal_column("excluded.x")` for merges such as max or coalesce).
    """
    if not rows:
        return
    statement = _insert(conn, table)
    changes = (
        dict(update) if isinstance(update, Mapping) else {c: statement.excluded[c] for c in update}
    )
    statement = statement.on_conflict_do_update(
        index_elements=list(conflict), index_where=where, set_=changes
    )
    conn.execute(statement, list(rows))
