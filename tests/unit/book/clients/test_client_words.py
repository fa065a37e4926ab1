"""Words for segments, genders, channels and the like (G5, G168)."""

import pytest

from povod.book.clients import words
from povod.kit.errors import InputError


@pytest.mark.parametrize("text", ["vip", "vip ", "VIP", "Вип", " ВИП ", "вип\u00a0"])
def test_a_vip_with_a_blank_is_a_vip(text):
    assert words.parse_segment(text) == "vip"


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("Новый", "new"),
        ("новая", "new"),
        ("Постоянный", "loyal"),
        ("лояльный", "loyal"),
        ("обычный", "standard"),
        ("Стандарт", "standard"),
        ("LOYAL", "loyal"),
    ],
)
def test_segments_in_russian(text, segment):
    assert words.parse_segment(text) == segment


@pytest.mark.parametrize("text", ["vip2", "", "ви п", "v i p", "vіp"])
def test_an_unknown_segment_is_refused_with_the_allowed_ones(text):
    with pytest.raises(InputError, match=r"vip, new, loyal, standard") as caught:
        words.parse_segment(text)
    assert caught.value.errors[0]["field"] == "segment"


@pytest.mark.parametrize(
    ("text", "gender"),
    [("м", "m"), ("Муж", "m"), ("МУЖСКОЙ", "m"), ("ж", "f"), ("жен", "f"), ("f", "f"), ("", None)],
)
def test_genders(text, gender):
    assert words.parse_gender(text) == gender


def test_a_gender_is_never_guessed():
    with pytest.raises(InputError):
        words.parse_gender("мж")


def test_channels_languages_and_grounds():
    assert words.parse_channel("Почта") == "email"
    assert words.parse_channel("СМС") == "sms"
    assert words.parse_language("Английский") == "en"
    assert words.parse_basis("Согласие") == "consent"
    assert words.parse_basis("договор") == "existing_client"
    for parse in (words.parse_channel, words.parse_language, words.parse_basis):
        with pytest.raises(InputError):
            parse("голубь")


@pytest.mark.parametrize(
    ("text", "value"), [("да", True), ("Да ", True), ("1", True), ("нет", False), ("", False)]
)
def test_yes_and_no(text, value):
    assert words.parse_flag("do_not_greet", text) is value


def test_a_maybe_is_refused():
    with pytest.raises(InputError, match="do_not_greet"):
        words.parse_flag("do_not_greet", "может быть")
