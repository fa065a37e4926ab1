"""What stands in one cell."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.tabular import column_letter, plain_cell, safe_cell
from povod.kit.tabular.cells import text_of


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+7 843 200-10-20",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\nтекст",
        "  =1+1",
        "\u200b=1",
        "\ufeff+1",
        "\x00@x",
        "＝1+1",
    ],
)
def test_a_formula_is_quoted_and_can_be_read_back(text):
    assert safe_cell(text) == "'" + text
    assert plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize(
    "text", ["", "ООО «Ромашка», Пермь", "a = b + c", "8 (342) 200-00-00", "'кавычка", "1+1"]
)
def test_plain_text_stays(text):
    assert safe_cell(text) == text
    assert plain_cell(text) == text


@given(st.text(alphabet="=+-@\t\r\n 'a1", max_size=8))
def test_a_safe_cell_never_begins_as_a_formula_and_stays_safe(text):
    safe = safe_cell(text)
    assert text in safe
    assert not safe.startswith(("\t", "\r", "\n"))
    assert not safe.strip().startswith(("=", "+", "-", "@"))
    assert safe_cell(safe) == safe


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")]
)
def test_column_letter(number, letters):
    assert column_letter(number) == letters


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (7707083893.0, "7707083893"),
        (1.5, "1.5"),
        (datetime(2024, 5, 17), "2024-05-17"),  # noqa: DTZ001 - workbooks know no zones
        (datetime(2024, 5, 17, 9, 30), "2024-05-17 09:30:00"),  # noqa: DTZ001
        (date(2024, 5, 17), "2024-05-17"),
        ("текст", "текст"),
    ],
)
def test_stored_values_as_text(value, text):
    assert text_of(value) == text
