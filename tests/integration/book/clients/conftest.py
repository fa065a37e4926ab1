"""Clients in a real database, with the names and hashes of the house."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from povod.app.name_tools import WritingNames
from povod.book.clients.model import Author, ClientDeps, Ground
from povod.book.clients.write import create_client, get_client, update_client
from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.tables import audit_log, consents

ANNA = Author("anna")
CRM = Author("crm", "crm")


@dataclass
class Clients:
    """The little that tests do with clients."""

    db: Database
    clock: FixedClock
    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        listener = lambda _conn, client, what: self.told.append((client, what))  # noqa: E731
        hashed = lambda kind, value: f"{kind}|{value}".ljust(64, ".")[:64]  # noqa: E731
        self.deps = ClientDeps(self.clock, WritingNames(), hashed, [listener])

    def add(self, author: Author = ANNA, ground: Ground | None = None, **given: Any) -> str:
        with self.db.tx() as conn:
            return create_client(conn, self.deps, given, author, ground)

    def change(self, client: str, author: Author = ANNA, **given: Any) -> dict[str, Any]:
        version = given.pop("version", None)
        with self.db.tx() as conn:
            return update_client(conn, self.deps, client, given, author, version)

    def row(self, client: str) -> dict[str, Any]:
        with self.db.read() as conn:
            return get_client(conn, client)

    def grounds(self, client: str) -> list[tuple[str, str, str]]:
        query = sa.select(consents).where(consents.c.client_id == client)
        with self.db.read() as conn:
            rows = conn.execute(query.order_by(consents.c.channel, consents.c.value_hash)).all()
        return [(row.channel, row.basis, row.value_hash.rstrip(".")) for row in rows]

    def audit(self) -> list[tuple[str, str]]:
        with self.db.read() as conn:
            rows = conn.execute(sa.select(audit_log).order_by(audit_log.c.id)).all()
        return [(row.actor, row.action) for row in rows]


@pytest.fixture
def book(db: Database, clock: FixedClock) -> Clients:
    return Clients(db, clock)
