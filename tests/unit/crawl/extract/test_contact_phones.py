"""Numbers in a page's text: what belongs together, and what is no telephone (L85)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumbers import is_valid_number_for_region, parse

from povod.crawl.extract.contacts import Contact, extract_contacts
from povod.crawl.extract.contacts.phones import (
    is_fax,
    phones_in,
    phones_of,
    phones_of_link,
    region_of,
)
from povod.kit.phone import find_phones


def found(text: str, region: str = "RU") -> list[str]:
    return [phone.value for phone in phones_in(text, region)]


def phones(html: str, url: str = "https://okna.ru/") -> list[Contact]:
    return [contact for contact in extract_contacts(html, url) if contact.kind == "phone"]


@pytest.mark.parametrize(
    "text",
    [
        "+7 (843) 200-11-22",
        "8 (843) 200-11-22",
        "8-843-200-11-22",
        "8 843 200 11 22",
        "88432001122",
        "+78432001122",
        "7 (843) 200–11–22",
        "(843) 200-11-22",
        "Тел.: 8432001122",
        "+7 (843)\n200-11-22",
        "8 (843)\n200\n11-22",
        "+7\n843\n200-11-22",
        "01.02.2024 8 (843) 200-11-22",
        "2010-2024 8 (843) 200-11-22",
        "с 9.00-18.00 8 (843) 200-11-22",
        "10:00-18:00 8 (843) 200-11-22 10:00-18:00",
        "8 (843) 200-11-22 с 9 до 18",
        "Отдел продаж — 8 (843) 200-11-22, Казань",
        "ИНН 7707083893, тел. 8 (843) 200-11-22",
    ],
)
def test_one_number_is_found(text: str) -> None:
    assert found(text) == ["+78432001122"]


@pytest.mark.parametrize(
    "text",
    [
        "ИНН 9161234567",
        "ИНН\n9161234567",
        "ИНН: 9161234567",
        "ИНН/КПП 9161234567/770701001",
        "ОГРН 1027700132195",
        "ОГРНИП 304500116000157",
        "КПП 770701001",
        "БИК 044525225",
        "р/с 40702810900000012345",
        "к/с 30101810400000000225",
        "расчётный счёт 40702810900000012345",
        "карта 4276 3800 1234 5678",
        "2202 2001 9161 2345",
        "Артикул: 9161234567",
        "Код товара 89161234567",
        "заказ № 89161234567",
        "лицензия 89161234567",
        "9161234567",
        "цена 9 161 234 567 ₽",
        "8 916 123 45 67 руб.",
        "01.02.2024 - 03.04.2024",
        "12 990\n13 990\n49 500\n12 345",
        "4607123456789",
        "55.755826, 37.617300",
        "+7 (999) 999-99-99",
        "8 (000) 000-00-00",
        "+7 (___) ___-__-__",
        "с 2010 по 2024",
    ],
)
def test_no_number_is_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "8 (843) 200-11-22, 8 (843) 200-11-33",
        "8 (843) 200-11-22\n8 (843) 200-11-33",
        "+7 843 200-11-22 8 843 200-11-33",
        "8 (843) 200-11-22/8 (843) 200-11-33",
        "+7(843)200-11-22 +7(843)200-11-33",
    ],
)
def test_two_numbers_are_kept_apart(text: str) -> None:
    assert found(text) == ["+78432001122", "+78432001133"]


@pytest.mark.parametrize("words", ["доб. 15", "доб 15", ", внутр. 15", "(доб. 15)", "ext. 15"])
def test_the_extension_is_kept(words: str) -> None:
    assert found(f"8 (843) 200-11-22 {words}") == ["+78432001122;ext=15"]


def test_numbers_of_other_countries() -> None:
    assert found("+375 29 123-45-67") == ["+375291234567"]
    assert found("8 (029) 123-45-67", "BY") == ["+375291234567"]
    assert found("8 (029) 123-45-67") == []


def test_the_country_comes_from_the_site_or_from_the_caller() -> None:
    assert region_of("firma.by") == "BY"
    assert region_of("okna.com") == "RU"
    html = "<p>Звоните: 8 (029) 123-45-67</p>"
    assert [phone.value for phone in phones(html, "https://firma.by/")] == ["+375291234567"]
    assert extract_contacts(html, "https://firma.com/", "BY")[0].value == "+375291234567"


def test_known_numbers_are_passed_over() -> None:
    assert list(phones_in("8 (843) 200-11-22", "RU", {"+78432001122"})) == []


def test_the_place_of_a_number_is_told() -> None:
    text = "Телефон\n8 (843) 200-11-22"
    (phone,) = phones_in(text, "RU")
    assert text[phone.start :].startswith("8 (843)")


@pytest.mark.parametrize(
    ("href", "value"),
    [
        ("+78432001122", "+78432001122"),
        ("8(843)2001122", "+78432001122"),
        ("+7-843-200-11-22", "+78432001122"),
        ("+88432001122", "+78432001122"),
        ("8432001122", "+78432001122"),
        ("+7 843 2001122,15", "+78432001122"),
        ("88005553535", "+78005553535"),
    ],
)
def test_links_are_read_although_mistyped(href: str, value: str) -> None:
    assert phones_of_link(href, "RU") == (value,)


@pytest.mark.parametrize("href", ["", "звоните", "123", "+79999999999", "00000000000"])
def test_a_link_may_hold_no_number(href: str) -> None:
    assert phones_of_link(href, "RU") == ()


@given(st.from_regex(r"[3489][0-9]{9}", fullmatch=True))
def test_the_short_way_agrees_with_the_library(national: str) -> None:
    expected = is_valid_number_for_region(parse(f"+7{national}", "RU"), "RU")
    assume(len(set(national)) > 2)
    assert bool(phones_of(f"+7{national}", "RU")) == expected


@given(
    st.sampled_from(["+7", "8", "7"]),
    st.sampled_from(["9", "4", "8", "3"]),
    st.from_regex(r"[1-8]{9}", fullmatch=True),
    st.sampled_from(["{} ({}) {}-{}-{}", "{}{}{}{}{}", "{}-{}-{}-{}-{}", "{} {} {} {} {}"]),
)
def test_spellings_of_a_number_are_found_as_the_kit_finds_them(
    prefix: str, first: str, rest: str, spelling: str
) -> None:
    digits = first + rest
    assume(len(set(digits)) > 2)
    text = spelling.format(prefix, digits[:3], digits[3:6], digits[6:8], digits[8:])
    assert list(phones_of(text, "RU")) == find_phones(text)


@given(st.text("0123456789+()- \n.абв", max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    assert all(value.startswith("+") for value in found(text))


@pytest.mark.parametrize(
    ("label", "fax"),
    [("Факс", True), ("fax:", True), ("Тел./факс", False), ("Телефон", False), ("тел, факс", True)],
)
def test_fax(label: str, fax: bool) -> None:
    assert is_fax(label) is fax


def test_a_fax_is_marked_and_labels_are_kept() -> None:
    html = "<p>Приёмная: 8 (843) 200-11-22</p><p>Факс: 8 (843) 200-11-33</p>"
    assert [(phone.label, phone.role_class) for phone in phones(html)] == [
        ("Приёмная", "other"),
        ("Факс", "fax"),
    ]
