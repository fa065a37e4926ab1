"""Small values that are locks as well."""

import threading

import sqlalchemy as sa

from povod.store.memory import hold, keep, peek
from povod.store.tables import settings


def test_a_value_is_kept_and_empty_at_first(db):
    with db.tx() as conn:
        assert hold(conn, "x") == {}
        keep(conn, "x", {"n": 1})
    with db.read() as conn:
        assert peek(conn, "x") == {"n": 1}
        assert peek(conn, "y") == {}


def test_counting_in_several_threads_loses_nothing(db):
    def work():
        for _ in range(10):
            with db.tx() as conn:
                count = hold(conn, "counter").get("n", 0)
                keep(conn, "counter", {"n": count + 1})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as conn:
        assert peek(conn, "counter") == {"n": 40}


def test_a_held_value_makes_the_next_one_wait(db):
    order = []
    held = threading.Event()

    def second():
        held.wait(5)
        with db.tx() as conn:
            order.append(("second", hold(conn, "x")))

    thread = threading.Thread(target=second)
    thread.start()
    with db.tx() as conn:
        hold(conn, "x")
        held.set()
        thread.join(0.2)
        keep(conn, "x", {"n": 1})
        order.append(("first", {}))
    thread.join(5)
    assert order == [("first", {}), ("second", {"n": 1})]


def test_peeking_leaves_no_row(db):
    with db.tx() as conn:
        assert peek(conn, "x") == {}
        assert conn.execute(sa.select(settings)).first() is None
