"""The one door to the database: what is kept, what is not, and how values come back."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from povod.kit.errors import ConfigurationError
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import model_answers, serp_operations, serp_queries, settings, users

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def add(conn, name, value=None):
    conn.execute(settings.insert().values(id=name, value=value or {}))


def names(db):
    with db.read() as conn:
        return set(conn.execute(sa.select(settings.c.id)).scalars())


@pytest.mark.parametrize("durable", [False, True])
def test_a_transaction_is_kept(db, durable):
    with db.tx(durable=durable) as conn:
        add(conn, "kept")
    assert names(db) == {"kept"}


@pytest.mark.parametrize("durable", [False, True])
def test_an_error_takes_everything_back(db, durable):
    def fail():
        with db.tx(durable=durable) as conn:
            add(conn, "lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(db) == set()


def test_a_durable_commit_waits_for_the_disk_and_the_next_one_does_not(db):
    question = "PRAGMA synchronous" if db.is_sqlite else "SHOW synchronous_commit"
    with db.engine.connect() as conn:
        if not db.is_sqlite:
            conn.exec_driver_sql("SET synchronous_commit = off")
            conn.commit()
    with db.tx(durable=True) as conn:
        assert str(conn.exec_driver_sql(question).scalar()) == ("2" if db.is_sqlite else "on")
    with db.tx() as conn:
        assert str(conn.exec_driver_sql(question).scalar()) == ("1" if db.is_sqlite else "off")


def test_reading_keeps_nothing(db):
    with db.read() as conn:
        add(conn, "lost")
    assert names(db) == set()


def test_a_reader_does_not_see_what_is_not_committed(db):
    with db.tx() as conn:
        add(conn, "soon")
        assert names(db) == set()
    assert names(db) == {"soon"}


def test_after_commit_rings_when_the_row_can_be_seen(db):
    seen = []
    with db.tx() as conn:
        add(conn, "row")
        db.after_commit(conn, lambda: seen.append(names(db)))
        assert seen == []
    assert seen == [{"row"}]


def test_after_commit_is_silent_when_the_transaction_is_lost(db):
    rung = []

    def fail():
        with db.tx() as conn:
            db.after_commit(conn, lambda: rung.append(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.tx() as conn:
        add(conn, "next")
    assert rung == []


def test_writers_wait_for_each_other(db):
    def write(number):
        with db.tx() as conn:
            add(conn, f"row {number}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(db)) == 8


def test_foreign_keys_are_kept(db):
    with pytest.raises(IntegrityError), db.tx() as conn:
        conn.execute(
            serp_operations.insert().values(
                query_id=new_id(),
                status="submitting",
                request_hash="x",
                idempotency_key="x",
                requested_at=NOON,
            )
        )


def test_times_come_from_the_injected_clock(db, clock):
    with db.tx() as conn:
        add(conn, "row")
    clock.advance(timedelta(hours=1))
    with db.tx() as conn:
        conn.execute(settings.update().values(value={"n": 1}))
    with db.read() as conn:
        row = conn.execute(sa.select(settings)).one()
    assert row.created_at == clock.now() - timedelta(hours=1)
    assert row.updated_at == clock.now()


def test_a_time_comes_back_in_utc_with_microseconds(db):
    in_moscow = NOON.astimezone(timezone(timedelta(hours=3)))
    with db.tx() as conn:
        conn.execute(settings.insert().values(id="x", created_at=in_moscow))
    with db.read() as conn:
        found = conn.execute(sa.select(settings.c.created_at)).scalar_one()
    assert found == NOON
    assert found.utcoffset() == timedelta()


def test_times_sort_and_compare_as_instants(db):
    earlier = datetime(2026, 11, 20, 14, 0, tzinfo=timezone(timedelta(hours=3)))  # 11:00 UTC
    with db.tx() as conn:
        for name, moment in (("later", NOON), ("earlier", earlier)):
            conn.execute(settings.insert().values(id=name, created_at=moment))
    with db.read() as conn:
        query = sa.select(settings.c.id).where(settings.c.created_at < NOON)
        assert conn.execute(query).scalars().all() == ["earlier"]


def test_a_time_without_a_zone_is_refused(db):
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive datetime"), db.tx() as conn:
        conn.execute(settings.insert().values(id="x", created_at=naive))
    assert names(db) == set()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0.1", "0.1"),
        ("0.000001", "0.000001"),
        ("12345678.123456", "12345678.123456"),
        ("-0.02541", "-0.02541"),
        ("1E+2", "100"),
        ("0.0000005", "0.000001"),
        ("0", "0"),
    ],
)
def test_money_is_exact_and_the_same_on_both_databases(db, given, kept):
    with db.tx() as conn:
        conn.execute(
            model_answers.insert().values(**answer_row(), cost=Decimal(given)),
        )
    with db.read() as conn:
        found = conn.execute(sa.select(model_answers.c.cost)).scalar_one()
    assert isinstance(found, Decimal)
    assert found == Decimal(kept)


def answer_row():
    row = {}
    for column in model_answers.columns:
        if column.nullable or column.default is not None:
            continue
        row[column.name] = "x"
    return row


def test_json_keeps_letters_numbers_and_nothing(db):
    value = {"слово": "ёж", "n": 1.5, "none": None, "list": [1, {"a": True}]}
    with db.tx() as conn:
        add(conn, "x", value)
    with db.read() as conn:
        assert conn.execute(sa.select(settings.c.value)).scalar_one() == value


@pytest.mark.parametrize("statement", ["UPDATE users SET role = 'king'"])
def test_a_state_that_does_not_exist_is_refused_by_the_database(db, statement):
    with db.tx() as conn:
        conn.execute(users.insert().values(login_key="anna", login="Anna", role="viewer"))
    with pytest.raises(IntegrityError), db.tx() as conn:
        conn.exec_driver_sql(statement)
    with db.read() as conn:
        assert conn.execute(sa.select(users.c.role)).scalar_one() == "viewer"


def test_a_state_that_does_not_exist_is_refused_in_code_too(db):
    with pytest.raises(StatementError, match="king"), db.tx() as conn:
        conn.execute(users.insert().values(login_key="anna", login="Anna", role="king"))


def test_defaults_make_a_whole_row(db):
    with db.tx() as conn:
        conn.execute(serp_queries.insert().values(query_hash="h", scheduled_for=NOON))
    with db.read() as conn:
        row = conn.execute(sa.select(serp_queries)).one()
    assert (row.status, row.attempts, row.query_text, row.metadata) == ("pending", 0, "", {})
    assert row.is_night_window is True
    assert row.results_total is None


def test_leases_are_measured_with_one_clock(db, clock):
    with db.tx() as conn:
        moment = db.lease_time(conn)
    assert moment.utcoffset() == timedelta()
    if db.is_sqlite:
        assert moment == clock.now()
    else:
        assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL.*cannot make the folder"):
        Database(f"sqlite:///{tmp_path}/file/povod.db")
