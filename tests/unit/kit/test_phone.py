"""Phone numbers in text; the windows must not change what the matcher finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberMatcher

from povod.kit import phone
from povod.kit.phone import find_phones, iter_phones


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Тел.: 8 (843) 200-10-20", ["+78432001020"]),
        ("+7 843 200 10 20; 8-800-555-35-35", ["+78432001020", "+78005553535"]),
        ("(843) 200-10-20", ["+78432001020"]),
        ("8(843)200-10-20 доб. 12", ["+78432001020;ext=12"]),
        ("8(843)200-10-20 (доб. 12)", ["+78432001020;ext=12"]),
        ("8(843)200-10-20, добавочный 12", ["+78432001020;ext=12"]),
        ("8(843)200-10-20, внутр. 345", ["+78432001020;ext=345"]),
        ("8(843)200-10-20\n12 филиалов", ["+78432001020"]),
        ("8 843 200\n10 20", []),
        ("Минск: +375 29 123-45-67", ["+375291234567"]),
        ("8 843 200-10-20 и снова +7(843)2001020", ["+78432001020"]),
        ("", []),
    ],
)
def test_numbers_of_a_text(text, numbers):
    assert find_phones(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "ИНН 3812345678",
        "ИНН/КПП: 3812345678 / 381201001",
        "ОГРН: 1027700132195",
        "БИК 044525225 р/с 40702810900000012345",
        "Р/с № 8432001020",
        "Цена 8 432 001 020 руб.",
        "89 123 456 789 ₽",
        "2024-01-02 08:00:15",
        "12.05.2024 - 31.12.2024",
        "Карта 4276 3800 1234 5678",
        "abc88005553535def",
        "8 701 123 45 67",  # Kazakhstan in its national form
    ],
)
def test_numbers_that_are_no_phones(text):
    assert find_phones(text) == []


def test_the_region_decides_about_numbers_without_country_code():
    assert find_phones("8 701 123 45 67", region="KZ") == ["+77011234567"]


def test_places_in_the_text():
    text = "Отдел продаж: 8 (843) 200-10-20 доб. 5, склад"
    (found,) = iter_phones(text)
    assert text[found.start : found.end] == "8 (843) 200-10-20 доб. 5"


SIGNS = st.sampled_from("8791+()-./,#:%x\t\n\u00a0₽— ")
WORDS = st.sampled_from(["843", "200", "1020", "доб.", "ext", "руб", "тел", "A", "слово " * 5])
NUMBERS = st.sampled_from(["8 (843) 200-10-20", "+7 912 345-67-89", "88432001020"])


@settings(max_examples=300, deadline=None)
@given(st.lists(SIGNS | WORDS | NUMBERS, max_size=30))
def test_windows_hold_whatever_the_matcher_finds_in_the_whole_text(bits):
    text = "".join(bits)
    whole = [
        (match.start, match.end, match.number.national_number, match.number.extension)
        for match in PhoneNumberMatcher(text, "RU")
    ]
    inside = [
        (
            start + match.start,
            start + match.end,
            match.number.national_number,
            match.number.extension,
        )
        for start, end in phone._windows(text)
        for match in PhoneNumberMatcher(text[start:end], "RU")
        for found in [match.number]
    ]
    assert inside == whole


def test_text_without_numbers_never_reaches_the_matcher(monkeypatch):
    monkeypatch.setattr(phone, "PhoneNumberMatcher", None)
    assert find_phones("С 1998 года 25 филиалов, 12 900 довольных клиентов. " * 1000) == []
