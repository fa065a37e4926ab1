"""Occasions in a span of days: birthdays, leap days, shifts, missed days (G34, G37, G42, G44)."""

from datetime import date, timedelta
from typing import Any

import pytest
from calendar_rows import faithful, person, rules
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.greetings.calendar import deliver_on, occurrence
from povod.greetings.detector import acting, detect
from povod.greetings.matching import match_trade
from povod.greetings.model import Candidate, Client, Options

DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))


def found(client: Client, today: str | date, **options: Any) -> list[Candidate]:
    day = today if isinstance(today, date) else date.fromisoformat(today)
    return list(detect([client], rules(), day, Options(**options)))


def keys(client: Client, today: str, **options: Any) -> set[str]:
    return {one.event_key for one in found(client, today, **options) if not one.reason}


class TestBirthdays:
    def test_seven_days_ahead_both_ends_included(self) -> None:
        client = person(birth_day=20, birth_month=5)
        assert "birthday" not in keys(client, "2027-05-12")
        for today in ("2027-05-13", "2027-05-20", "2027-05-21"):
            assert "birthday" in keys(client, today)
        assert "birthday" not in keys(client, "2027-05-22")

    def test_zero_means_today_only(self) -> None:
        client = person(birth_day=20, birth_month=5)
        assert not keys(client, "2027-05-19", lookahead_days=0)
        assert keys(client, "2027-05-20", lookahead_days=0) == {"birthday"}

    def test_across_new_year(self) -> None:
        """G167: 31 December with seven days ahead sees 1..7 January."""
        for day in range(1, 8):
            one = found(person(birth_day=day, birth_month=1), "2027-12-31")
            assert [
                (c.occasion_date, c.occasion_year) for c in one if c.event_key == "birthday"
            ] == [(date(2028, 1, day), 2028)]
        assert "birthday" not in keys(person(birth_day=8, birth_month=1), "2027-12-31")

    @pytest.mark.parametrize(
        ("leap_day", "expected"), [("feb28", date(2027, 2, 28)), ("mar1", date(2027, 3, 1))]
    )
    def test_g162_a_leap_day_in_a_common_year(self, leap_day: str, expected: date) -> None:
        client = person(birth_day=29, birth_month=2)
        runs = [date(2027, 2, 28), date(2027, 3, 1), date(2027, 7, 1)]
        days = {
            one.deliver_on
            for run in runs
            for one in found(client, run, leap_day=leap_day, lookahead_days=0, max_late_days=0)
            if one.event_key == "birthday"
        }
        assert days == {expected}

    def test_a_leap_day_in_its_own_year(self) -> None:
        one = found(person(birth_day=29, birth_month=2), "2028-02-25")
        assert [c.occasion_date for c in one if c.event_key == "birthday"] == [date(2028, 2, 29)]
        ordinary = found(person(birth_day=28, birth_month=2), "2027-02-25")
        assert [c.occasion_date for c in ordinary if c.event_key == "birthday"] == [
            date(2027, 2, 28)
        ]

    def test_the_day_off_before(self) -> None:
        client = person(birth_day=9, birth_month=8)
        one = found(client, "2026-08-05", birthday_day_off="before")
        days = {(c.deliver_on, c.occasion_date) for c in one if c.event_key == "birthday"}
        assert days == {(date(2026, 8, 7), date(2026, 8, 9))}


class TestHolidays:
    def test_g176_delivered_before_the_day(self) -> None:
        woman = person(gender="f")
        one = next(c for c in found(woman, "2026-03-02") if c.code == "womens_day")
        assert (one.deliver_on, one.occasion_date) == (date(2026, 3, 6), date(2026, 3, 8))
        builder = person(okved="41.20")
        one = next(c for c in found(builder, "2026-08-03") if c.code == "builder_day")
        assert (one.deliver_on, one.occasion_date) == (date(2026, 8, 7), date(2026, 8, 9))

    def test_a_passed_delivery_of_a_coming_day_is_today(self) -> None:
        builder = person(okved="41.20")
        one = next(c for c in found(builder, "2026-08-08") if c.code == "builder_day")
        assert (one.deliver_on, one.natural_on) == (date(2026, 8, 8), date(2026, 8, 7))

    def test_days_of_faith_are_kept_to_the_day(self) -> None:
        one = [c for c in found(faithful(), "2027-04-28") if c.code == "easter"]
        assert [(c.deliver_on, c.rank) for c in one] == [(date(2027, 5, 2), 5)]
        one = [c for c in found(faithful(), "2027-01-05") if c.code == "orthodox_christmas"]
        assert [(c.deliver_on, c.rank) for c in one] == [(date(2027, 1, 7), 5)]

    def test_without_consent_no_opt_in(self) -> None:
        one = [c for c in found(person(), "2027-04-28") if c.code == "easter"]
        assert [c.reason for c in one] == ["no_opt_in"]

    def test_a_provisional_day_is_marked(self) -> None:
        later = next(c for c in found(person(), "2028-11-01") if c.code == "unity_day")
        assert later.provisional
        assert later.deliver_on == date(2028, 11, 3)
        known = next(c for c in found(person(gender="f"), "2026-03-04") if c.code == "womens_day")
        assert not known.provisional

    def test_ranks(self) -> None:
        builder = person(okved="41.20", birth_day=9, birth_month=8)
        ranks = {c.event_key: c.rank for c in found(builder, "2026-08-05")}
        assert ranks == {"birthday": 1, "holiday:builder_day": 4}


