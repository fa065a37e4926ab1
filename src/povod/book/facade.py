"""`Book`: what the jobs above, the console and the commands use of clients and the register."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from povod.book.clients import from_company, grounds, write
from povod.book.clients.model import Author, ClientDeps, Ground, Listener
from povod.book.enrich.enricher import Answer, Enricher, EnrichResult
from povod.book.importing.apply import Importer
from povod.book.importing.export import export_clients
from povod.book.importing.result import ImportResult, Preview
from povod.store.db import Database


class Book:
    """Functions that take a connection work in the caller's transaction; the others open one."""

    def __init__(
        self, db: Database, deps: ClientDeps, make_enricher: Callable[[], Enricher]
    ) -> None:
        self.db, self.deps = db, deps
        self._make_enricher = make_enricher
        self.importer = Importer(db, deps)

    @cached_property
    def enricher(self) -> Enricher:
        """Made when it is first asked, so that a missing key stops nothing else."""
        return self._make_enricher()

    def listen(self, listener: Listener) -> None:
        """Tell `listener(conn, client_id, what)` of changed, deleted and restored clients."""
        self.deps.listeners.append(listener)

    def create(
        self,
        conn: Connection,
        given: Mapping[str, Any],
        author: Author,
        ground: Ground | None = None,
    ) -> str:
        """A new client; its id."""
        return write.create_client(conn, self.deps, given, author, ground)

    def update(
        self,
        conn: Connection,
        client_id: str,
        given: Mapping[str, Any],
        author: Author,
        version: int | None = None,
    ) -> dict[str, Any]:
        """Change fields of a client; the row afterwards."""
        return write.update_client(conn, self.deps, client_id, given, author, version)

    def delete(self, conn: Connection, client_id: str, author: Author) -> None:
        """Hide a client; it can be restored for 30 days."""
        write.delete_client(conn, self.deps, client_id, author)

    def restore(self, conn: Connection, client_id: str, author: Author) -> None:
        """Take a deletion back."""
        write.restore_client(conn, self.deps, client_id, author)

    def add_ground(self, conn: Connection, client_id: str, ground: Ground, author: Author) -> int:
        """Store a ground for each address of a client; how many rows are new."""
        row = write.get_client(conn, client_id)
        added = grounds.record_ground(conn, self.deps, row, ground, author)
        if added:
            self.deps.tell(conn, client_id, "changed")
        return added

    def client_of_company(
        self,
        conn: Connection,
        company_id: str,
        author: Author,
        contact_id: str | None = None,
        person: Mapping[str, Any] | None = None,
        ground: Ground | None = None,
    ) -> str:
        """A found company becomes a client, with its history; its id."""
        return from_company.client_from_company(
            conn, self.deps, company_id, author, contact_id, person, ground
        )

    def preview_import(
        self,
        raw: bytes,
        name: str,
        author: Author,
        ground: Ground | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> Preview:
        """What a table would change; nothing is written but the file itself."""
        return self.importer.preview(raw, name, author, ground, mapping)

    def apply_import(self, import_id: str) -> ImportResult:
        """Write what was previewed."""
        return self.importer.apply(import_id)

    def export(self, path: Path, *, masked: bool) -> int:
        """Clients as a table; how many."""
        return export_clients(self.db, path, masked=masked)

    def enrich(self, inn: str) -> Answer:
        """Ask the register about one INN and write down what it says."""
        return self.enricher.enrich(inn)

    def enrich_due(self, limit: int) -> EnrichResult:
        """Ask about clients without a fresh answer."""
        return self.enricher.enrich_due(limit)
