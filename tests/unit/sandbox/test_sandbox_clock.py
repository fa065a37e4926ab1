from datetime import UTC, datetime, timedelta

import pytest

from povod.sandbox.clock import WorldClock

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Machine:
    def __init__(self):
        self.moment = START

    def __call__(self):
        return self.moment

    def pass_seconds(self, seconds):
        self.moment += timedelta(seconds=seconds)


def test_without_shift_it_is_the_machines_time():
    assert WorldClock(real=lambda: START).now() == START


def test_the_default_machine_time_is_aware_and_utc():
    assert WorldClock().now().tzinfo is UTC


def test_advance_moves_now_and_is_added_up():
    clock = WorldClock(real=lambda: START)
    clock.advance(600)
    clock.advance(0.5)
    assert clock.now() - START == timedelta(seconds=600.5)
    assert clock.real_now() == START


def test_time_never_runs_backwards():
    clock = WorldClock(100, real=lambda: START)
    clock.advance(-50)
    clock.set_shift(30)
    assert clock.shift == timedelta(seconds=100)


def test_set_shift_follows_another_clock_exactly():
    clock = WorldClock(100, real=lambda: START)
    clock.set_shift(32_400)
    assert clock.shift == timedelta(seconds=32_400)


@pytest.mark.parametrize(("scale", "expected"), [(1, 2), (100, 200), (0.5, 1)])
def test_scale_stretches_real_seconds(scale, expected):
    machine = Machine()
    clock = WorldClock(scale=scale, real=machine)
    machine.pass_seconds(2)
    assert clock.now() - START == timedelta(seconds=expected)


def test_set_shift_counts_what_the_scale_has_already_added():
    machine = Machine()
    clock = WorldClock(scale=101, real=machine)
    machine.pass_seconds(1)
    clock.set_shift(150)
    assert clock.shift == timedelta(seconds=150)


def test_each_jump_is_published_for_a_restart():
    seen = []
    clock = WorldClock(5, real=lambda: START, on_change=seen.append)
    clock.advance(10)
    clock.set_shift(3)
    clock.set_shift(60)
    assert seen == [15, 60]
