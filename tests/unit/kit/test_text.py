"""One spelling of words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.text import clean, collapse, decode, lookup_key, transliterate, value_key


def test_decode_is_to_be_had_here():
    assert decode(b"abc") == ("abc", "utf-8")


def test_collapse():
    assert collapse(" Кафе\u0301 \u00a0\n «Ё» ") == "Кафе\u0301 «Ё»"
    assert collapse("и\u0306") == "й"


def test_clean_drops_what_nobody_sees():
    assert clean("\u202eО\u200bк\u00adна\x00 \t и\r\nдвери\ufeff") == "Окна и двери"
    assert clean("  plain   words ") == "plain words"


@pytest.mark.parametrize(
    ("one", "other"),
    [("ИВАН@firma.ru", "иван@FIRMA.RU"), ("Straße", "STRASSE"), ("№１", "No1"), ("ﬁrma", "FIRMA")],
)
def test_value_key_joins(one, other):
    assert value_key(one) == value_key(other)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("г. Ростов‑на‑Дону", "ростов на дону"),
        ("г.Москва", "москва"),
        ("Гор. Орёл", "орел"),
        ("ГОРОД КАЗАНЬ", "казань"),
        ("Городец", "городец"),
        ("Горно-Алтайск", "горно алтайск"),
        ("Нижний_Новгород", "нижний новгород"),
        ("Санкт−Петербург", "санкт петербург"),
        ("«Окна», двери!", "окна двери"),
        ("  Набережные\u00a0Челны ", "набережные челны"),
        ("город", "город"),
        ("", ""),
    ],
)
def test_lookup_key(text, key):
    assert lookup_key(text) == key


@given(st.text(max_size=40))
def test_keys_are_stable(text):
    assert value_key(value_key(text)) == value_key(text)
    assert collapse(collapse(text)) == collapse(text)
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="абвёЁгород .-—«»_\t", max_size=30))
def test_lookup_key_has_single_blanks_and_no_punctuation(text):
    key = lookup_key(text)
    assert key == " ".join(key.split())
    assert not set(key) & set("ё.-—«»_\t")


def test_transliterate():
    assert transliterate("Щукин и Ёж, объём") == "Shchukin i Ezh, obem"
    assert transliterate("Київ, Гомель, abc") == "Kiyiv, Gomel, abc"
