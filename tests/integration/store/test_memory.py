"""Small values that are locks as well."""

import threading

from povod.store.memory import hold, keep, peek


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
