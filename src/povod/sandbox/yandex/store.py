"""What the imitated service remembers: operations, tokens, ledger, settings.

SQLite in memory, or in a file so that the sandbox can be killed and started again (Y54).
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, idempotency_key TEXT, data TEXT);
CREATE INDEX IF NOT EXISTS by_idempotency_key ON operations (idempotency_key);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, issued_at REAL, expires_at REAL);
CREATE TABLE IF NOT EXISTS ledger (number INTEGER PRIMARY KEY, kind TEXT, data TEXT);
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT);
"""


@dataclass
class Operation:
    """One deferred search. Times are virtual, in seconds since the epoch."""

    id: str
    number: int
    body: dict[str, Any]
    text: str
    body_hash: str
    idempotency_key: str
    created_at: float
    ready_at: float
    fault: dict[str, Any] | None = None
    cancelled_at: float | None = None
    reads: int = 0


@dataclass(frozen=True)
class Token:
    """An issued IAM token and its life in virtual seconds since the epoch."""

    token: str
    issued_at: float
    expires_at: float


@dataclass
class LedgerEntry:
    """One call that reached the service (Y62). Times in seconds since the epoch, money in RUB."""

    kind: str
    at_virtual: float
    at_real: float
    path: str
    status: int | None = None
    operation_id: str = ""
    text: str = ""
    body_hash: str = ""
    idempotency_key: str = ""
    auth: str = ""
    accepted: bool = False
    tariff: str = ""
    amount_rub: str = "0"
    fault: str = ""


class Store:
    """Reads and writes of the tables above; every write is committed before it returns."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        # a killed process loses nothing this way, only a power cut would
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)

    def save_operation(self, operation: Operation) -> None:
        """Insert or replace."""
        data = json.dumps(asdict(operation), ensure_ascii=False)
        row = (operation.id, operation.idempotency_key, data)
        self._db.execute("INSERT OR REPLACE INTO operations VALUES (?, ?, ?)", row)

    def operation(self, operation_id: str) -> Operation | None:
        """The operation with this id, if it was ever created."""
        return self._one_operation("id = ?", operation_id)

    def operation_by_key(self, idempotency_key: str) -> Operation | None:
        """The operation that was created under this Idempotency-Key."""
        return self._one_operation("idempotency_key = ?", idempotency_key)

    def _one_operation(self, condition: str, value: str) -> Operation | None:
        query = f"SELECT data FROM operations WHERE {condition} LIMIT 1"  # noqa: S608 - our text
        row = self._db.execute(query, (value,)).fetchone()
        return Operation(**json.loads(row[0])) if row else None

    def save_token(self, token: Token) -> None:
        """Remember an issued token."""
        self._db.execute("INSERT INTO tokens VALUES (?, ?, ?)", tuple(asdict(token).values()))

    def token(self, text: str) -> Token | None:
        """The token with this text, alive or not."""
        row = self._db.execute("SELECT * FROM tokens WHERE token = ?", (text,)).fetchone()
        return Token(*row) if row else None

    def newest_token(self) -> Token | None:
        """The token issued last."""
        row = self._db.execute("SELECT * FROM tokens ORDER BY issued_at DESC LIMIT 1").fetchone()
        return Token(*row) if row else None

    def add_entry(self, entry: LedgerEntry) -> None:
        """Append to the ledger."""
        data = json.dumps(asdict(entry), ensure_ascii=False)
        self._db.execute("INSERT INTO ledger (kind, data) VALUES (?, ?)", (entry.kind, data))

    def entries(self, kind: str = "") -> list[LedgerEntry]:
        """The ledger in order of arrival, all of it or one kind."""
        query = "SELECT data FROM ledger WHERE ? IN ('', kind) ORDER BY number"
        return [LedgerEntry(**json.loads(row[0])) for row in self._db.execute(query, (kind,))]

    def recall(self, name: str, default: Any = None) -> Any:
        """A small value kept under `name`."""
        row = self._db.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else default

    def remember(self, name: str, value: Any) -> None:
        """Keep a small JSON value under `name`."""
        row = (name, json.dumps(value))
        self._db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", row)

    def next_number(self) -> int:
        """1, 2, 3…; goes on after a reset, so that an operation id never comes twice."""
        number = int(self.recall("last_number", 0)) + 1
        self.remember("last_number", number)
        return number

    def clear(self) -> None:
        """Forget operations, tokens and ledger."""
        for table in ("operations", "tokens", "ledger"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

    def close(self) -> None:
        """Close the database."""
        self._db.close()
