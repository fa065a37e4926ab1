"""Amounts at the edges."""

from decimal import Decimal

import pytest

from povod.kit.errors import InputError
from povod.kit.money import parse_amount, quantize, rub


@pytest.mark.parametrize("text", ["1e3", "1E3"])
def test_an_exponent_is_a_number_too(text):
    assert parse_amount(text) == 1000


@pytest.mark.parametrize("text", ["-Infinity", "sNaN", "₽", "--5", "0x10", "5$"])
def test_other_things_are_refused(text):
    with pytest.raises(InputError, match="write it as 1234,50"):
        parse_amount(text)


@pytest.mark.parametrize("text", ["1e30", "9" * 40])
def test_an_amount_beyond_all_money_is_refused(text):
    with pytest.raises(InputError):
        parse_amount(text)


def test_minus_and_small_amounts():
    assert rub(Decimal("-1234.5")) == "-1\u00a0234,50\u00a0₽"
    assert rub(Decimal("0.004")) == "0,00\u00a0₽"
    assert str(quantize(Decimal(7))) == "7.00"
