import contextlib
import threading
import time

import pytest
import sqlalchemy as sa

from povod.engine.events import BATCH, BATCH_SECONDS, Events
from povod.engine.ledger import Ledger
from povod.engine.work import NewWork
from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.tables import job_events


@pytest.fixture
def events(db: Database, clock: FixedClock) -> Events:
    return Events(db, clock)


def count(db: Database) -> int:
    with db.read() as conn:
        return conn.execute(sa.select(sa.func.count()).select_from(job_events)).scalar_one()


def test_events_are_replayed_after_an_id(events: Events, clock: FixedClock) -> None:
    for number in range(5):
        events.emit("leads.sync", "progress", {"rows_done": number})
    first = events.read(limit=2)
    rest = events.read(first[-1].id)
    assert [event.data["rows_done"] for event in first + rest] == [0, 1, 2, 3, 4]
    assert (rest[-1].topic, rest[-1].kind, rest[-1].at) == ("leads.sync", "progress", clock.now())
    assert events.latest_id() == rest[-1].id
    assert events.read(rest[-1].id) == []


def test_topics_are_read_apart(events: Events) -> None:
    events.emit("a", "progress", {"n": 1})
    events.emit("b", "progress", {"n": 2})
    assert [event.data["n"] for event in events.read(topic="b")] == [2]


def test_nothing_happened_yet(events: Events) -> None:
    assert events.latest_id() == 0
    assert events.read() == []


def test_events_are_written_by_themselves_within_the_batch_time(
    events: Events, db: Database
) -> None:
    events.emit("a", "progress", {})
    assert count(db) == 0
    deadline = time.monotonic() + BATCH_SECONDS + 2
    while count(db) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert count(db) == 1


def test_full_batch_does_not_wait_even_inside_a_transaction(events: Events, db: Database) -> None:
    with db.tx():
        for number in range(BATCH):
            events.emit("a", "progress", {"n": number})
    events.flush()
    assert [event.data["n"] for event in events.read()] == list(range(BATCH))


def test_event_of_a_transaction_appears_with_its_commit_only(events: Events, db: Database) -> None:
    with db.tx() as conn:
        events.emit("a", "progress", {"n": 1}, conn=conn)
    with contextlib.suppress(ZeroDivisionError), db.tx() as conn:
        events.emit("a", "progress", {"n": 2}, conn=conn)
        raise ZeroDivisionError
    assert [event.data["n"] for event in events.read()] == [1]


def test_news_of_deleted_work_does_not_spoil_the_batch(
    events: Events, db: Database, clock: FixedClock
) -> None:
    with db.tx() as conn:
        alive = Ledger(db, clock).enqueue(conn, NewWork("default", "step"))
    events.emit("a", "progress", {}, work_id=alive)
    events.emit("a", "progress", {}, work_id="01a1fe80-fd07-7e6d-af0e-a371f6999c9b")
    assert [event.work_id for event in events.read()] == [alive, None]


def test_data_that_cannot_be_stored_is_refused_at_once(events: Events) -> None:
    with pytest.raises(ValueError, match="NUL"):
        events.emit("a", "progress", {"name": "\0"})
    events.emit("a", "progress", {"name": "ok"})
    assert len(events.read()) == 1


def test_tidy_forgets_old_events(events: Events, clock: FixedClock) -> None:
    events.emit("a", "progress", {})
    assert len(events.read()) == 1
    assert events.tidy(clock.now()) == 0
    assert events.tidy(clock.now().replace(year=2027)) == 1


@pytest.mark.postgres
def test_reader_misses_nothing_among_many_writers(postgres_db: Database, clock: FixedClock) -> None:
    """Readers that always ask for what comes after the last id they saw get every event."""
    writers, each = 6, 40
    seen: list[int] = []
    finished = threading.Event()

    def write(writer: int) -> None:
        events = Events(postgres_db, clock)
        for number in range(each):
            events.emit("a", "progress", {"n": writer * each + number})
            events.flush()

    def follow() -> None:
        events, last = Events(postgres_db, clock), 0
        while True:
            ending = finished.is_set()
            found = events.read(last)
            seen.extend(event.data["n"] for event in found)
            last = found[-1].id if found else last
            if ending and not found:
                return

    reader = threading.Thread(target=follow)
    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in [reader, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    finished.set()
    reader.join()
    assert sorted(seen) == list(range(writers * each))


def test_events_wait_for_a_database_in_trouble(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(events, "_insert", broken)
        events.emit("a", "progress", {"n": 1})
        events.flush()
    events.emit("a", "progress", {"n": 2})
    assert [event.data["n"] for event in events.read()] == [1, 2]
