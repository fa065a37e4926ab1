"""The store of the contestants that have none: one SQLite table, a hundred pages at a time."""

import sqlite3
from pathlib import Path
from typing import Any

import orjson


class Sink:
    """Rows of (url, JSON), written in batches."""

    def __init__(self, folder: str) -> None:
        self._db = sqlite3.connect(Path(folder) / "pages.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE pages (url TEXT PRIMARY KEY, title TEXT, data TEXT)")
        self._rows: list[tuple[str, str, str]] = []
        self.count = 0

    def add(self, url: str, title: str, data: dict[str, Any]) -> None:
        """Keep one page."""
        self._rows.append((url, title, orjson.dumps(data).decode()))
        self.count += 1
        if len(self._rows) == 100:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", self._rows)
        self._db.execute("COMMIT")
        self._rows = []
