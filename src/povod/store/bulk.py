"""Many rows in one statement, past the per-row cost of the expression layer (L49).

PostgreSQL gets one array per column and unnests them; SQLite gets `executemany`. What is stored is
the same as through SQLAlchemy: defaults and types come from the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection, Dialect

from povod.kit.ids import new_ids
from povod.store.prepared import Convert, bind_converter, execute, execute_many, json_text
from povod.store.types import CLOCK_OPTION, TextUuid, UtcDateTime, moment_text

Row = Mapping[str, Any]

_BETWEEN, _QUOTES = "\x1f", '","'


def bulk_insert(
    conn: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    conflict: Sequence[str] = (),
    update: Sequence[str] = (),
) -> None:
    """Insert rows; those that meet an existing one change its `update` columns, or nothing.

    All rows have the same keys. Columns that no row names get their Python defaults. `conflict`
    are the columns of the unique rule that `update` is about.
    """
    if rows:
        columns, statement = _prepared(conn, table, rows, tuple(conflict), tuple(update))
        _execute(conn, table, statement, columns)


def bulk_insert_new(conn: Connection, table: sa.Table, rows: Sequence[Row]) -> set[str]:
    """Insert rows that bring their `id`; gives the ids of those that no unique rule held off."""
    if not rows or conn.dialect.name == "sqlite":
        bulk_insert(conn, table, rows)
        ids = sa.select(table.c.id).where(among(conn, table.c.id, [row["id"] for row in rows]))
        return set(conn.execute(ids).scalars()) if rows else set()
    columns, statement = _prepared(conn, table, rows, (), ())
    arrays = _arrays(table, columns)
    returning = conn.exec_driver_sql(f"{statement} RETURNING id::text", arrays)
    return set(returning.scalars())


def bulk_update(conn: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Set the named columns of existing rows, found by `id`; `updated_at` follows the clock."""
    if rows:
        names = [name for name in rows[0] if name != "id"]
        columns = _columns(rows, names)
        columns["updated_at"] = [_now(conn)] * len(rows)
        columns["id"] = [row["id"] for row in rows]
        _execute(conn, table, _update_sql(conn.dialect, table, tuple(columns)), columns)


def among(
    conn: Connection, column: sa.ColumnElement[Any], values: Iterable[Any]
) -> sa.ColumnElement[bool]:
    """`column IN values` with one parameter however many values there are."""
    given = list(values)
    if conn.dialect.name != "sqlite":
        return column == sa.any_(sa.literal(given, ARRAY(column.type)))
    convert = column.type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
    known = [convert(value) for value in given] if convert else given
    listed = sa.func.json_each(orjson.dumps(known).decode()).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def _prepared(
    conn: Connection,
    table: sa.Table,
    rows: Sequence[Row],
    conflict: tuple[str, ...],
    update: tuple[str, ...],
) -> tuple[dict[str, list[Any]], str]:
    names = [str(column.name) for column in table.columns if column.name in rows[0]]
    made = {
        str(column.name): _defaults(conn, column, len(rows))
        for column in table.columns
        if column.default is not None and column.name not in rows[0]
    }
    statement = _insert_sql(conn.dialect, table, (*names, *made), conflict, update)
    return _columns(rows, names) | made, statement


