from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from povod.engine.schedules import next_cron, next_run
from povod.kit.errors import InputError


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(**values: Any) -> dict[str, Any]:
    return {
        "cron": "",
        "interval_seconds": 0,
        "window": "",
        "zone": "UTC",
        "next_run_at": utc("2026-11-20T09:00:00"),
        **values,
    }


def test_cron_follows_the_clocks_of_its_zone() -> None:
    assert next_cron("10 4 * * *", "Europe/Moscow", utc("2026-11-20T02:00:00")) == utc(
        "2026-11-21T01:10:00"
    )


def test_cron_in_winter_and_in_summer() -> None:
    before = next_cron("30 9 * * *", "Europe/Berlin", utc("2026-10-24T00:00:00"))
    after = next_cron("30 9 * * *", "Europe/Berlin", before)
    assert (before, after) == (utc("2026-10-24T07:30:00"), utc("2026-10-25T08:30:00"))


def test_cron_in_the_skipped_hour_runs_right_after_it() -> None:
    assert next_cron("30 2 * * *", "Europe/Berlin", utc("2027-03-27T12:00:00")) == utc(
        "2027-03-28T01:00:00"
    )


def test_cron_in_the_repeated_hour_runs_once() -> None:
    first = next_cron("30 2 * * *", "Europe/Berlin", utc("2026-10-24T12:00:00"))
    assert first == utc("2026-10-25T00:30:00")
    assert next_cron("30 2 * * *", "Europe/Berlin", first) == utc("2026-10-26T01:30:00")


def test_cron_takes_fixed_offsets() -> None:
    assert next_cron("0 0 * * *", "UTC+3", utc("2026-11-20T09:30:00")) == utc("2026-11-20T21:00:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T09:00:00", "2026-11-20T09:01:00"),
        ("2026-11-20T09:00:59", "2026-11-20T09:01:00"),
        ("2026-11-20T21:00:30", "2026-11-20T21:01:00"),
    ],
)
def test_interval_keeps_its_beat_and_skips_what_was_missed(now: str, expected: str) -> None:
    assert next_run(row(interval_seconds=60), utc(now)) == utc(expected)


def test_interval_outside_its_window_waits_for_the_opening() -> None:
    schedule = row(interval_seconds=60, window="00:00-08:00", zone="UTC+3")
    assert next_run(schedule, utc("2026-11-20T09:00:00")) == utc("2026-11-20T21:00:00")


def test_next_time_is_always_later() -> None:
    now = utc("2026-11-20T09:00:00")
    assert next_run(row(cron="* * * * *"), now) - now == timedelta(minutes=1)


def test_unknown_zone_is_an_input_error() -> None:
    with pytest.raises(InputError, match="time zone"):
        next_cron("* * * * *", "Nowhere", utc("2026-11-20T09:00:00"))
