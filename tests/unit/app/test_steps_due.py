"""When a repeating step has work."""

from datetime import UTC, datetime, timedelta

import pytest

from povod.app.step import Step
from povod.kit.clock import FixedClock

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "due"), [(timedelta(), True), (timedelta(-1), True), (timedelta(seconds=1), False)]
)
def test_due_by_now(ahead: timedelta, due: bool) -> None:
    step = Step("leads.submit", "search", "app", 60, lambda: NOW + ahead)
    assert step.is_due(FixedClock(NOW)) is due


def test_nothing_in_sight_is_not_due() -> None:
    assert not Step("leads.submit", "search", "app", 60, lambda: None).is_due(FixedClock(NOW))


def test_now_as_seen_by_the_step_is_due() -> None:
    """Time flows: a step that says "now" must not be found early by a clock read before it."""
    clock = FixedClock(NOW)

    def ask() -> datetime:
        clock.advance(timedelta(microseconds=1))
        return clock.now()

    assert Step("leads.submit", "search", "app", 60, ask).is_due(clock)
