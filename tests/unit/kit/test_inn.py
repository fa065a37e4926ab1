"""Check digits of taxpayer and registration numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.inn import is_valid_inn, is_valid_ogrn, normalize_inn


@pytest.mark.parametrize("text", ["7707083893", "500100732259"])
def test_valid_inn(text):
    assert is_valid_inn(text)


@pytest.mark.parametrize(
    "text",
    [
        "7707083894",
        "500100732258",
        "500100732269",
        "0000000000",
        "000000000000",
        "0012345678",
        "７７０７０８３８９３",
        "77070838931",
        " 7707083893",
        "7707083893\n",
        "7707-083893",
        "",
    ],
)
def test_invalid_inn(text):
    assert not is_valid_inn(text)


@pytest.mark.parametrize(
    "text",
    [
        "1027700132195",
        "304500116000157",
        "304500116000050",  # remainder 10
        "304500116000061",  # remainder 11
        "304500116000072",  # remainder 12
    ],
)
def test_valid_ogrn(text):
    assert is_valid_ogrn(text)


@pytest.mark.parametrize(
    "text",
    [
        "1027700132196",
        "0000000000000",
        "304500116000158",
        "504500116000157",
        "000000000000000",
        "１０２７７００１３２１９５",
        "10277001321",
        "",
    ],
)
def test_invalid_ogrn(text):
    assert not is_valid_ogrn(text)


@given(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True))
def test_nine_digits_have_one_check_digit(head):
    assert sum(is_valid_inn(head + digit) for digit in "0123456789") == 1


@given(st.from_regex(r"[34][0-9]{13}", fullmatch=True))
def test_fourteen_digits_have_one_check_digit(head):
    assert sum(is_valid_ogrn(head + digit) for digit in "0123456789") == 1


def test_normalize_inn():
    assert normalize_inn("ИНН:\u00a07707 0838‑93") == "7707083893"
    assert normalize_inn("нет") == "нет"
