"""What is kept about a person: which rows, which columns, and how they are emptied (D101).

Each room names its own tables as `Holding`s; a test holds them against the tables, so that no
column of text is forgotten. Export and erasure read the same list.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.bulk import among
from povod.store.tables import files, metadata, opt_out_registry

BATCH = 500
NATIONAL = 10
"""So many digits of a telephone number are written with or without what stands before them."""

_GAP = r"[^0-9A-Za-z\n]{0,4}"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """By what the rows of a person are found. `value_hash` is the hash of the address asked for.

    `addresses` are spellings of all addresses that are theirs alone; the rest are ids of rows.
    """

    value_hash: str
    at: datetime
    hashes: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    surnames: frozenset[str] = frozenset()
    inns: frozenset[str] = frozenset()
    clients: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    def is_named_in(self, *values: Any) -> bool:
        """True if an address or, as a word, a surname of theirs stands in one of the values."""
        return any(self._marks.search(text) for value in values for text in _texts(value))

    def is_addressed_in(self, *values: Any) -> bool:
        """True if an address of theirs stands there: where namesakes may be meant as well."""
        return any(self._spelled.search(text) for value in values for text in _texts(value))

    def is_stored_in(self, raw: bytes) -> bool:
        """True if an address of theirs stands in the bytes, whatever their encoding."""
        plain = raw.lower().replace(b"\0", b"")
        mails = [text for text in self.addresses if "@" in text]
        spelled = {text.encode(code, "ignore") for text in mails for code in ("utf-8", "cp1251")}
        if any(mail in plain for mail in spelled):
            return True
        return self._phones.search(plain.decode("latin-1")) is not None

    @cached_property
    def _spelled(self) -> re.Pattern[str]:
        # Not within a longer address: ann@firma.ru is not joann@firma.ru.
        mails = [text for text in sorted(self.addresses) if "@" in text]
        parts = [rf"(?<![\w.+-]){re.escape(text)}(?![\w-])" for text in mails]
        return re.compile("|".join([*parts, self._phones.pattern]), re.IGNORECASE)

    @cached_property
    def _phones(self) -> re.Pattern[str]:
        numbers = [text for text in sorted(self.addresses) if "@" not in text]
        return re.compile("|".join(map(_any_spelling, numbers)) or r"(?!)")

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        names = [rf"\b{re.escape(name)}\b" for name in sorted(self.surnames)]
        return re.compile("|".join([self._spelled.pattern, *names]), re.IGNORECASE)


def _any_spelling(number: str) -> str:
    """A pattern for a stored number (E.164) as people write it: 8 (916) 123-45-67."""
    line, _, extension = number.partition(";ext=")
    code, digits = line[:-NATIONAL], _GAP.join(line[-NATIONAL:])
    after = rf"\D{{1,16}}{extension}" if extension else ""
    return rf"(?<!\d)(?:(?:{re.escape(code)}|{code[1:]}|8){_GAP})?{digits}{after}(?!\d)"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield str(name)
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


New = Callable[[Any, Row, Person], Any]
"""From the value of a column, its row and the person: what is to stand there afterwards."""


@dataclass(frozen=True)
class Holding:
    """What one table keeps about a person.

    `where` selects the rows (`only` looks at each once more); `blank` names the columns that are
    emptied with what then stands there, `keeps` those whose text says nothing of a person;
    `files` the columns that name stored bytes. With `gone` the row itself is deleted. A `shared`
    row tells of others as well, so that only its place in the store may be shown to the person.
    """

    table: sa.Table
    where: Callable[[Person], Any]
    blank: Mapping[str, Any] = field(default_factory=dict)
    keeps: Collection[str] = ()
    files: Collection[str] = ()
    only: Callable[[Person, Row], bool] | None = None
    gone: bool = False
    shared: bool = False


def rows_of(conn: Connection, holding: Holding, person: Person) -> Iterator[Row]:
    """The person's rows of a table, in order and a batch at a time."""
    key = list(holding.table.primary_key)
    query = sa.select(holding.table).where(holding.where(person)).order_by(*key)
    for found in conn.execute(query.execution_options(yield_per=BATCH)).mappings():
        row = dict(found)
        if holding.only is None or holding.only(person, row):
            yield row


def erase(conn: Connection, holding: Holding, person: Person) -> tuple[int, set[str]]:
    """Empty the person's rows: how many were not empty yet, and the files they named."""
    changed, named = 0, set[str]()
    for row in list(rows_of(conn, holding, person)):
        named.update(str(row[name]) for name in holding.files if row[name])
        changes = _changes(holding, row, person)
        same = [column == row[column.name] for column in holding.table.primary_key]
        if holding.gone:
            conn.execute(sa.delete(holding.table).where(*same))
        elif changes:
            conn.execute(sa.update(holding.table).where(*same).values(**changes))
        changed += holding.gone or bool(changes)
    return changed, named


def _changes(holding: Holding, row: Row, person: Person) -> dict[str, Any]:
    found = {
        name: value(row[name], row, person) if callable(value) else value
        for name, value in holding.blank.items()
    }
    empty = {name: None if holding.table.c[name].nullable else "" for name in holding.files}
    return {name: new for name, new in {**empty, **found}.items() if row[name] != new}


def remove_files(conn: Connection, named: Collection[str]) -> int:
    """Delete stored bytes that no row names any more; how many."""
    unused = set(named)
    for column in FILE_COLUMNS:
        cited = sa.select(column).where(among(conn, column, sorted(unused)))
        unused -= set(conn.execute(cited).scalars())
    if not unused:
        return 0
    gone = sa.delete(files).where(among(conn, files.c.id, sorted(unused)))
    return conn.execute(gone).rowcount


FILE_COLUMNS = [
    column
    for table in metadata.sorted_tables
    for column in table.columns
    if column.name.endswith("file_id")
]
"""All columns that hold the id of stored bytes."""


def erased_hashes(conn: Connection, hashes: Collection[str]) -> set[str]:
    """Those of the hashes whose owners asked to be forgotten, and gave no new consent since."""
    table = opt_out_registry.c
    known = sa.select(table.value_hash).where(
        among(conn, table.value_hash, sorted(hashes)),
        table.erased_at.is_not(None),
        table.lifted_at.is_(None),
    )
    return set(conn.execute(known).scalars()) if hashes else set()


def nameless(value: Any, _row: Row, person: Person) -> Any:
    """The value without any text in which the person is named; lists lose such entries."""
    return _without(value, person.is_named_in)


def addressless(value: Any, _row: Row, person: Person) -> Any:
    """The value without any text in which an address of theirs stands."""
    return _without(value, person.is_addressed_in)


def _without(value: Any, stands_in: Callable[[Any], bool]) -> Any:
    if isinstance(value, str):
        return "" if stands_in(value) else value
    if isinstance(value, Mapping):
        return {name: _without(part, stands_in) for name, part in value.items()}
    if isinstance(value, list):
        return [part for part in value if not stands_in(part)]
    return value


def code_only(value: str, _row: Row, _person: Person) -> str:
    """A reason stays if it is a code of ours; what somebody wrote in words goes."""
    return value if re.fullmatch(r"[a-z0-9_:.]*", value) else ""


def stamped(value: datetime | None, _row: Row, person: Person) -> datetime:
    """When it was emptied, for the first time."""
    return value or person.at


def placeholder(_value: Any, row: Row, _person: Person) -> str:
    """What stands for a value that must stay unique: it says only that something was there."""
    return f"erased:{row['id']}"
