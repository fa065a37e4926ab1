"""People who asked to be forgotten do not come back with the next table (G137)."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.clients.model import ClientDeps
from povod.book.importing.reading import ClientRow
from povod.store.bulk import among
from povod.store.tables import opt_out_registry

ERASED = "erased: this person asked to be forgotten"


def refuse_erased(conn: Connection, deps: ClientDeps, rows: Sequence[ClientRow]) -> None:
    """Refuse the rows of forgotten people, and keep nothing of them: not even their cells."""
    hashed = [(value, row) for row in rows for value in _hashes(deps, row)]
    if not hashed:
        return
    table = opt_out_registry.c
    known = sa.select(table.value_hash).where(
        among(conn, table.value_hash, [value for value, _ in hashed]),
        table.erased_at.is_not(None),
        table.lifted_at.is_(None),
    )
    gone = set(conn.execute(known).scalars())
    for value, row in hashed:
        if value in gone:
            row.refusal, row.cells, row.warnings = ERASED, (), []


def _hashes(deps: ClientDeps, row: ClientRow) -> Iterator[str]:
    for kind in ("email", "phone"):
        if row.given.get(kind):
            yield deps.hash_value(kind, str(row.given[kind]))
