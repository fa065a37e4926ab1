"""The rule grammar: known days, refused texts, laws that hold for every rule (G27)."""

from datetime import date, timedelta

import pytest
from calendar_rows import rule, rules
from expected_dates import EXPECTED
from hypothesis import given
from hypothesis import strategies as st

from povod.greetings.calendar import InvalidRule, Rule, occurrence, parse_rule
from povod.greetings.calendar.catalogue import shipped
from povod.greetings.calendar.rules import orthodox_easter

DATES = [line.split() for line in EXPECTED.strip().splitlines()]
YEARS = st.integers(1900, 2099)


class TestTheShippedCalendar:
    def test_every_rule_has_its_days(self) -> None:
        assert len(DATES) == 182
        assert {code for code, _, _ in DATES} == {row["code"] for row in shipped()}

    @pytest.mark.parametrize(("code", "in_2026", "in_2027"), DATES)
    def test_a_rule_falls_on_its_days(self, code: str, in_2026: str, in_2027: str) -> None:
        found = [occurrence(rule(code).rule, year) for year in (2026, 2027)]
        assert found == [
            date.fromisoformat(f"2026-{in_2026}"),
            date.fromisoformat(f"2027-{in_2027}"),
        ]

    def test_97_are_on_at_first(self) -> None:
        on = [row for row in shipped() if row["is_business_relevant"]]
        kinds = [row["kind"] for row in on]
        assert (kinds.count("professional"), kinds.count("public"), len(on)) == (90, 7, 97)

    def test_days_of_faith_act_by_consent_only(self) -> None:
        by_consent = {one.code for one in rules() if one.opt_in}
        assert by_consent == {"easter", "orthodox_christmas"}
        assert all(rule(code).enabled for code in by_consent)

    def test_nobody_is_congratulated_on_a_memorial_day(self) -> None:
        assert not [one.code for one in rules() if one.kind == "memorial" and one.enabled]

    def test_kinds_and_forms_are_those_of_the_facts(self) -> None:
        kinds = [one.kind for one in rules()]
        forms = [one.rule.form for one in rules()]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == {
            "professional": 134, "military": 28, "public": 8, "social": 6, "memorial": 5,
            "religious": 1,
        }  # fmt: skip
        counted = {form: forms.count(form) for form in set(forms)}
        assert counted == {"fixed": 140, "nth": 40, "yday": 1, "easter": 1}


class TestKnownDays:
    @pytest.mark.parametrize("day", ["2025-04-20", "2026-04-12", "2027-05-02", "2028-04-16"])
    def test_easter(self, day: str) -> None:
        expected = date.fromisoformat(day)
        assert occurrence(parse_rule("easter 0"), expected.year) == expected

    @pytest.mark.parametrize(
        ("code", "day"),
        [
            ("builder_day", "2025-08-10"),
            ("builder_day", "2026-08-09"),
            ("trade_day", "2026-07-25"),
            ("programmer_day", "2028-09-12"),
            ("programmer_day", "2026-09-13"),
            ("medical_worker_day", "2026-06-21"),
        ],
    )
    def test_moving_days(self, code: str, day: str) -> None:
        expected = date.fromisoformat(day)
        assert occurrence(rule(code).rule, expected.year) == expected

    def test_days_that_some_years_lack(self) -> None:
        assert occurrence(parse_rule("fixed 02-29"), 2027) is None
        assert occurrence(parse_rule("fixed 02-29"), 2028) == date(2028, 2, 29)
        assert occurrence(parse_rule("yday 366"), 2027) is None
        assert occurrence(parse_rule("yday 366"), 2028) == date(2028, 12, 31)
        assert occurrence(parse_rule("nth 2 1 5"), 2027) is None
        assert occurrence(parse_rule("date 2027-05-14"), 2026) is None
        assert occurrence(parse_rule("date 2027-05-14"), 2027) == date(2027, 5, 14)
        assert occurrence(parse_rule("easter 0"), 2100) is None

    def test_the_fifth_weekday(self) -> None:
        assert occurrence(parse_rule("nth 8 7 5"), 2027) == date(2027, 8, 29)


class TestRefusedTexts:
    @pytest.mark.parametrize(
        ("text", "token"),
        [
            ("", ""), ("sometimes", "sometimes"), ("FIXED 01-01", "FIXED"), ("fixed", "fixed"),
            ("fixed 1-1", "1-1"), ("fixed 02-30", "02-30"), ("fixed 13-01", "13-01"),
            ("fixed 01-01 02-02", "02-02"), ("fixed  01-01", "01-01"), (" fixed 01-01", ""),
            ("nth 8 7", "nth"), ("nth 13 7 2", "13"), ("nth 8 0 2", "0"), ("nth 8 8 2", "8"),
            ("nth 8 7 0", "0"), ("nth 8 7 6", "6"), ("nth 8 7 -2", "-2"), ("nth x 7 2", "x"),
            ("yday 0", "0"), ("yday 367", "367"), ("yday 1.5", "1.5"), ("easter 71", "71"),
            ("easter -71", "-71"), ("easter", "easter"), ("date 2027-02-29", "2027-02-29"),
            ("date 27-01-01", "27-01-01"), ("yday ٣", "٣"), ("fixed ٠١-٠١", "٠١-٠١"),
        ],
    )  # fmt: skip
    def test_the_bad_token_is_named(self, text: str, token: str) -> None:
        with pytest.raises(InvalidRule) as error:
            parse_rule(text)
        assert error.value.token == token
        assert repr(token) in str(error.value)
        assert "nth 8 7 2" in str(error.value)

    @given(st.text(max_size=30))
    def test_any_text_is_a_rule_or_refused(self, text: str) -> None:
        try:
            found = parse_rule(text)
        except InvalidRule as refused:
            token = refused.token
        else:
            token = ""
            assert parse_rule(str(found)) == found
        assert token in text


class TestLaws:
    @given(YEARS, st.integers(1, 12), st.integers(1, 7), st.sampled_from([1, 2, 3, 4, 5, -1]))
    def test_nth_is_that_weekday_of_that_month(
        self, year: int, month: int, weekday: int, place: int
    ) -> None:
        day = occurrence(Rule("nth", (month, weekday, place)), year)
        if day is None:
            assert place == 5
            return
        assert (day.year, day.month, day.isoweekday()) == (year, month, weekday)
        if place == -1:
            assert (day + timedelta(days=7)).month != month
        else:
            assert (day.day - 1) // 7 == place - 1

    @given(YEARS, st.integers(1, 366))
    def test_yday_counts_from_new_year(self, year: int, number: int) -> None:
        day = occurrence(Rule("yday", (number,)), year)
        if day is None:
            assert number == 366
        else:
            assert day.timetuple().tm_yday == number

    @given(YEARS)
    def test_easter_is_a_sunday_of_spring(self, year: int) -> None:
        day = orthodox_easter(year)
        assert day.isoweekday() == 7
        assert date(year, 4, 3) <= day <= date(year, 5, 9)

    @given(YEARS, st.integers(-70, 70))
    def test_easter_has_its_distance(self, year: int, offset: int) -> None:
        day = occurrence(parse_rule(f"easter {offset}"), year)
        assert day == orthodox_easter(year) + timedelta(days=offset)

    @given(st.sampled_from(rules()), YEARS)
    def test_a_rule_survives_its_text(self, one: object, year: int) -> None:
        text = str(one.rule)  # type: ignore[attr-defined]
        assert occurrence(parse_rule(text), year) == occurrence(one.rule, year)  # type: ignore[attr-defined]
