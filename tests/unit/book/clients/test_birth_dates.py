"""Birth dates as people and spreadsheets write them (G7, G14)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.book.clients.birth import MAC_EPOCH_DAYS, BirthDate, parse_birth_date
from povod.kit.errors import InputError

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("17.05.1985", "1985-05-17"),
        (" 17.05.1985 г. ", "1985-05-17"),
        ("17.05.1985 0:00:00", "1985-05-17"),
        ("17/05/1985", "1985-05-17"),
        ("7-5-1985", "1985-05-07"),
        ("1985-05-17", "1985-05-17"),
        ("1985-05-17T00:00:00", "1985-05-17"),
        ("1985-05-17 00:00:00", "1985-05-17"),
        ("--05-17", "--05-17"),
        ("17.05", "--05-17"),
        ("17 мая", "--05-17"),
        ("17 Мая 1985", "1985-05-17"),
        ("17 мая 1985 года", "1985-05-17"),
        ("3 сент. 1985", "1985-09-03"),
        ("1 август", "--08-01"),
        ("31 марта 1985 г.", "1985-03-31"),
        ("45429", "2024-05-17"),
        ("45429.0", "2024-05-17"),
        ("29.02", "--02-29"),
        ("29.02.1984", "1984-02-29"),
    ],
)
def test_known_forms(text, shown):
    assert str(parse_birth_date(text, TODAY)) == shown


def test_the_day_stands_first_unless_it_cannot():
    assert str(parse_birth_date("05/06/1985", TODAY)) == "1985-06-05"
    american = parse_birth_date("05/17/1985", TODAY)
    assert (str(american), american.notes) == ("1985-05-17", ("month_first",))


@pytest.mark.parametrize(
    ("text", "year"), [("01.06.12", 2012), ("01.06.13", 1913), ("01.06.85", 1985), ("1.6.00", 2000)]
)
def test_two_digits_are_a_year_at_which_one_is_fourteen(text, year):
    found = parse_birth_date(text, TODAY)
    assert found.year == year
    assert found.notes == ("century_guessed",)


def test_a_workbook_of_the_other_epoch():
    serial = (date(1985, 5, 17) - date(1899, 12, 30)).days - MAC_EPOCH_DAYS
    assert str(parse_birth_date(str(serial), TODAY, epoch_1904=True)) == "1985-05-17"


@pytest.mark.parametrize("text", ["", "   ", "\u00a0", "\u200b"])
def test_nothing_said_is_nothing_known(text):
    assert parse_birth_date(text, TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        *("31.02", "31.02.1985", "29.02.1985", "00.05.1985", "17.13.1985", "32 мая"),
        *("30.11.2026", "01.01.1899", "1899-12-31", "17 мартобря", "17 м", "вчера", "17"),
        *("=ДАТА(1985;5;17)", "17..05", "1985", "--13-01", "999999"),
    ],
)
def test_what_is_no_date_is_refused_with_the_value_shown(text):
    with pytest.raises(InputError, match="birth_date") as caught:
        parse_birth_date(text, TODAY)
    assert text[:10] in str(caught.value)
    assert caught.value.errors[0]["field"] == "birth_date"


@given(st.dates(date(1900, 1, 1), TODAY))
def test_every_date_comes_back_as_it_was(day):
    found = parse_birth_date(f"{day:%d.%m.%Y}", TODAY)
    assert (found.day, found.month, found.year) == (day.day, day.month, day.year)
    assert parse_birth_date(str(found), TODAY) == found


@given(st.text(max_size=30))
def test_any_text_is_a_date_nothing_or_an_input_error(text):
    try:
        found = parse_birth_date(text, TODAY)
    except InputError:
        return
    assert found is None or 1 <= found.month <= 12


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        (BirthDate(29, 11, 1996), 30),
        (BirthDate(30, 11, 1996), 29),
        (BirthDate(1, 1, None), None),
    ],
)
def test_age_in_full_years(birth, age):
    assert birth.age(TODAY) == age


@pytest.mark.parametrize(
    ("year", "suspicious"),
    [(2010, True), (2008, False), (1926, False), (1925, True), (None, False)],
)
def test_children_and_the_very_old_are_left_to_a_person(year, suspicious):
    assert BirthDate(1, 1, year).is_suspicious(TODAY) is suspicious
