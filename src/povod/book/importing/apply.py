"""Taking a table in: a preview that writes no client, then batches that can be killed (G11)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.clients.grounds import CONFLICT, ground_rows, record_ground
from povod.book.clients.model import Author, ClientDeps, Ground
from povod.book.clients.write import changes_of, get_client, new_row, update_client
from povod.book.importing.columns import Header, find_header
from povod.book.importing.erased import refuse_erased
from povod.book.importing.matching import AMBIGUOUS, keys_of, match
from povod.book.importing.reading import CLIENT_LIMITS, ClientRow, Reading, read_clients, shown
from povod.book.importing.result import COUNTS, ImportResult, Preview
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.tabular.reading import read_table
from povod.store import audit
from povod.store.db import Database
from povod.store.files import get_file, put_file
from povod.store.tables import clients, consents, import_jobs, users
from povod.store.upsert import insert_new

BATCH = 500
PREVIEW_ROWS = 20
DELIMITERS = ";,\t|"


class Importer:
    """Imports of clients; every step can be killed and repeated."""

    def __init__(self, db: Database, deps: ClientDeps) -> None:
        self._db, self._deps = db, deps

    def preview(
        self,
        raw: bytes,
        name: str,
        author: Author,
        ground: Ground | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> Preview:
        """Read the whole file and say what would happen; `apply` with the id does it.

        `TableError` when the file is no table or names no clients; nothing is stored then.
        """
        header, rows = self._open(raw, name, mapping)
        result, first = ImportResult(), list[Mapping[str, str]]()
        with self._db.read() as conn:
            for chunk in _chunks(rows):
                for row, client_id in _judged(conn, self._deps, chunk, author, result):
                    self._foresee(conn, row, client_id, author, result)
                    if len(first) < PREVIEW_ROWS:
                        first.append(shown(row.given))
        import_id = self._store(raw, name, author, ground or Ground(), mapping or {})
        return Preview(import_id, header, first, result)

    def apply(self, import_id: str) -> ImportResult:
        """Write the rows that are not written yet, 500 in a transaction; the counts of all."""
        order, raw = self._order(import_id)
        options = order["options"]
        author = Author(options["author"], options["source"])
        ground = Ground(options["basis"], options["evidence"])
        _, rows = self._open(raw, order["file_name"], order["mapping"])
        counts = {name: order["counts"].get(name, 0) for name in COUNTS}
        refused = list(options.get("refused_rows", ()))
        result = ImportResult(**counts, problems=list(order["problems"]), refused_rows=refused)
        done = order["done_rows"]
        for chunk in _chunks(islice(rows, done, None)):
            with self._db.tx() as conn:
                _move_mark(conn, import_id, done, len(chunk))
                self._write(conn, chunk, author, ground, result)
                _keep(conn, import_id, options, result)
                audit.append(conn, author.name, "client.import", import_id, result.counts())
            done += len(chunk)
        with self._db.tx() as conn:
            finished = sa.update(import_jobs).where(import_jobs.c.id == import_id)
            conn.execute(finished.values(status="done"))
        return result

    def take(
        self,
        raw: bytes,
        name: str,
        author: Author,
        ground: Ground | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> ImportResult:
        """Preview and apply in one, for commands."""
        return self.apply(self.preview(raw, name, author, ground, mapping).import_id)

    def _open(
        self, raw: bytes, name: str, mapping: Mapping[str, str] | None
    ) -> tuple[Header, Iterator[ClientRow]]:
        table = read_table(raw, name, delimiters=DELIMITERS, limits=CLIENT_LIMITS)
        header = find_header(table, mapping)
        reading = Reading(self._deps, header, self._deps.clock.now().date(), table.epoch_1904)
        return header, read_clients(table, reading)

    def _foresee(
        self,
        conn: Connection,
        row: ClientRow,
        client_id: str | None,
        author: Author,
        result: ImportResult,
    ) -> None:
        if client_id is None:
            result.new += 1
        elif changes_of(self._deps, get_client(conn, client_id), row.given, author):
            result.changed += 1
        else:
            result.same += 1

    def _store(
        self, raw: bytes, name: str, author: Author, ground: Ground, mapping: Mapping[str, str]
    ) -> str:
        options = {"author": author.name, "source": author.source}
        options |= {"basis": ground.basis, "evidence": ground.evidence}
        row: dict[str, Any] = {"id": new_id(), "kind": "clients", "file_name": name}
        row |= {"options": options, "mapping": dict(mapping), "created_by": author.name}
        with self._db.tx() as conn:
            row["file_id"] = put_file(conn, raw, "application/octet-stream")
            conn.execute(sa.insert(import_jobs).values(**row))
        return str(row["id"])

    def _order(self, import_id: str) -> tuple[dict[str, Any], bytes]:
        query = sa.select(import_jobs).where(import_jobs.c.id == import_id)
        with self._db.tx() as conn:
            order = conn.execute(query).mappings().first()
            if order is None or order["file_id"] is None:
                raise NotFoundError(f"there is no import {import_id}")
            raw = get_file(conn, order["file_id"])
            started = sa.update(import_jobs).where(import_jobs.c.id == import_id)
            conn.execute(started.values(status="running"))
        return dict(order), raw

    def _write(
        self,
        conn: Connection,
        chunk: Sequence[ClientRow],
        author: Author,
        ground: Ground,
        result: ImportResult,
    ) -> None:
        """One batch; a row that means the same client as one above it comes in a second turn."""
        waiting = list(chunk)
        while waiting:
            first, waiting = _first_of_each(waiting, author.source)
            fresh = list[ClientRow]()
            for row, client_id in _judged(conn, self._deps, first, author, result):
                if client_id is None:
                    fresh.append(row)
                else:
                    self._change(conn, row, client_id, author, ground, result)
            self._insert(conn, fresh, author, ground)
            result.new += len(fresh)

    def _change(
        self,
        conn: Connection,
        row: ClientRow,
        client_id: str,
        author: Author,
        ground: Ground,
        result: ImportResult,
    ) -> None:
        before = get_client(conn, client_id)["version"]
        after = update_client(conn, self._deps, client_id, row.given, author)
        is_changed = after["version"] != before
        if row.basis:
            is_changed |= bool(record_ground(conn, self._deps, after, row.ground(ground), author))
        result.changed += is_changed
        result.same += not is_changed

    def _insert(
        self, conn: Connection, rows: Sequence[ClientRow], author: Author, ground: Ground
    ) -> None:
        made, grounds = list[dict[str, Any]](), list[dict[str, Any]]()
        for row in rows:
            client = new_row(self._deps, row.given, author)
            made.append(client)
            grounds += ground_rows(self._deps, client, row.ground(ground), author)
        if made:
            conn.execute(sa.insert(clients), made)
            insert_new(conn, consents, grounds, CONFLICT)


def _move_mark(conn: Connection, import_id: str, done: int, size: int) -> None:
    """Claim the batch: of two processes that import at once, one writes and the other stops."""
    here = (import_jobs.c.id == import_id, import_jobs.c.done_rows == done)
    moved = sa.update(import_jobs).where(*here).values(done_rows=done + size)
    if not conn.execute(moved).rowcount:
        raise ConflictError("another process is importing this file", code="import_running")


def _keep(
    conn: Connection, import_id: str, options: Mapping[str, Any], result: ImportResult
) -> None:
    values = {
        "counts": result.counts(),
        "problems": result.problems,
        "options": {**options, "refused_rows": result.refused_rows},
    }
    conn.execute(sa.update(import_jobs).where(import_jobs.c.id == import_id).values(**values))


def _judged(
    conn: Connection,
    deps: ClientDeps,
    chunk: Sequence[ClientRow],
    author: Author,
    result: ImportResult,
) -> Iterator[tuple[ClientRow, str | None]]:
    """The usable rows with the client each means; the others are put aside with their reason."""
    refuse_erased(conn, deps, chunk)
    owners = _owners(conn, {row.owner for row in chunk if row.owner})
    usable = [row for row in chunk if not row.refusal]
    found, unclear = match(conn, usable, author.source)
    for row in chunk:
        if row.number in unclear:
            row.refusal = AMBIGUOUS
        if row.refusal:
            result.refuse(row)
            continue
        if row.owner in owners:
            row.given["owner_user_id"] = owners[row.owner]
        result.warn(row)
        yield row, found.get(row.number)


def _first_of_each(
    rows: Sequence[ClientRow], source: str
) -> tuple[list[ClientRow], list[ClientRow]]:
    """Rows that share no key with a row above them, and those that do."""
    seen = set[tuple[str, ...]]()
    first, again = list[ClientRow](), list[ClientRow]()
    for row in rows:
        keys = set() if row.refusal else set(keys_of(row.given, source))
        (again if keys & seen else first).append(row)
        seen |= keys
    return first, again


def _owners(conn: Connection, names: set[str]) -> dict[str, str]:
    """Name as it stands in the file → the user with that login or name."""
    if not names:
        return {}
    wanted = {name.casefold(): name for name in names}
    query = sa.select(users.c.id, users.c.login, users.c.name).where(users.c.active)
    return {
        wanted[said.casefold()]: row.id
        for row in conn.execute(query)
        for said in (row.login, row.name)
        if said.casefold() in wanted
    }


def _chunks(rows: Iterable[ClientRow]) -> Iterator[list[ClientRow]]:
    source = iter(rows)
    while chunk := list(islice(source, BATCH)):
        yield chunk
