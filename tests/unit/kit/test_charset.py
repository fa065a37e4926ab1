"""Bytes of unknown charset read as what they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.kit.charset import declared_charset, decode

WORDS = (
    "Пластиковые окна в Казани от производителя. Мы работаем с 1998 года, наши клиенты — "
    "предприятия Татарстана и Поволжья. Контакты: ООО «Ромашка», ул. Баумана, 12. "
)
PAGE = f"<html><head><title>Окна</title></head><body>{WORDS * 5}</body></html>"
CYRILLIC = ["cp1251", "koi8-r", "cp866", "iso8859-5"]


def bytes_in(encoding, text=PAGE):
    return text.encode(encoding, "ignore")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_bom_decides_whatever_the_header_says(encoding):
    text, _ = decode(PAGE.encode(encoding), "text/html; charset=windows-1251")
    assert text == PAGE


@pytest.mark.parametrize("bom", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_of_both_orders(bom):
    codec = "utf-16-le" if bom == b"\xff\xfe" else "utf-16-be"
    assert decode(bom + "Окна".encode(codec)) == ("Окна", codec)


@pytest.mark.parametrize("encoding", CYRILLIC)
def test_the_header_tells(encoding):
    raw = bytes_in(encoding)
    assert decode(raw, f"text/html; charset={encoding}") == (raw.decode(encoding), encoding)


@pytest.mark.parametrize(
    "declaration",
    [
        '<meta charset="windows-1251">',
        "<META http-equiv=Content-Type content='text/html; charset=Windows-1251'>",
        '<?xml version="1.0" encoding="CP1251"?>',
        "<meta charset=win-1251>",
    ],
)
def test_the_page_tells(declaration):
    assert declared_charset(declaration.encode()) == "cp1251"
    raw = declaration.encode() + bytes_in("cp1251")
    assert decode(raw)[0] == raw.decode("cp1251")


@pytest.mark.parametrize("encoding", CYRILLIC)
def test_nobody_tells(encoding):
    raw = bytes_in(encoding)
    assert decode(raw)[0] == raw.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
@pytest.mark.parametrize(
    "label",
    ["utf-8", "iso-8859-1", "windows-1252", "koi8-r", "windows-1251", "iso-8859-5", "shift_jis"],
)
def test_a_wrong_label_is_seen_through(encoding, label):
    raw = bytes_in(encoding)
    assert decode(raw, f"text/html; charset={label}")[0] == raw.decode(encoding)


@pytest.mark.parametrize("label", ["windows-1251", "koi8-r", "iso-8859-1", "euc-kr"])
def test_valid_utf8_beats_any_label(label):
    assert decode(PAGE.encode(), f"text/html; charset={label}") == (PAGE, "utf-8")


def test_a_page_cut_within_a_letter_is_still_utf8():
    assert decode("Окна и двери".encode()[:-1]) == ("Окна и двер", "utf-8")


def test_one_broken_byte_does_not_make_utf8_something_else():
    raw = PAGE.encode().replace("Контакты".encode(), b"\xd0\xd0\xff")
    text, encoding = decode(raw, "text/html; charset=utf-8")
    assert encoding == "utf-8"
    assert "Пластиковые окна" in text


def test_a_zero_byte_does_not_make_utf8_something_else():
    assert decode("Окна\0и двери".encode()) == ("Окна\0и двери", "utf-8")


def test_utf16_without_bom():
    assert decode(WORDS.encode("utf-16-le"))[0] == WORDS


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus München, schöne Städte und Straßen. " * 5, "iso8859-1"),
        ("日本語のテキストです。東京と大阪。" * 5, "shift_jis"),
        ("日本語のテキストです。東京と大阪。" * 5, "iso2022_jp"),
        ("中文网页，北京和上海。" * 5, "gb2312"),
    ],
)
def test_labels_of_other_languages_are_believed(text, encoding):
    assert decode(text.encode(encoding), f"text/plain; charset={encoding}")[0] == text


def test_latin1_means_windows_1252_as_in_browsers():
    raw = "“Café” – naïve".encode("cp1252")
    assert decode(raw, "text/html; charset=iso-8859-1") == ("“Café” – naïve", "cp1252")


@pytest.mark.parametrize(
    "label", ["nonsense", "unicode_escape", "idna", "rot13", "base64", "utf-7", "\0", "штука"]
)
def test_labels_that_are_no_charsets_are_passed_over(label):
    assert declared_charset(b"", f"text/html; charset={label}") is None
    assert decode("Окна".encode(), f"text/html; charset={label}") == ("Окна", "utf-8")


def test_capitals_within_brand_names_do_not_unseat_a_right_label():
    raw = ("ВКонтакте и МегаФон: " + WORDS).encode("cp1251")
    assert decode(raw, "text/html; charset=windows-1251")[1] == "cp1251"


@settings(deadline=None)
@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_no_bytes_and_no_header_make_it_fail(raw, header):
    text, encoding = decode(raw, header)
    assert isinstance(text, str)
    raw.decode(encoding, "replace")