class TestLate:
    def test_a_day_late_is_planned_more_is_not_seen(self) -> None:
        client = person(birth_day=20, birth_month=5)
        assert "birthday" in keys(client, "2027-05-21")
        assert "birthday" not in keys(client, "2027-05-22")

    def test_missed_days_are_reported(self) -> None:
        client = person(birth_day=20, birth_month=5)
        one = found(client, "2027-05-25", missed_since=date(2027, 5, 18))
        assert [(c.event_key, c.reason) for c in one] == [("birthday", "late")]
        assert not found(client, "2027-05-25", missed_since=date(2027, 5, 21))


class TestAnniversaries:
    def test_round_years_when_switched_on(self) -> None:
        firm = person(first_name="", company_name="ООО", registered_on=date(2017, 5, 20))
        assert not keys(firm, "2027-05-18")
        one = found(firm, "2027-05-18", anniversaries=True)
        assert [(c.event_key, c.rank) for c in one if c.event_type == "anniversary"] == [
            ("anniversary", 3)
        ]
        assert not [
            c
            for c in found(firm, "2028-05-18", anniversaries=True)
            if c.event_type == "anniversary"
        ]


def slowly(client: Client, today: date, options: Options) -> set[tuple[str, date, date]]:
    """Every rule asked on its own: what the indexes must find as well."""
    answer = set()
    first = today - timedelta(days=options.max_late_days)
    last = today + timedelta(days=options.lookahead_days)
    for one in acting(rules()):
        general = one.kind in ("public", "social", "religious") and "*" in one.okved
        trade = match_trade(one, client.okved, client.profession, client.position)
        if not general and trade is None:
            continue
        for year in range(today.year - 1, today.year + 2):
            day = occurrence(one.rule, year)
            if day is None:
                continue
            shift = "same" if one.opt_in or one.kind == "religious" else "before"
            natural = deliver_on(day, shift, options.calendar)
            sent = today if natural < today <= day else natural
            if first <= sent <= last:
                answer.add((one.code, day, sent))
    return answer


@settings(max_examples=150, deadline=None)
@given(
    today=DAYS,
    okved=st.sampled_from(["", "41.20", "62.01", "84.11", "85.14", "69.20.1", "10.71", "49.41"]),
    position=st.sampled_from(["", "Генеральный директор", "врач", "Учитель истории", "логист"]),
    ahead=st.integers(0, 30),
)
def test_the_indexes_find_what_asking_finds(
    today: date, okved: str, position: str, ahead: int
) -> None:
    client = person(okved=okved, position=position)
    options = Options(lookahead_days=ahead)
    quick = {
        (one.code, one.occasion_date, one.deliver_on)
        for one in detect([client], rules(), today, options)
        if one.code
    }
    assert quick == slowly(client, today, options)


@settings(max_examples=100, deadline=None)
@given(start=DAYS, month=st.integers(1, 12), day=st.integers(1, 29), ahead=st.integers(0, 20))
def test_a_birthday_is_found_once_a_year_whatever_the_span(
    start: date, month: int, day: int, ahead: int
) -> None:
    if day > 28 and month != 2:
        day = 28
    client = person(birth_day=day, birth_month=month)
    seen: dict[int, set[date]] = {}
    for step in range(0, 800, max(1, ahead)):
        for one in found(
            client, start + timedelta(days=step), lookahead_days=ahead, max_late_days=1
        ):
            if one.event_key == "birthday":
                seen.setdefault(one.occasion_year, set()).add(one.occasion_date)
    assert all(len(days) == 1 for days in seen.values())
    assert len(seen) >= 2
