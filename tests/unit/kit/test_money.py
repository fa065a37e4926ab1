"""Amounts of money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.errors import InputError
from povod.kit.money import parse_amount, quantize, rub


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1 234,50", "1234.50"),
        ("1\u00a0234.5 ₽", "1234.50"),
        ("-7 руб.", "-7.00"),
        ("0,005", "0.01"),
        ("12 руб", "12.00"),
    ],
)
def test_parse_amount(text, amount):
    assert str(parse_amount(text)) == amount


@pytest.mark.parametrize("text", ["", "дорого", "1,2,3", "NaN", "Infinity", "1-2"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InputError, match="not an amount"):
        parse_amount(text)


def test_halves_go_away_from_zero():
    assert quantize(Decimal("2.675")) == Decimal("2.68")
    assert quantize(Decimal("-2.675")) == Decimal("-2.68")


def test_rub():
    assert rub(Decimal("1234567.5")) == "1\u00a0234\u00a0567,50\u00a0₽"
    assert rub(Decimal(0)) == "0,00\u00a0₽"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_is_shown_can_be_read(amount):
    assert parse_amount(rub(amount)) == amount
