"""How single values are written on pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.web.badges import tone
from povod.web.params import local_path
from povod.web.view import phone, share, short_address, web_address


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+78432613605", "+7 843 261-36-05"),
        ("+78004574432;ext=12", "+7 800 457-44-32 (12)"),
        ("not a phone", "not a phone"),
        ("", ""),
    ],
)
def test_phones_are_grouped(stored: str, shown: str) -> None:
    assert phone(stored) == shown


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "//evil.ru", "ftp://x", " https://x", ""]
)
def test_only_web_addresses_become_links(text: str) -> None:
    assert web_address(text) == ""
    assert web_address("HTTPS://firma.ru/") == "HTTPS://firma.ru/"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://firma.ru/", "firma.ru"),
        ("http://xn--80atjc.xn--p1ai/o-nas/?id=1", "окна.рф/o-nas?id=1"),
        ("http://[broken", "http://[broken"),
        ("mailto:a@b.ru", "mailto:a@b.ru"),
    ],
)
def test_addresses_are_short(address: str, shown: str) -> None:
    assert short_address(address) == shown


@given(st.text())
def test_any_scraped_text_can_be_shown(text: str) -> None:
    assert isinstance(short_address(text), str)
    assert isinstance(phone(text), str)


def test_shares() -> None:
    assert share(4, 30, "en") == "13 %"
    assert share(0, 0, "ru") == "–"


@pytest.mark.parametrize("target", ["//x", "/\\x", "https://x", "x", ""])
def test_returns_stay_on_this_host(target: str) -> None:
    assert local_path(target) == "/"
    assert local_path("/letters?q=//x") == "/letters?q=//x"


def test_states_have_tones() -> None:
    assert (tone("replied"), tone("bounced"), tone("draft"), tone("?")) == ("good", "bad", "", "")
