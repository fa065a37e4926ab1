import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.engine.ledger import Ledger
from povod.engine.schedules import Schedules
from povod.kit.clock import FixedClock
from povod.kit.errors import InputError
from povod.store.db import Database
from povod.store.tables import processing_jobs, schedules

MINUTE = timedelta(minutes=1)


@pytest.fixture
def plan(db: Database, clock: FixedClock, ledger: Ledger) -> Schedules:
    return Schedules(db, clock, ledger)


def finish_all(ledger: Ledger) -> list[str]:
    works = ledger.claim("anna", None, 100)
    for work in works:
        ledger.finish(work)
    return [work.kind for work in works]


def test_interval_ticks_at_once_and_then_by_its_beat(
    plan: Schedules, ledger: Ledger, clock: FixedClock
) -> None:
    plan.ensure("poll", "search", "leads.poll", interval_seconds=60, args={"a": 1})
    assert plan.tick() == 1
    (work,) = ledger.claim("anna", ["search"], 5)
    assert (work.kind, work.args) == ("leads.poll", {"a": 1})
    ledger.finish(work)
    assert plan.tick() == 0
    assert plan.next_due() == clock.now() + MINUTE
    clock.advance(MINUTE)
    assert plan.tick() == 1


def test_missed_ticks_do_not_burst(plan: Schedules, ledger: Ledger, clock: FixedClock) -> None:
    plan.ensure("poll", "search", "leads.poll", interval_seconds=60)
    assert plan.tick() == 1
    finish_all(ledger)
    clock.advance(timedelta(hours=9, seconds=7))
    assert plan.tick() == 1
    finish_all(ledger)
    assert plan.tick() == 0


def test_tick_over_unfinished_work_puts_nothing_in(
    plan: Schedules, clock: FixedClock, ledger: Ledger
) -> None:
    plan.ensure("poll", "search", "leads.poll", interval_seconds=60)
    assert plan.tick() == 1
    clock.advance(MINUTE)
    assert plan.tick() == 0
    assert finish_all(ledger) == ["leads.poll"]
    clock.advance(MINUTE)
    assert plan.tick() == 1


def test_cron_waits_for_its_time_in_its_zone(plan: Schedules, clock: FixedClock) -> None:
    plan.ensure("tidy", "default", "leads.tidy", cron="10 4 * * *", zone="Europe/Moscow")
    assert plan.tick() == 0
    assert plan.next_due() == clock.now().replace(hour=1, minute=10) + timedelta(days=1)
    clock.advance(timedelta(hours=16))
    assert plan.tick() == 1


def test_interval_keeps_to_its_window(plan: Schedules, clock: FixedClock) -> None:
    plan.ensure(
        "submit", "search", "leads.submit", interval_seconds=60, window="00:00-08:00", zone="UTC+3"
    )
    assert plan.tick() == 0
    assert plan.next_due() == clock.now().replace(hour=21, minute=0)


def test_unchanged_schedule_keeps_its_next_time(plan: Schedules, clock: FixedClock) -> None:
    def ensure(seconds: float, **options: object) -> None:
        plan.ensure("poll", "search", "leads.poll", interval_seconds=int(seconds), **options)  # type: ignore[arg-type]

    ensure(60)
    plan.tick()
    due = plan.next_due()
    clock.advance(timedelta(seconds=10))
    ensure(60)
    ensure(60, args={"b": 2})
    assert plan.next_due() == due
    ensure(30)
    assert plan.next_due() == clock.now()
    ensure(30, enabled=False)
    assert plan.next_due() is None
    assert plan.tick() == 0


def test_removed_schedule_ticks_no_more(plan: Schedules) -> None:
    plan.ensure("poll", "search", "leads.poll", interval_seconds=60)
    plan.remove("poll")
    assert (plan.tick(), plan.next_due()) == (0, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either"),
        ({"cron": "* * * * *", "interval_seconds": 5}, "either"),
        ({"interval_seconds": -5}, "either"),
        ({"cron": "at noon"}, "10 4"),
        ({"cron": "61 * * * *"}, "10 4"),
        ({"cron": "* * * * * *"}, "five fields"),
        ({"cron": "0 0 30 2 *"}, "cron line"),
        ({"cron": "* * * * *", "zone": "Nowhere"}, "time zone"),
        ({"cron": "* * * * *", "window": "night"}, "window"),
    ],
)
def test_bad_schedule_is_refused(plan: Schedules, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan.ensure("poll", "search", "leads.poll", **options)  # type: ignore[arg-type]
    assert plan.next_due() is None


def test_schedule_for_an_unknown_queue_is_refused(plan: Schedules) -> None:
    with pytest.raises(InputError, match="queue"):
        plan.ensure("poll", "serch", "leads.poll", interval_seconds=5)


def test_one_of_many_wins_a_tick(db: Database, clock: FixedClock, ledger: Ledger) -> None:
    for number in range(5):
        Schedules(db, clock, ledger).ensure(
            f"s{number}", "search", "leads.poll", interval_seconds=60
        )
    won: list[int] = []
    barrier = threading.Barrier(4)

    def tick() -> None:
        barrier.wait()
        won.append(Schedules(db, clock, ledger).tick())

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(won) == 5
    with db.read() as conn:
        assert set(conn.execute(sa.select(schedules.c.ticks)).scalars()) == {1}
        made = sa.select(sa.func.count()).select_from(processing_jobs)
        assert conn.execute(made).scalar() == 5
