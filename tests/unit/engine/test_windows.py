from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.engine.windows import opening, parse_window, parse_zone
from povod.kit.errors import InputError

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-19T20:59:59.999999", False),
        ("2026-11-19T21:00:00", True),
        ("2026-11-20T04:59:59.999999", True),
        ("2026-11-20T05:00:00", False),
    ],
)
def test_the_end_is_not_part_of_a_window(at: str, is_open: bool) -> None:
    assert parse_window("00:00-08:00 UTC+3").is_open(utc(at)) is is_open


def test_closed_window_opens_next_at_its_start() -> None:
    window = parse_window("00:00-08:00 UTC+3")
    assert window.next_open(utc("2026-11-20T05:00:00")) == utc("2026-11-20T21:00:00")


def test_open_window_opens_now() -> None:
    at = utc("2026-11-20T03:21:00.000123")
    assert parse_window("00:00-08:00 UTC+3").next_open(at) == at


def test_window_past_midnight_belongs_to_the_day_it_opens() -> None:
    window = parse_window("fri 22:00-06:00 UTC")  # 2026-11-20 is a Friday
    assert not window.is_open(utc("2026-11-20T05:00:00"))
    assert window.is_open(utc("2026-11-20T23:00:00"))
    assert window.is_open(utc("2026-11-21T05:59:00"))
    assert window.next_open(utc("2026-11-21T06:00:00")) == utc("2026-11-27T22:00:00")


def test_days_may_be_a_list_and_wrap_over_the_week() -> None:
    window = parse_window("sat-mon,wed 10:00-11:00 UTC")
    assert sorted(window.days) == [0, 2, 5, 6]


def test_a_whole_day_ends_at_24() -> None:
    window = parse_window("mon-fri 00:00-24:00 Europe/Moscow")
    assert window.next_open(utc("2026-11-20T21:00:00")) == utc("2026-11-22T21:00:00")


def test_hours_that_spring_skips_never_open() -> None:
    # Berlin, 2027-03-28: 02:00 becomes 03:00
    window = parse_window("02:15-02:45 Europe/Berlin")
    assert window.next_open(utc("2027-03-27T12:00:00")) == utc("2027-03-29T00:15:00")


def test_window_that_begins_in_the_skipped_hour_opens_right_after_it() -> None:
    window = parse_window("02:30-05:00 Europe/Berlin")
    assert window.next_open(utc("2027-03-27T12:00:00")) == utc("2027-03-28T01:00:00")


def test_repeated_hour_opens_twice() -> None:
    # Berlin, 2026-10-25: 03:00 becomes 02:00
    window = parse_window("02:15-02:45 Europe/Berlin")
    first = utc("2026-10-25T00:15:00")
    again = utc("2026-10-25T01:15:00")
    assert window.next_open(utc("2026-10-24T12:00:00")) == first
    assert window.next_open(first + timedelta(minutes=30)) == again


def test_window_reopens_at_the_change_itself() -> None:
    # 01:30-02:30: closes at 02:30 summer time, and at 03:00 the clocks show 02:00 again
    window = parse_window("01:30-02:30 Europe/Berlin")
    assert window.next_open(utc("2026-10-25T00:30:00")) == utc("2026-10-25T01:00:00")


def test_weekly_opening_that_spring_swallows_is_found_a_week_later() -> None:
    window = parse_window("sun 02:15-02:45 Europe/Berlin")
    assert window.next_open(utc("2027-03-22T12:00:00")) == utc("2027-04-04T00:15:00")


@settings(max_examples=100)
@given(
    at=st.timedeltas(timedelta(), timedelta(days=235)).map(utc("2026-03-20").__add__),
    start=st.integers(0, 95),
    length=st.integers(1, 95),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC-9:30"]),
)
def test_next_open_is_the_first_open_quarter_of_an_hour(
    at: datetime, start: int, length: int, zone: str
) -> None:
    end = (start + length) % 96
    window = parse_window(f"{start // 4}:{start % 4 * 15:02}-{end // 4}:{end % 4 * 15:02} {zone}")
    opens = window.next_open(at)
    assert opens >= at
    assert window.is_open(opens)
    quarter = at
    while quarter < opens:
        assert not window.is_open(quarter)
        quarter += timedelta(minutes=15)


@pytest.mark.parametrize(
    "text",
    ["", "8-9", "08:00-08:00", "24:00-08:00", "08:60-09:00", "08:00-25:00", "mon-xyz 08:00-09:00",
     "08:00-09:00 Mars/Base", "08:00-09:00 ../etc/passwd", "08:00-09:00 UTC+99"],
)  # fmt: skip
def test_bad_window_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"Europe/Moscow"):
        parse_window(text)


def test_zone_of_the_caller_counts_when_the_text_names_none() -> None:
    assert parse_window("08:00-09:00", "Europe/Berlin").zone == BERLIN
    assert parse_window("08:00-09:00 Europe/Moscow", "Europe/Berlin").zone != BERLIN


def test_fixed_offsets() -> None:
    assert parse_zone("UTC+3").utcoffset(None) == timedelta(hours=3)
    assert parse_zone("utc-9:30").utcoffset(None) == -timedelta(hours=9, minutes=30)


def test_no_window_is_always_open() -> None:
    at = utc("2026-11-20T03:21:00")
    assert opening("", at) == at
