"""Shared fixtures: both databases, a clock that stands still, settings without surroundings."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.db import Database
from povod.store.tables import metadata

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
MUST_HAVE_SERVICES = bool(os.environ.get("CI"))
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def unavailable(what: str, error: Exception) -> None:
    """Skip on a developer's machine, fail in CI: there nothing may be skipped."""
    message = f"{what} cannot be reached ({type(error).__name__}); start it to run this test"
    if MUST_HAVE_SERVICES:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, None, data_dir=tmp_path / "data", outbox_dir=tmp_path / "outbox")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "povod.db"
    db = Database(f"sqlite:///{path}")
    with db.tx() as conn:
        metadata.create_all(conn)
    with db.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this test session's own, dropped at its end."""
    name = f"povod_test_{new_id().replace('-', '')}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        unavailable("PostgreSQL", error)
        return
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        url = sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        db = Database(url)
        with db.tx() as conn:
            metadata.create_all(conn)
        db.close()
        yield url
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def make_sqlite(template: Path, folder: Path, clock: FixedClock) -> Database:
    path = folder / "povod.db"
    shutil.copy(template, path)
    return Database(f"sqlite:///{path}", clock)


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Database]:
    db = make_sqlite(sqlite_template, tmp_path, clock)
    yield db
    db.close()


@pytest.fixture
def postgres_db(postgres_url: str, clock: FixedClock) -> Iterator[Database]:
    db = Database(postgres_url, clock)
    with db.tx() as conn:
        # A TRUNCATE of all tables takes a second; deleting the few rows of a test does not.
        for table in reversed(metadata.sorted_tables):
            conn.execute(table.delete())
    yield db
    db.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest) -> Database:
    """The same test on both databases."""
    database: Database = request.getfixturevalue(f"{request.param}_db")
    return database
