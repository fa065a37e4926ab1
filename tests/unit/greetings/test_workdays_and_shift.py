"""Working days from three sources, and the day on which a wish arrives (G32, G33, G42)."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from calendar_rows import rule
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.calendar import WorkCalendar, deliver_on, load_overrides, occurrence
from povod.greetings.calendar.catalogue import shipped
from povod.greetings.calendar.rules import parse_rule
from povod.kit.errors import ConfigurationError

CALENDAR = WorkCalendar()
DAYS = st.dates(date(2024, 1, 1), date(2031, 12, 31))
SHIFTS = st.sampled_from(["same", "before", "after"])


class TestKnownAnswers:
    def test_a_moved_saturday_is_worked(self) -> None:
        assert CALENDAR.is_workday(date(2025, 11, 1))

    @pytest.mark.parametrize("day", ["2026-01-09", "2026-03-09", "2026-05-11", "2026-12-31"])
    def test_moved_days_are_off(self, day: str) -> None:
        assert not CALENDAR.is_workday(date.fromisoformat(day))

    def test_a_year_without_published_moves_follows_the_law(self) -> None:
        """G206: 4 November 2028 is a Saturday, so Monday is off; nobody has published that yet."""
        assert not CALENDAR.is_workday(date(2028, 11, 6))
        assert CALENDAR.is_workday(date(2028, 11, 7))
        assert CALENDAR.is_provisional(date(2028, 11, 6))
        assert not CALENDAR.is_provisional(date(2026, 11, 6))

    def test_new_year_holidays_do_not_move(self) -> None:
        # 1 and 2 January 2028 are a weekend; the ninth is a Sunday anyway, the tenth is worked
        assert CALENDAR.is_workday(date(2028, 1, 10))
        assert not CALENDAR.is_workday(date(2028, 1, 8))

    def test_two_holidays_never_take_one_day(self) -> None:
        # 2034: 1 May is a Monday, 9 May a Tuesday; 2033: 1 May is a Sunday and moves to Monday
        assert not CALENDAR.is_workday(date(2033, 5, 2))
        assert CALENDAR.is_workday(date(2033, 5, 3))

    def test_other_countries_have_their_own_days(self) -> None:
        assert not CALENDAR.is_workday(date(2026, 7, 3), "US")
        assert CALENDAR.is_workday(date(2026, 6, 12), "US")
        assert CALENDAR.is_workday(date(2026, 6, 12), "??")
        assert not CALENDAR.is_workday(date(2026, 6, 13), "??")
        assert not CALENDAR.is_provisional(date(2028, 7, 3), "US")


class TestOwnDays:
    def test_the_file_wins(self, tmp_path: Path) -> None:
        file = tmp_path / "days.csv"
        file.write_text("\ufeffdate,working\n2028-11-06,true\n2026-07-01,нет\n", "utf-8")
        calendar = WorkCalendar(load_overrides(file))
        assert calendar.is_workday(date(2028, 11, 6))
        assert not calendar.is_workday(date(2026, 7, 1))
        assert not calendar.is_provisional(date(2028, 11, 6))

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("date,working\n06.11.2028,true\n", "06.11.2028"),
            ("date,working\n2028-11-06,maybe\n", "maybe"),
            ("day,working\n2028-11-06,true\n", "line 2"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, text: str, what: str) -> None:
        file = tmp_path / "days.csv"
        file.write_text(text, "utf-8")
        with pytest.raises(ConfigurationError, match=what):
            load_overrides(file)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="WORKDAYS_FILE"):
            load_overrides(tmp_path / "none.csv")

    def test_no_file_changes_nothing(self) -> None:
        assert load_overrides(None) == {}


class TestShift:
    def test_the_friday_before_a_sunday(self) -> None:
        assert deliver_on(date(2026, 8, 9), "before", CALENDAR) == date(2026, 8, 7)
        assert deliver_on(date(2026, 8, 9), "after", CALENDAR) == date(2026, 8, 10)
        assert deliver_on(date(2026, 8, 9), "same", CALENDAR) == date(2026, 8, 9)

    def test_over_a_row_of_days_off(self) -> None:
        assert deliver_on(date(2027, 1, 1), "before", CALENDAR) == date(2026, 12, 30)
        assert deliver_on(date(2026, 3, 8), "before", CALENDAR) == date(2026, 3, 6)

    @given(DAYS, SHIFTS)
    def test_a_shifted_day_is_a_working_day_near(self, day: date, shift: str) -> None:
        found = deliver_on(day, shift, CALENDAR)
        if shift == "same":
            assert found == day
            return
        assert CALENDAR.is_workday(found)
        between = abs((found - day).days)
        assert between <= 12
        step = 1 if shift == "after" else -1
        skipped = [day + timedelta(days=step * n) for n in range(between)]
        assert not any(CALENDAR.is_workday(one) for one in skipped)

    def test_a_calendar_without_working_days_keeps_the_day(self) -> None:
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
        never = WorkCalendar(dict.fromkeys(days, False))
        assert deliver_on(date(2026, 2, 10), "before", never) == date(2026, 2, 10)

    def test_58_professional_days_of_2026_fall_on_a_weekend(self) -> None:
        rows = [row for row in shipped() if row["kind"] == "professional"]
        days = [occurrence(parse_rule(row["rule"]), 2026) for row in rows]
        assert sum(day is not None and day.isoweekday() >= 6 for day in days) == 58
        assert rule("builder_day").shift == ""
