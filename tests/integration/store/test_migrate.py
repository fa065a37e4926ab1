"""From an empty database to this version's schema, on both databases."""

import subprocess
import sys
import threading

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from povod.kit.errors import ConfigurationError
from povod.kit.ids import new_id
from povod.store import migrate
from povod.store.db import Database
from povod.store.tables import companies, metadata, settings

UPGRADE = """
import sys
from povod.store.db import Database
from povod.store.migrate import upgrade
print(len(upgrade(Database(sys.argv[1]))))
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request, tmp_path):
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/povod.db"
        return
    address = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"povod_migrate_{new_id().replace('-', '')}"
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield address.set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(empty_url):
    db = Database(empty_url)
    yield db
    db.close()


def test_a_fresh_database_becomes_this_version(empty):
    assert not migrate.is_current(empty)
    assert migrate.upgrade(empty) == [migrate.newest_revision()]
    assert migrate.is_current(empty)
    assert migrate.differences(empty) == []
    assert migrate.upgrade(empty) == []


def test_a_difference_is_seen(empty):
    migrate.upgrade(empty)
    with empty.tx() as conn:
        conn.exec_driver_sql("DROP TABLE feedback")
    assert any("feedback" in str(found) for found in migrate.differences(empty))


def test_rows_survive_a_second_upgrade(empty):
    migrate.upgrade(empty)
    with empty.tx() as conn:
        conn.execute(settings.insert().values(id="kept"))
    migrate.upgrade(empty)
    with empty.read() as conn:
        assert conn.execute(sa.select(settings.c.id)).scalars().all() == ["kept"]


def test_an_older_database_keeps_its_rows(empty, clock):
    with empty.tx() as conn:
        command.upgrade(migrate._config(conn), "0014")
    times = {"first_seen_at": clock.now(), "last_seen_at": clock.now()}
    first, twin = sorted([new_id(), new_id()])
    with empty.tx() as conn:
        conn.execute(companies.insert().values(id=first, name="Окна", **times))
        conn.execute(companies.insert().values(id=twin, name="ОКНА", duplicate_of=first, **times))
    assert migrate.upgrade(empty) == [migrate.newest_revision()]
    assert migrate.differences(empty) == []
    with empty.read() as conn:
        query = sa.select(companies.c.id).where(companies.c.duplicate_of == first)
        assert conn.execute(query).scalars().all() == [twin]


def test_the_migrated_schema_checks_states_like_the_tables_in_code(empty):
    migrate.upgrade(empty)
    wanted = {
        str(rule.name)
        for table in metadata.tables.values()
        for rule in table.constraints
        if isinstance(rule, sa.CheckConstraint)
    }
    with empty.read() as conn:
        looker = sa.inspect(conn)
        found = {
            str(rule["name"])
            for table in metadata.tables
            for rule in looker.get_check_constraints(table)
        }
    assert len(wanted) > 10
    assert {name.rpartition("ck_")[2] for name in wanted} <= {
        name.rpartition("ck_")[2] for name in found
    }


def test_two_threads_at_once(empty):
    applied, errors = [], []

    def work():
        try:
            applied.append(migrate.upgrade(empty))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(map(len, applied)) == [0, 1]
    assert migrate.differences(empty) == []


def test_two_processes_at_once(empty_url):
    command = [sys.executable, "-c", UPGRADE, empty_url]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert sorted(out.strip() for out, _ in answers) == ["0", "1"]


def test_a_database_of_a_newer_version_is_refused(empty):
    migrate.upgrade(empty)
    with empty.tx() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert not migrate.is_current(empty)
    with pytest.raises(ConfigurationError, match=r"schema 9999.*newer Povod"):
        migrate.upgrade(empty)


def test_the_newest_revision_is_alembics_head():
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.newest_revision()]
