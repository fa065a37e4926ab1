"""N16: an upgrade that dies between two statements can simply be run again."""

import pytest
import sqlalchemy as sa

from povod.kit.ids import new_id
from povod.store import migrate
from povod.store.db import Database


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request, tmp_path):
    """A database without any table."""
    if request.param == "sqlite":
        db = Database(f"sqlite:///{tmp_path}/killed.db")
        yield db
        db.close()
        return
    address = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"povod_killed_{new_id().replace('-', '')}"
    admin = sa.create_engine(
        address.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name}")
    db = Database(address.set(database=name).render_as_string(hide_password=False))
    yield db
    db.close()
    with admin.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.mark.parametrize("index", [2, 40])
def test_killed_between_two_indexes_it_completes_when_run_again(empty, index):
    made = 0

    def kill(conn, cursor, statement, *rest):
        nonlocal made
        made += "CREATE" in statement and "INDEX" in statement
        if made == index:
            raise Killed

    sa.event.listen(empty.engine, "before_cursor_execute", kill)
    with pytest.raises(Killed):
        migrate.upgrade(empty)
    sa.event.remove(empty.engine, "before_cursor_execute", kill)
    assert made == index
    assert not migrate.is_current(empty)
    assert migrate.upgrade(empty) == [migrate.newest_revision()]
    assert migrate.differences(empty) == []
