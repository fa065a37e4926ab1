"""Clocks: always aware, always UTC, never backward."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from povod.kit.clock import FixedClock, ShiftedClock, SystemClock

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "clock", [SystemClock(), ShiftedClock(), FixedClock(datetime(2026, 1, 1, tzinfo=UTC))]
)
def test_every_clock_is_in_utc(clock):
    assert clock.now().tzinfo is UTC


def test_the_systems_clock_is_the_machines():
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_a_fixed_clock_stands_still_until_it_is_moved():
    start = datetime(2026, 11, 20, 12, 30, tzinfo=timezone(timedelta(hours=3)))
    clock = FixedClock(start)
    assert clock.now() == clock.now() == start
    assert clock.now().hour == 9
    clock.advance(HOUR)
    assert clock.now() == start + HOUR


def test_a_shifted_clock_flows_from_where_it_was_set():
    clock = ShiftedClock(HOUR)
    first = clock.now()
    assert abs(first - datetime.now(UTC) - HOUR) < timedelta(seconds=5)
    assert clock.now() >= first


def test_a_jump_reaches_its_moment():
    clock = ShiftedClock()
    target = clock.now() + HOUR
    clock.advance_to(target)
    assert target <= clock.now() < target + timedelta(seconds=5)
    assert clock.shift > timedelta(minutes=59)


@pytest.mark.parametrize("back", [timedelta(0), timedelta(seconds=1), timedelta(days=400)])
def test_never_backward(back):
    published = []
    clock = ShiftedClock(HOUR, published.append)
    clock.advance_to(clock.now() - back)
    assert clock.shift == HOUR
    assert published == []


def test_the_new_shift_is_published_before_the_jump():
    seen = []
    clock = ShiftedClock(publish=lambda shift: seen.append((shift, clock.shift)))
    clock.advance_to(clock.now() + HOUR)
    assert seen == [(clock.shift, timedelta(0))]


def test_no_jump_when_nobody_could_be_told():
    def refuse(_shift):
        raise ConnectionError

    clock = ShiftedClock(publish=refuse)
    with pytest.raises(ConnectionError):
        clock.advance_to(clock.now() + HOUR)
    assert clock.shift == timedelta(0)
