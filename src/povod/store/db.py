"""One door to the database: `Database.tx()` writes, `Database.read()` reads.

Whoever stands at a boundary (request, work item, command) opens the transaction; functions below
take the open connection. No network or model call is made inside a transaction.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from povod.kit.clock import Clock, SystemClock
from povod.kit.errors import ConfigurationError
from povod.store.types import CLOCK_OPTION

BUSY_SECONDS = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.01  # seconds between two tries for the write lock
WRITE = "povod_write"
DURABLE = "povod_durable"
SYNCHRONOUS = "povod_synchronous"
POSTGRES_OPTIONS = "-c timezone=UTC -c synchronous_commit=off"
AFTER_COMMIT = "povod_after_commit"


class Database:
    """SQLite (WAL, one writer at a time) or PostgreSQL behind the same two methods."""

    def __init__(self, url: str, clock: Clock | None = None, *, pool_size: int = 10) -> None:
        self.url = parse_database_url(url)
        self.clock = clock or SystemClock()
        self.dialect = self.url.get_backend_name()
        self.engine = self._make_engine(pool_size)

    @property
    def is_sqlite(self) -> bool:
        """True on the embedded database."""
        return self.dialect == "sqlite"

    def _make_engine(self, pool_size: int) -> Engine:
        options: dict[str, Any] = {CLOCK_OPTION: self.clock}
        if not self.is_sqlite:
            return sa.create_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                connect_args={"options": POSTGRES_OPTIONS},
                execution_options=options,
            )
        _make_folder(Path(self.url.database or ""))
        engine = sa.create_engine(
            self.url,
            poolclass=sa.QueuePool,
            pool_use_lifo=True,  # the last one used has the pages of the last transaction at hand
            pool_size=pool_size,
            max_overflow=pool_size * 4,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            execution_options=options,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def tx(self, *, durable: bool = False) -> Iterator[Connection]:
        """A write transaction: commits at the end, rolls back on any error.

        `durable` makes the commit survive a power cut before it returns (D5): needed where
        something outside is about to happen that cannot be taken back. Other commits survive
        any crash of the process; a power cut may cost the last moments, which are done again.
        """
        connection = self.engine.connect().execution_options(**{WRITE: True, DURABLE: durable})
        calls: list[Callable[[], None]] = []
        with connection as conn:
            conn.info[AFTER_COMMIT] = calls
            try:
                with conn.begin():
                    if durable and not self.is_sqlite:
                        conn.exec_driver_sql("SET LOCAL synchronous_commit = on")
                    yield conn
            finally:
                conn.info.pop(AFTER_COMMIT, None)
        for call in calls:
            call()

    def after_commit(self, conn: Connection, call: Callable[[], None]) -> None:
        """Run `call` once the transaction of `conn` is committed; never if it is rolled back.

        For doorbells (a worker is woken, a page is told): they must not ring before the row
        that they announce can be seen, and what they lose must be found again without them.
        """
        conn.info[AFTER_COMMIT].append(call)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for reading; nothing done here is kept."""
        with self.engine.connect() as conn:
            transaction = conn.begin()
            try:
                yield conn
            finally:
                transaction.rollback()

    def lease_time(self, conn: Connection) -> datetime:
        """The clock that leases are measured with: the server's own on PostgreSQL."""
        if self.is_sqlite:
            return self.clock.now()
        now: datetime = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    def close(self) -> None:
        """Return all connections."""
        self.engine.dispose()


def parse_database_url(text: str) -> URL:
    """The URL with the driver that Povod uses; `ConfigurationError` for anything else."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "DATABASE_URL: not a database address. "
            "Example: DATABASE_URL=postgresql://povod:secret@db/povod"
        ) from None
    drivers = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend not in drivers:
        raise ConfigurationError(
            f"DATABASE_URL: {backend} is not supported, use sqlite:///data/povod.db or postgresql://"
        )
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "DATABASE_URL: SQLite needs a file, because several connections share it. "
            "Example: DATABASE_URL=sqlite:///data/povod.db"
        )
    return url.set(drivername=drivers[backend])


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"DATABASE_URL: cannot make the folder {file.parent}: {error.strerror}. "
            "Give a path that can be written to."
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    """SQLite's own `lower` leaves Cyrillic as it is; PostgreSQL's does not."""
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    level = "FULL" if options.get(DURABLE) else "NORMAL"
    if conn.info.get(SYNCHRONOUS, "NORMAL") != level:
        conn.exec_driver_sql(f"PRAGMA synchronous={level}")
        conn.info[SYNCHRONOUS] = level
    if options.get(WRITE):
        _begin_writing(conn)
    else:
        conn.exec_driver_sql("BEGIN")


def _begin_writing(conn: Connection) -> None:
    """Take the one write lock as soon as it is free.

    SQLite's own waiting sleeps ever longer, up to a tenth of a second, while a write takes ten
    milliseconds: two processes that write in turns would each wait most of the time.
    """
    raw: Any = conn.connection.driver_connection
    raw.execute("PRAGMA busy_timeout=0")
    try:
        end, pause = time.monotonic() + BUSY_SECONDS, _FIRST_PAUSE
        while time.monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(pause)
                pause = min(pause * 1.1, _LONGEST_PAUSE)
            else:
                return
        conn.exec_driver_sql("BEGIN IMMEDIATE")  # for the error that it raises
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
