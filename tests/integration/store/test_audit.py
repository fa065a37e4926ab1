"""The audit chain: what was changed afterwards is found."""

import threading

import pytest
import sqlalchemy as sa

from povod.store import audit
from povod.store.tables import audit_log

DATA = {"слово": "ёж", "b": [1, 2.5, None], "a": {"z": True}}


@pytest.fixture
def ids(db):
    with db.tx() as conn:
        for number in range(4):
            audit.append(conn, f"actor {number}", "letter.approve", "subject", DATA)
        return list(conn.execute(sa.select(audit_log.c.id).order_by(audit_log.c.id)).scalars())


def broken(db):
    with db.read() as conn:
        return audit.first_broken(conn)


def test_an_empty_log_holds(db):
    assert broken(db) is None


def test_an_untouched_chain_holds(db, ids):
    assert broken(db) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "someone else"},
        {"action": "letter.reject"},
        {"subject": "other"},
        {"data": {}},
        {"previous_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
)
def test_a_changed_row_is_found(db, ids, change):
    with db.tx() as conn:
        conn.execute(audit_log.update().where(audit_log.c.id == ids[1]).values(**change))
    assert broken(db) == ids[1]


def test_a_changed_time_is_found(db, ids, clock):
    moment = clock.now().replace(microsecond=1)
    with db.tx() as conn:
        conn.execute(audit_log.update().where(audit_log.c.id == ids[2]).values(created_at=moment))
    assert broken(db) == ids[2]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_taken_out_is_found_at_the_next_one(db, ids, place):
    with db.tx() as conn:
        conn.execute(audit_log.delete().where(audit_log.c.id == ids[place]))
    assert broken(db) == ids[place + 1]


def test_rows_of_several_threads_make_one_chain(db):
    def write():
        for _ in range(5):
            with db.tx() as conn:
                audit.append(conn, "thread", "x", "y")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(audit_log)).scalar() == 20
    assert broken(db) is None


def test_a_deed_that_was_lost_is_not_in_the_log(db):
    def fail():
        with db.tx() as conn:
            audit.append(conn, "a", "b", "c")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.read() as conn:
        assert conn.execute(sa.select(audit_log)).first() is None


def emptied(db, row_id):
    """Empty a row as an erasure does; its seals."""
    query = sa.select(audit_log).where(audit_log.c.id == row_id)
    with db.tx() as conn:
        return audit.erase(conn, conn.execute(query).mappings().all())


def test_an_emptied_row_holds_by_its_seal(db, ids):
    seals = emptied(db, ids[1])
    assert broken(db) == ids[1]
    with db.tx() as conn:
        audit.append(conn, "admin", "person.forget", "subject", {"seals": seals})
        [data] = conn.execute(sa.select(audit_log.c.data).where(audit_log.c.id == ids[1])).scalars()
    assert data == audit.EMPTIED
    assert broken(db) is None


@pytest.mark.parametrize("change", [{"actor": "x"}, {"action": "x"}, {"subject": "x"}])
def test_what_is_left_of_an_emptied_row_cannot_be_changed(db, ids, change):
    seals = emptied(db, ids[1])
    with db.tx() as conn:
        audit.append(conn, "admin", "person.forget", "subject", {"seals": seals})
        conn.execute(audit_log.update().where(audit_log.c.id == ids[1]).values(**change))
    assert broken(db) == ids[1]


def test_the_first_of_several_faults_is_named(db, ids):
    with db.tx() as conn:
        conn.execute(audit_log.update().where(audit_log.c.id == ids[3]).values(actor="x"))
    emptied(db, ids[1])
    assert broken(db) == ids[1]
