"""When scheduled crawls begin: zones, changes of clocks, maintenance (S129)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.engine.windows import parse_window
from povod.kit.errors import InputError
from povod.sites.timing import RETRY_AFTER, Timing, retry_at

ZONES = (
    "UTC",
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "UTC+3",
)
CRONS = ("0 */6 * * *", "30 2 * * *", "15 * * * *", "0 3 * * 1-5", "*/20 1-4 * * *", "0 0 1 * *")
WINDOWS = ("", "02:00-05:00", "22:00-06:00", "mon-fri 09:00-18:00", "sat,sun 00:00-24:00")
YEAR = timedelta(days=365)
START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), 2 * YEAR).map(lambda passed: START + passed)
timings = st.builds(
    Timing, st.sampled_from(CRONS), st.sampled_from(ZONES), st.sampled_from(WINDOWS)
)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@given(timings, moments)
def test_the_next_run_is_later_and_outside_of_maintenance(timing: Timing, now: datetime) -> None:
    at = timing.next_run(now)
    assert at > now
    if timing.maintenance:
        assert not parse_window(timing.maintenance, timing.zone).is_open(at)


@given(timings, moments, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_time_does_not_run_backwards(timing: Timing, now: datetime, more: timedelta) -> None:
    assert timing.next_run(now) <= timing.next_run(now + more)


@given(timings, moments)
def test_maintenance_ends_where_it_first_closes(timing: Timing, now: datetime) -> None:
    at = timing.allowed_from(now)
    assert at >= now
    if at > now:
        window = parse_window(timing.maintenance, timing.zone)
        assert window.is_open(now)
        assert window.is_open(at - timedelta(seconds=1))
        assert not window.is_open(at)


@given(moments, st.sampled_from(ZONES))
def test_a_daily_run_comes_once_on_every_day(now: datetime, zone: str) -> None:
    """Through every change of clocks."""
    timing, days = Timing("30 2 * * *", zone), []
    at = now
    for _ in range(10):
        at = timing.next_run(at)
        days.append(at.astimezone(ZoneInfo("UTC") if zone == "UTC+3" else ZoneInfo(zone)).date())
    assert [day - days[0] for day in days] == [timedelta(days=number) for number in range(10)]


def test_an_hour_that_is_skipped_and_one_that_is_repeated() -> None:
    berlin = Timing("30 2 * * *", "Europe/Berlin")
    spring = berlin.next_run(local("2026-03-28T12:00", "Europe/Berlin"))
    assert spring == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00, right after the change
    autumn = berlin.next_run(local("2026-10-24T12:00", "Europe/Berlin"))
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert berlin.next_run(autumn) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_six_hours_of_the_local_clock() -> None:
    moscow = Timing(zone="Europe/Moscow")
    at = moscow.next_run(local("2026-11-20T12:30", "Europe/Moscow"))
    assert at == local("2026-11-20T18:00", "Europe/Moscow")


def test_several_slots_within_maintenance_are_one() -> None:
    night = Timing("*/30 * * * *", "Europe/Moscow", "22:00-06:00")
    late = local("2026-11-20T21:30", "Europe/Moscow")
    ends = local("2026-11-21T06:00", "Europe/Moscow")
    assert night.next_run(late) == ends
    assert night.next_run(late + timedelta(hours=4)) == ends
    assert night.next_run(ends) == ends + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("timing", "field"),
    [
        (Timing("каждый час"), "cron"),
        (Timing("* * * *"), "cron"),
        (Timing("0 0 * * * *"), "cron"),
        (Timing("@daily"), "cron"),
        (Timing("61 * * * *"), "cron"),
        (Timing("0 0 31 2 *"), "cron"),
        (Timing(zone="Europe/Atlantis"), "zone"),
        (Timing(zone=""), "zone"),
        (Timing(maintenance="ночью"), "maintenance"),
        (Timing(maintenance="00:00-24:00"), "maintenance"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(timing: Timing, field: str) -> None:
    with pytest.raises(InputError) as found:
        timing.check()
    assert [error["field"] for error in found.value.errors] == [field]


def test_three_tries_more_and_no_fourth() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    tries = [retry_at(now, number) for number in (1, 2, 3, 4)]
    assert tries == [now + RETRY_AFTER] * 3 + [None]
    assert timedelta(minutes=15) == RETRY_AFTER
