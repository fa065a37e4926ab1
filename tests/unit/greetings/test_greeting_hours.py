"""When a greeting may leave and when it is too late, in any zone (G43)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.hours import GreetingHours, hours_of, is_zone

ZONES = [
    "Europe/Moscow",
    "Asia/Vladivostok",
    "Europe/Kaliningrad",
    "America/New_York",
    "",
    "Mars/1",
]
DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))


def hours(deliver: date, occasion: date, zone: str = "", late: int = 1) -> GreetingHours:
    return hours_of(
        deliver_on=deliver,
        occasion_date=occasion,
        zone=zone,
        default_zone="Europe/Moscow",
        opens=time(10),
        closes=time(17),
        max_late_days=late,
    )


class TestKnownDays:
    def test_in_moscow(self) -> None:
        day = date(2027, 5, 20)
        found = hours(day, day)
        assert found.not_before == datetime(2027, 5, 20, 7, tzinfo=UTC)
        assert found.expires_at == datetime(2027, 5, 21, 14, tzinfo=UTC)
        assert (found.window_start, found.window_end, found.zone) == (
            "10:00", "17:00", "Europe/Moscow",
        )  # fmt: skip

    def test_in_vladivostok(self) -> None:
        day = date(2027, 5, 20)
        assert hours(day, day, "Asia/Vladivostok").not_before == datetime(2027, 5, 20, tzinfo=UTC)

    def test_an_early_wish_ends_with_its_occasion(self) -> None:
        found = hours(date(2026, 8, 7), date(2026, 8, 9), late=5)
        assert found.expires_at == datetime(2026, 8, 9, 14, tzinfo=UTC)
        soon = hours(date(2026, 8, 7), date(2026, 8, 9), late=1)
        assert soon.expires_at == datetime(2026, 8, 8, 14, tzinfo=UTC)

    def test_a_change_of_clocks(self) -> None:
        spring = date(2027, 3, 14)
        found = hours(spring, spring, "America/New_York")
        assert found.not_before == datetime(2027, 3, 14, 14, tzinfo=UTC)

    def test_zones(self) -> None:
        assert is_zone("Asia/Vladivostok")
        assert not is_zone("")
        assert not is_zone("Mars/1")
        assert not is_zone("../etc/passwd")


@given(DAYS, st.integers(0, 10), st.sampled_from(ZONES), st.integers(0, 7))
def test_it_opens_before_it_ends_in_local_hours(
    day: date, ahead: int, zone: str, late: int
) -> None:
    found = hours(day, day + timedelta(days=ahead), zone, late)
    assert found.not_before < found.expires_at
    local = ZoneInfo(found.zone)
    assert found.not_before.astimezone(local).time() == time(10)
    assert found.not_before.astimezone(local).date() == day
    ends = found.expires_at.astimezone(local)
    assert ends.time() == time(17)
    assert day <= ends.date() <= day + timedelta(days=late)
