"""People who asked to be forgotten do not come back with the next table (G137)."""

from collections.abc import Iterator, Sequence

from sqlalchemy.engine import Connection

from povod.book.clients.model import ClientDeps
from povod.book.importing.reading import ClientRow
from povod.kit.phone import find_phones, with_line
from povod.store.personal import erased_hashes

ERASED = "erased: this person asked to be forgotten"


def refuse_erased(conn: Connection, deps: ClientDeps, rows: Sequence[ClientRow]) -> None:
    """Refuse the rows of forgotten people, and keep nothing of them: not even their cells."""
    hashed = [(value, row) for row in rows for value in _hashes(deps, row)]
    gone = erased_hashes(conn, {value for value, _ in hashed})
    for value, row in hashed:
        if value in gone:
            row.refusal, row.cells, row.warnings = ERASED, (), []


def _hashes(deps: ClientDeps, row: ClientRow) -> Iterator[str]:
    """Of the addresses as they would be stored, however the table spells them."""
    if row.given.get("email"):
        yield deps.hash_value("email", str(row.given["email"]))
    for number in find_phones(str(row.given.get("phone") or "")):
        yield from (deps.hash_value("phone", form) for form in with_line(number))
