"""Statements that are compiled once per kind of database and run past the expression layer.

What a crawl asks of the database many times a second is asked here: a look-up by key takes
SQLite a few microseconds, and the expression layer twenty times that to set the look-up up. What
is stored and what comes back are the same as through SQLAlchemy, errors too; but the connection
must be in a transaction (`Database.tx`, `Database.read`), because none is begun here.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from povod.store.types import CLOCK_OPTION, UtcDateTime, moment_of, moment_text

Values = Mapping[str, Any]
_NONE: Values = {}
Convert = Callable[[Any], Any]


class Prepared:
    """A statement with named parameters; `IN` needs as many of them as there are values."""

    def __init__(self, statement: sa.Select[Any] | sa.Update) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def all(self, conn: Connection, values: Values) -> list[Any]:
        """The rows of a query, columns by name."""
        return list(self.each(conn, values))

    def each(self, conn: Connection, values: Values) -> Iterator[Any]:
        """The same for whoever may stop before the end: what is not looked at costs little."""
        form = self._form(conn)
        return form.rows(*_fetched(conn, form.sql, form.bound(conn, values)))

    def run(self, conn: Connection, rows: Sequence[Values]) -> None:
        """Make a change, once for each of `rows`."""
        form = self._form(conn)
        bound = [form.bound(conn, row) for row in rows]
        if len(bound) == 1:
            execute(conn, form.sql, bound[0])
        elif bound:
            execute_many(conn, form.sql, bound)

    def _form(self, conn: Connection) -> "_Form":
        name = conn.dialect.name
        form = self._forms.get(name)
        if form is None:
            form = self._forms[name] = _Form(self._statement, conn.dialect)
        return form


class PreparedByCount:
    """A query for `column IN (…)`: compiled once for each number of values."""

    def __init__(
        self, name: str, build: Callable[[list[sa.BindParameter[Any]]], sa.Select[Any]]
    ) -> None:
        self._name = name
        self._build = build
        self._queries: dict[int, Prepared] = {}

    def all(self, conn: Connection, listed: Sequence[Any], values: Values = _NONE) -> list[Any]:
        """The rows of the query for these values of `IN`, and for the other parameters."""
        return list(self.each(conn, listed, values))

    def each(
        self, conn: Connection, listed: Sequence[Any], values: Values = _NONE
    ) -> Iterator[Any]:
        """The same for whoever may stop before the end."""
        if not listed:
            return iter(())
        names = [f"{self._name}{place}" for place in range(len(listed))]
        query = self._queries.get(len(listed))
        if query is None:
            query = Prepared(self._build([sa.bindparam(name) for name in names]))
            self._queries[len(listed)] = query
        return query.each(conn, {**values, **dict(zip(names, listed, strict=True))})


class _Form:
    """A statement in the words of one database."""

    def __init__(self, statement: sa.Select[Any] | sa.Update, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.sql = compiled.string
        self._dialect = dialect
        self._stamps = [str(column.key) for column in compiled.update_prefetch]
        self._is_positional = compiled.positiontup is not None
        self._binds = [
            (name, bind_converter(dialect, compiled.binds[name].type))
            for name in compiled.positiontup or compiled.binds
        ]
        self._fixed = {
            name: item.value for name, item in compiled.binds.items() if not item.required
        }
        self._columns = [
            (str(column.name), column.type)
            for column in (statement.selected_columns if isinstance(statement, sa.Select) else ())
        ]
        self._make: Callable[[Sequence[Any]], Any] | None = None

    def bound(self, conn: Connection, values: Values) -> Any:
        """The parameters as the driver takes them."""
        values = {**self._fixed, **values}
        if self._stamps:
            now = conn.get_execution_options()[CLOCK_OPTION].now()
            values.update(dict.fromkeys(self._stamps, now))
        bound = [
            values[name] if convert is None or values[name] is None else convert(values[name])
            for name, convert in self._binds
        ]
        if self._is_positional:
            return tuple(bound)
        return {name: value for (name, _), value in zip(self._binds, bound, strict=True)}

    def rows(self, driver_types: Sequence[Any], found: Sequence[Any]) -> Iterator[Any]:
        """What a query gave, as named tuples."""
        if self._make is None:
            self._make = self._maker(driver_types)
        return map(self._make, found)

    def _maker(self, driver_types: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
        names = [name for name, _ in self._columns]
        shape: Any = namedtuple("Row", names)  # type: ignore[misc]
        converters = [
            (place, _result_converter(self._dialect, kind, driver_type))
            for place, ((_, kind), driver_type) in enumerate(
                zip(self._columns, driver_types, strict=True)
            )
        ]
        needed = [(place, convert) for place, convert in converters if convert is not None]
        new = tuple.__new__

        def make(row: Sequence[Any]) -> Any:
            values = list(row)
            for place, convert in needed:
                if values[place] is not None:
                    values[place] = convert(values[place])
            return new(shape, values)

        return make


def execute(conn: Connection, sql: str, parameters: Any) -> None:
    """Make one change in the driver's own words."""
    if _is_watched(conn):
        conn.exec_driver_sql(sql, parameters)
    else:
        _opened(conn, sql, parameters).close()


def execute_many(conn: Connection, sql: str, rows: Sequence[Any]) -> None:
    """Make the change once for each row of parameters."""
    if _is_watched(conn):
        conn.exec_driver_sql(sql, rows)
    else:
        _opened(conn, sql, rows, many=True).close()


def _fetched(conn: Connection, sql: str, parameters: Any) -> tuple[list[Any], list[Any]]:
    """The driver's types of the columns, and the rows as it gives them."""
    cursor: Any
    if _is_watched(conn):
        cursor = conn.exec_driver_sql(sql, parameters).cursor
    else:
        cursor = _opened(conn, sql, parameters)
    try:
        return [column[1] for column in cursor.description], cursor.fetchall()
    finally:
        cursor.close()


def _is_watched(conn: Connection) -> bool:
    """Whether somebody listens to statements (tracing, a test): they go by the long way then."""
    return bool(conn.dispatch.before_cursor_execute)


def _opened(conn: Connection, sql: str, parameters: Any, *, many: bool = False) -> Any:
    """The driver's cursor after the statement; errors are those of SQLAlchemy."""
    cursor = conn.connection.cursor()
    try:
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except _driver_error(conn) as error:
        kind = _driver_error(conn)
        raise sa.exc.DBAPIError.instance(
            sql, parameters, error, kind, dialect=conn.dialect
        ) from error
    return cursor


def _driver_error(conn: Connection) -> type[Exception]:
    module: Any = conn.dialect.dbapi
    kind: type[Exception] = module.Error
    return kind


@lru_cache(maxsize=4096)
def bind_converter(dialect: Dialect, kind: sa.types.TypeEngine[Any]) -> Convert | None:
    """What makes of a value of this type one for the driver; None when nothing has to be done."""
    if isinstance(kind, sa.JSON) and dialect.name == "sqlite":
        return json_text
    if isinstance(kind, sa.Enum):
        return None  # the database checks the choice
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return moment_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


def json_text(value: Any) -> str:
    """A JSON value as text."""
    return orjson.dumps(value).decode()


def _result_converter(
    dialect: Dialect, kind: sa.types.TypeEngine[Any], driver_type: Any
) -> Convert | None:
    if isinstance(kind, sa.JSON) and dialect.name == "sqlite":
        return orjson.loads
    if isinstance(kind, sa.Enum):
        return None
    if isinstance(kind, UtcDateTime) and dialect.name == "sqlite":
        return moment_of
    return kind.dialect_impl(dialect).result_processor(dialect, driver_type)
