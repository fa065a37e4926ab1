"""Values on their way into files (S115, S116, N34, N35)."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.sites.exports.values import (
    MAX_CELL,
    Names,
    Trail,
    cell,
    decimal_of,
    fitting_json,
    json_value,
)

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (False, "false"),
        (Decimal("1250.50"), Decimal("1250.50")),
        (("a|b", "c"), "a%7Cb|c"),
        (Trail(("Каталог", "Краски")), "Каталог > Краски"),
        (Names(("price", "title")), "price;title"),
        ({}, ""),
        ({"Цвет": "белый"}, '{"Цвет":"белый"}'),
        (7, 7),
        (MOMENT, MOMENT),
    ],
)
def test_cells(value, text):
    assert cell(value) == text


def test_the_russian_dialect_has_commas():
    assert cell(Decimal("1250.50"), decimal_comma=True) == "1250,50"
    assert cell(3, decimal_comma=True) == 3


def test_json_keeps_types():
    assert json_value(Decimal("2879.20")) == 2879.2
    assert json_value(MOMENT) == "2026-11-20T09:30:00Z"
    assert json_value(("a", "b")) == ["a", "b"]
    assert json_value(True) is True


@pytest.mark.parametrize(("text", "value"), [("", None), (None, None), ("x", None), ("1.5", 1.5)])
def test_decimals(text, value):
    assert decimal_of(text) == value


def test_long_attributes_are_cut_at_a_key_and_stay_json():
    attrs = {f"ключ {n}": "значение " * 50 for n in range(400)}
    text = fitting_json(attrs)
    assert len(text) <= MAX_CELL
    kept = json.loads(text)
    assert kept.pop("_truncated") is True
    assert 0 < len(kept) < 400
    assert all(attrs[name] == value for name, value in kept.items())


def test_the_order_of_keys_is_that_of_their_names():
    """PostgreSQL gives them back in an order of its own; files must not tell."""
    names = ["Цвет", "Вес", "Мощность, Вт", "a"]
    texts = {fitting_json(dict.fromkeys(order, "1")) for order in (names, names[::-1])}
    assert texts == {'{"a":"1","Вес":"1","Мощность, Вт":"1","Цвет":"1"}'}
    long = dict.fromkeys(names, "я" * 12000)
    assert list(json.loads(fitting_json(long)))[:1] == ["a"]
    assert fitting_json(long) == fitting_json(dict(reversed(long.items())))


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=3000), max_size=60))
def test_whatever_the_attributes_the_cell_holds_json(attrs):
    text = fitting_json(attrs)
    assert len(text) <= MAX_CELL
    assert not text or json.loads(text)
