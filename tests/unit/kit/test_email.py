"""Addresses that a mailer can use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.email import normalize_email, split_address
from povod.kit.errors import InvalidEmail


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("info@firma.ru", "info@firma.ru"),
        (" Ivan.Petrov+ads@Firma.RU\n", "Ivan.Petrov+ads@firma.ru"),
        ("zakaz@окна-казань.рф", "zakaz@xn----7sbba8aocvgb7n.xn--p1ai"),
        ("INFO@XN--80ATJC.XN--P1AI", "info@xn--80atjc.xn--p1ai"),
        ("иван@окна.рф", "иван@xn--80atjc.xn--p1ai"),
        ("a@bücher.de", "a@xn--bcher-kva.de"),
    ],
)
def test_a_usable_address(text, address):
    assert normalize_email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "info",
        "@firma.ru",
        "info@",
        "info@firma",
        "in fo@firma.ru",
        "info@@firma.ru",
        ".info@firma.ru",
        "in..fo@firma.ru",
        '"in fo"@firma.ru',
        "info(comment)@firma.ru",
        "info@[127.0.0.1]",
        "info@-firma.ru",
        "info@firma.123",
        "Иван <info@firma.ru>",
        "info@firma.local",
        "a" * 65 + "@firma.ru",
    ],
)
def test_an_unusable_address_is_refused(text):
    with pytest.raises(InvalidEmail, match="is not an e-mail address"):
        normalize_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "info@firma.ru\nBcc: all@firma.ru",
        "info\r\n@firma.ru",
        "in\u200bfo@firma.ru",
        "info@firma.ru\u2028x",
        "in\u202efo@firma.ru",
    ],
)
def test_line_breaks_and_invisible_characters_are_refused(text):
    with pytest.raises(InvalidEmail, match="line break"):
        normalize_email(text)


@pytest.mark.parametrize("text", ["info@sbеrbank.ru", "info@раypal.com", "іnfo@firma.ru"])
def test_mixed_alphabets_are_refused(text):
    with pytest.raises(InvalidEmail, match="mixes alphabets"):
        normalize_email(text)


def test_a_label_that_only_looks_latin_is_refused_even_as_a_label():
    with pytest.raises(InvalidEmail, match="imitates Latin"):
        normalize_email("info@сосо.com")
    with pytest.raises(InvalidEmail, match="imitates Latin"):
        normalize_email("info@xn--n1aahb.com")


def test_the_same_letters_are_a_name_under_a_cyrillic_suffix():
    assert normalize_email("info@сосо.рф").endswith(".xn--p1ai")


def test_too_long():
    label = "a" * 60
    with pytest.raises(InvalidEmail):
        normalize_email(f"{label}@{label}.{label}.{label}.{label}.ru")


def test_a_long_text_is_cut_in_the_message():
    with pytest.raises(InvalidEmail) as caught:
        normalize_email("x" * 3000 + "@firma.ru")
    assert len(str(caught.value)) < 300


@given(st.text(alphabet="ab.@+-_ я\n\"'<>", max_size=30))
def test_what_is_accepted_is_accepted_again_unchanged(text):
    try:
        address = normalize_email(text)
    except InvalidEmail:
        return
    assert normalize_email(address) == address
    assert "\n" not in address
    assert "@".join(split_address(address)) == address