def _columns(rows: Sequence[Row], names: Iterable[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


def _defaults(conn: Connection, column: sa.Column[Any], count: int) -> list[Any]:
    default: Any = column.default
    if default.is_scalar:
        return [default.arg] * count
    if isinstance(column.type, UtcDateTime):
        return [_now(conn)] * count
    if isinstance(column.type, TextUuid):
        return list(new_ids(count))
    return [default.arg(None) for _ in range(count)]


def _now(conn: Connection) -> Any:
    return conn.get_execution_options()[CLOCK_OPTION].now()


def _execute(
    conn: Connection, table: sa.Table, statement: str, columns: Mapping[str, list[Any]]
) -> None:
    if conn.dialect.name == "sqlite":
        converters = _converters(conn.dialect, table, tuple(columns))
        converted = map(_converted, converters, columns.values())
        execute_many(conn, statement, list(zip(*converted, strict=True)))
    else:
        execute(conn, statement, _arrays(table, columns))


def _arrays(table: sa.Table, columns: Mapping[str, list[Any]]) -> tuple[str, ...]:
    """Each column's values as PostgreSQL writes an array."""
    return tuple(
        _array(map(_json_or_none, values) if isinstance(table.c[name].type, sa.JSON) else values)
        for name, values in columns.items()
    )


def _array(values: Iterable[Any]) -> str:
    """An array literal; quoting all texts at once takes a tenth of quoting each."""
    given = list(values)
    has_null = None in given
    joined = "" if has_null else _BETWEEN.join(_texts(given))
    if has_null or joined.count(_BETWEEN) != len(given) - 1:  # a text holds that very sign
        return f"{{{','.join(map(_element, given))}}}"
    return f'{{"{_escaped(joined).replace(_BETWEEN, _QUOTES)}"}}'


def _texts(values: list[Any]) -> list[str]:
    """The values as texts; instants and numbers, of which most are equal, are written once."""
    if set(map(type, values)) == {str}:
        return values
    known = {value: str(value) for value in set(values)}
    return [known[value] for value in values]


def _element(value: Any) -> str:
    return "NULL" if value is None else f'"{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _json_or_none(value: Any) -> str | None:
    return None if value is None else json_text(value)


@lru_cache(maxsize=256)
def _converters(
    dialect: Dialect, table: sa.Table, names: tuple[str, ...]
) -> tuple[Convert | None, ...]:
    return tuple(bind_converter(dialect, table.c[name].type) for name in names)


def _converted(convert: Convert | None, values: list[Any]) -> list[Any]:
    """The values as the driver takes them; equal instants are converted once."""
    if convert is None:
        return values
    if convert is moment_text:
        known = {value: value if value is None else convert(value) for value in set(values)}
        return [known[value] for value in values]
    return [value if value is None else convert(value) for value in values]


@lru_cache(maxsize=256)
def _insert_sql(
    dialect: Dialect,
    table: sa.Table,
    names: tuple[str, ...],
    conflict: tuple[str, ...],
    update: tuple[str, ...],
) -> str:
    columns = ", ".join(_quoted(dialect, names))
    changes = ", ".join(f"{name} = excluded.{name}" for name in _quoted(dialect, update))
    target = f" ({', '.join(_quoted(dialect, conflict))})" if conflict else ""
    action = f"ON CONFLICT{target} DO " + (f"UPDATE SET {changes}" if update else "NOTHING")
    values = f"VALUES ({', '.join('?' * len(names))})"
    if dialect.name != "sqlite":
        values = f"SELECT {columns} FROM {_records(dialect, table, names)}"  # noqa: S608 - names of our own tables
    return f"INSERT INTO {table.name} ({columns}) {values} {action}"


@lru_cache(maxsize=256)
def _update_sql(dialect: Dialect, table: sa.Table, names: tuple[str, ...]) -> str:
    changed = _quoted(dialect, names[:-1])
    if dialect.name == "sqlite":
        sets, rest = ", ".join(f"{name} = ?" for name in changed), "WHERE id = ?"
    else:
        sets = ", ".join(f"{name} = new.{name}" for name in changed)
        rest = f"FROM {_records(dialect, table, names)} WHERE {table.name}.id = new.id"
    return f"UPDATE {table.name} SET {sets} {rest}"  # noqa: S608 - names of our own tables


def _records(dialect: Dialect, table: sa.Table, names: tuple[str, ...]) -> str:
    types = [f"%s::{table.c[name].type.compile(dialect)}[]" for name in names]
    return f"unnest({', '.join(types)}) AS new ({', '.join(_quoted(dialect, names))})"


def _quoted(dialect: Dialect, names: Iterable[str]) -> list[str]:
    return [dialect.identifier_preparer.quote(name) for name in names]
