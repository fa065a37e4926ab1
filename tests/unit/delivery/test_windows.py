"""Hours of sending in named zones, over clock changes (D44, D45)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.delivery.hours import is_working_day, known_zone
from povod.delivery.windows import Hours, Window
from povod.kit.days import midnight, next_midnight

ZONES = (
    *("Europe/Moscow", "Asia/Vladivostok", "Asia/Kamchatka", "Europe/Berlin", "America/New_York"),
    *("Europe/Kaliningrad", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kolkata", "UTC"),
)
zones = st.sampled_from(ZONES)
START = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.integers(0, 4 * 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
clock_times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


def usual(zone: str) -> Window:
    return Window(time(9, 10), time(19, 45), zone)


def local(moment: datetime | None, zone: str) -> str:
    assert moment is not None
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@settings(max_examples=150)
@given(zones, clock_times, clock_times, moments)
def test_the_next_opening_is_open_and_not_before(
    zone: str, start: time, end: time, moment: datetime
) -> None:
    hours = Hours(Window(start, end, zone))
    found = hours.next_open(moment)
    assert found is not None
    assert found >= moment
    assert hours.is_open(found)
    assert found - moment < timedelta(hours=26)


@given(zones, moments)
def test_an_open_instant_has_the_local_time_of_the_window(zone: str, moment: datetime) -> None:
    if Hours(usual(zone)).is_open(moment):
        assert time(9, 10) <= moment.astimezone(ZoneInfo(zone)).time() <= time(19, 45)


@given(zones, zones, moments)
def test_both_windows_count_when_they_meet_long_enough(
    mine: str, theirs: str, moment: datetime
) -> None:
    hours = Hours(usual(mine), usual(theirs))
    found = hours.next_open(moment)
    assert found is not None
    at_theirs = found.astimezone(ZoneInfo(theirs)).time().replace(tzinfo=None)
    assert time(9, 10) <= at_theirs <= time(19, 45)


def test_vladivostok_gets_its_letters_in_the_moscow_morning() -> None:
    hours = Hours(usual("Europe/Moscow"), usual("Asia/Vladivostok"))
    span = hours.on(date(2026, 11, 20))
    assert span is not None
    moscow = "Europe/Moscow"
    assert local(span.opens, moscow) == "2026-11-20 09:10"
    assert local(span.closes, moscow) == "2026-11-20 12:45"


def test_too_short_an_overlap_leaves_the_recipients_hours() -> None:
    hours = Hours(usual("Europe/Moscow"), usual("Pacific/Auckland"))
    span = hours.on(date(2026, 1, 20))
    assert span is not None
    assert local(span.opens, "Pacific/Auckland") == "2026-01-20 09:10"


@pytest.mark.parametrize(("whose", "opens"), [("sender", "06:10"), ("recipient", "23:10")])
def test_whose_hours(whose: str, opens: str) -> None:
    hours = Hours(usual("Europe/Moscow"), usual("Asia/Vladivostok"), whose)
    span = hours.on(date(2026, 11, 20))
    assert span is not None
    assert span.opens.strftime("%H:%M") == opens


def test_both_ends_are_included() -> None:
    hours = Hours(usual("Europe/Moscow"))
    for moment in (
        datetime(2026, 11, 20, 6, 10, tzinfo=UTC),
        datetime(2026, 11, 20, 16, 45, tzinfo=UTC),
    ):
        assert hours.is_open(moment)
    assert not hours.is_open(datetime(2026, 11, 20, 16, 45, 1, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 20, 16, 49, tzinfo=UTC), timedelta(minutes=5))
    assert not hours.is_open(datetime(2026, 11, 20, 16, 51, tzinfo=UTC), timedelta(minutes=5))
    assert not hours.is_open(datetime(2026, 11, 20, 6, 9, tzinfo=UTC), timedelta(minutes=5))


def test_a_skipped_hour_opens_after_the_change() -> None:
    span = Window(time(2, 30), time(12), "Europe/Berlin").on(date(2026, 3, 29))
    assert span.opens == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert local(span.opens, "Europe/Berlin") == "2026-03-29 03:30"


def test_a_closing_in_the_skipped_hour_moves_forward_too() -> None:
    span = Window(time(1), time(2, 30), "Europe/Berlin").on(date(2026, 3, 29))
    assert local(span.closes, "Europe/Berlin") == "2026-03-29 03:30"


def test_a_doubled_hour_opens_at_its_first_and_closes_at_its_second() -> None:
    span = Window(time(2, 30), time(2, 45), "Europe/Berlin").on(date(2026, 10, 25))
    assert span.opens == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert span.closes == datetime(2026, 10, 25, 1, 45, tzinfo=UTC)


def test_a_window_may_pass_midnight() -> None:
    hours = Hours(Window(time(22), time(6), "UTC"))
    assert hours.is_open(datetime(2026, 11, 20, 23, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 21, 5, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 11, 20, 12, tzinfo=UTC))


def test_days_that_never_come() -> None:
    assert Hours(usual("UTC"), is_open_day=lambda _: False).next_open(datetime.now(UTC)) is None


@pytest.mark.parametrize(
    ("day", "country", "works"),
    [
        (date(2026, 11, 20), "RU", True),
        (date(2026, 11, 21), "RU", False),
        (date(2026, 5, 9), "RU", False),
        (date(2026, 1, 5), "RU", False),
        (date(2026, 12, 25), "GB", False),
        (date(2026, 12, 25), "", True),
    ],
)
def test_working_days(day: date, country: str, works: bool) -> None:
    assert is_working_day(day, country) == works


@given(zones, moments)
def test_midnights_enclose_the_moment(zone: str, moment: datetime) -> None:
    assert midnight(moment, zone) <= moment < next_midnight(moment, zone)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "/abs"])
def test_unknown_zones(name: str) -> None:
    assert known_zone(name) == ""
