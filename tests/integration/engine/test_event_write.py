"""Events written in the transaction of the change: both or neither, and in the order of commits."""

import threading
import time

import pytest

from povod.engine.events import Events


def test_an_event_is_kept_with_its_change_or_lost_with_it(db, clock):
    events = Events(db, clock)

    def undone():
        with db.tx() as conn:
            events.write(conn, "t", "state", {"to": "lost"})
            raise RuntimeError("undo")

    with pytest.raises(RuntimeError):
        undone()
    with db.tx() as conn:
        events.write(conn, "t", "state", {"to": "kept"})
    assert [event.data for event in events.read(topic="t")] == [{"to": "kept"}]


def test_what_cannot_be_kept_as_json_is_refused(db, clock):
    with db.tx() as conn, pytest.raises(ValueError):
        Events(db, clock).write(conn, "t", "state", {"to": "\0"})


def test_a_later_number_is_never_seen_before_an_earlier_one(db, clock):
    """N52: while one transaction with an event is open, no other event gets a number."""
    events = Events(db, clock)

    def other():
        with db.tx() as conn:
            events.write(conn, "t", "state", {"to": "second"})

    thread = threading.Thread(target=other)
    with db.tx() as conn:
        events.write(conn, "t", "state", {"to": "first"})
        thread.start()
        time.sleep(0.2)
        assert thread.is_alive()
        assert Events(db, clock).read(topic="t") == []
    thread.join(10)
    events.emit("t", "log", {"to": "third"})
    found = events.read(topic="t")
    assert [event.data["to"] for event in found] == ["first", "second", "third"]
    assert [event.id for event in found] == sorted(event.id for event in found)
