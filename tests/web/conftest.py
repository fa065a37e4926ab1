"""A console over a house with rows in it, on both databases where the database matters."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))

from console_client import HERE, PASSWORD, PASSWORD_HASH, client_of
from console_rows import Rows, fill

from povod.app.build import build_house
from povod.app.house import House
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.kit.text import value_key
from povod.store.db import Database
from povod.store.migrate import newest_revision
from povod.store.tables import users

Build = Callable[..., House]


def stamp(db: Database) -> None:
    """Say that the tables the fixtures made are those of the newest migration."""
    with db.tx() as conn:
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        conn.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{newest_revision()}')")


def unstamp(db: Database) -> None:
    with db.tx() as conn:
        conn.exec_driver_sql("DROP TABLE alembic_version")


@pytest.fixture
def build(tmp_path: Path, clock: FixedClock) -> Iterator[Callable[..., House]]:
    """Builds houses on a database that has its tables; closes them at the end."""
    made: list[House] = []

    def make(db: Database, **given: Any) -> House:
        stamp(db)
        url = db.url.render_as_string(hide_password=False)
        values = {"web_auth": "off", "database_url": url, "data_dir": tmp_path / "data"}
        settings = load_settings({}, None, **{**values, "outbox_dir": tmp_path / "out", **given})
        made.append(build_house(settings, clock))
        return made[-1]

    yield make
    for house in made:
        unstamp(house.db)
        house.close()


@pytest.fixture
def house(build: Build, sqlite_db: Database) -> House:
    return build(sqlite_db)


@pytest.fixture
def any_house(build: Build, db: Database) -> House:
    """The same test on both databases."""
    return build(db)


@pytest.fixture
def locked_house(build: Build, sqlite_db: Database) -> House:
    """Sign-in is asked for, and there is one user of each role, named like it."""
    house = build(sqlite_db, web_auth="on")
    with house.db.tx() as conn:
        for role in ("viewer", "operator", "approver", "admin"):
            person = {"login": role, "login_key": value_key(role), "role": role}
            conn.execute(users.insert().values(**person, password_hash=PASSWORD_HASH))
    return house


@pytest.fixture
def rows(house: House) -> Rows:
    return fill(house)


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with client_of(house) as client:
        yield client


@pytest.fixture
def signed_in(locked_house: House) -> Callable[[str], TestClient]:
    """A client that signed in as the user of a role."""

    def enter(role: str) -> TestClient:
        client = client_of(locked_house, origin=HERE)
        answer = client.post("/login", data={"login": role, "password": PASSWORD})
        assert answer.status_code == 303
        return client

    return enter
