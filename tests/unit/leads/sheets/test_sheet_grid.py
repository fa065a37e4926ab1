"""Columns of the sheet, moved rows, cells that change."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.kit.errors import InputError
from povod.kit.tabular import TableError
from povod.leads.niche_rows import read_rows
from povod.leads.sheets.google import CELLS_PER_CALL, _parts, _ranges
from povod.leads.sheets.grid import (
    SERVICE,
    CellWrite,
    RowState,
    as_table,
    changed_cells,
    identities,
    moved_to,
    service_columns,
)

MOSCOW = ZoneInfo("Europe/Moscow")


def table(*rows):
    return as_table("NICHES_INPUT", rows)


def test_empty_rows_are_left_out_and_numbers_kept():
    made = table(["ниша"], ["окна"], ["", " "], [], ["двери"])
    assert [row.number for row in made.rows] == [1, 2, 5]


def test_a_cell_that_is_too_long_costs_its_row_only():
    rows, problems = read_rows(table(["niche", "note"], ["окна", "x" * 501], ["двери"]))
    assert [row.niche for row in rows] == ["двери"]
    assert "row 2, column B" in str(problems[0])


def test_too_many_rows_are_refused():
    with pytest.raises(TableError, match="50000"):
        as_table("Лист", [["ниша"]] * 50_001)


def test_service_columns_are_found_anywhere_and_by_their_other_names():
    made = table(["last_error", "niche", "Inserted", "мой цвет", " STATUS "], ["", "окна"])
    columns, headers = service_columns(made, create=True)
    assert columns["last_error"] == 1
    assert columns["db_inserted_count"] == 3
    assert columns["status"] == 5
    assert [cell.value for cell in headers] == [
        "generated_count", "db_duplicate_count", "db_first_scheduled_for", "db_last_scheduled_for",
    ]  # fmt: skip
    assert [cell.column for cell in headers] == [6, 7, 8, 9]


def test_new_columns_stand_right_of_cells_that_have_no_header():
    columns, _ = service_columns(table(["niche"], ["окна", "", "моя заметка"]), create=True)
    assert min(columns.values()) == 4


def test_missing_columns_are_named_when_none_may_be_added():
    with pytest.raises(InputError, match=r"generated_count.*SHEET_CREATE_COLUMNS"):
        service_columns(table(["niche", "status"], ["окна"]), create=False)


def test_the_header_may_stand_lower():
    made = table([], ["niche", "city"], ["окна", "Омск"])
    _, headers = service_columns(made, create=True)
    assert {cell.row for cell in headers} == {2}


def test_only_cells_that_say_something_else_are_written():
    made = table(["niche", *SERVICE], ["окна", "done", "1", "0", "1", "", "", ""])
    columns, _ = service_columns(made, create=False)
    slot = datetime(2026, 11, 20, 21, 0, 5, tzinfo=UTC)
    state = RowState(2, "done", generated=1, inserted=1, duplicates=1, first_slot=slot)
    assert changed_cells(made, columns, [state], MOSCOW) == [
        CellWrite(2, columns["db_inserted_count"], 1),
        CellWrite(2, columns["db_first_scheduled_for"], "2026-11-21T00:00:05+03:00"),
    ]


A, B = ("окна", "омск"), ("двери", "омск")


@pytest.mark.parametrize(
    ("before", "now", "places", "lost"),
    [
        ({2: A, 3: B}, {2: A, 3: B}, {2: 2, 3: 3}, []),
        ({2: A, 3: B}, {2: B, 3: A}, {2: 3, 3: 2}, []),
        ({2: A, 3: B}, {5: B}, {3: 5}, [2]),
        ({2: A, 3: A}, {3: A, 4: A}, {3: 3, 2: 4}, []),
        ({2: A, 3: A}, {2: A}, {2: 2}, [3]),
        ({2: A}, {2: B, 3: A, 4: A}, {2: 3}, []),
        ({2: A}, {}, {}, [2]),
    ],
)
def test_moved_rows(before, now, places, lost):
    assert moved_to(before, now) == (places, lost)


names = st.sampled_from(["окна", "двери", "мебель", "сады"])


@given(st.lists(names, max_size=8), st.lists(names, max_size=8))
def test_no_result_ever_lands_in_a_row_of_another_input(before, now):
    old, new = dict(enumerate(before, 2)), dict(enumerate(now, 2))
    places, lost = moved_to(old, new)
    assert all(new[there] == old[here] for here, there in places.items())
    assert len(set(places.values())) == len(places)
    assert sorted([*places, *lost]) == sorted(old)


def test_the_same_input_is_known_in_other_spelling_and_other_columns():
    first = identities(table(["ниша", "город"], ["Окна  ПВХ", "Омск"]))
    second = identities(table(["заметка", "city", "niche"], ["x", "омск", "окна пвх"]))
    assert first == second


def test_neighbouring_cells_are_one_range():
    cells = [CellWrite(2, 27, "б"), CellWrite(2, 26, "а"), CellWrite(4, 1, 7)]
    assert _ranges("Мой лист", cells) == [
        {"range": "'Мой лист'!Z2", "values": [["а", "б"]]},
        {"range": "'Мой лист'!A4", "values": [[7]]},
    ]


def test_no_row_is_split_between_two_calls():
    cells = [CellWrite(row, column, "x") for row in range(2, 1502) for column in range(1, 8)]
    parts = list(_parts(cells))
    assert sum(map(len, parts)) == len(cells)
    assert all(len(part) <= CELLS_PER_CALL for part in parts)
    rows = [{cell.row for cell in part} for part in parts]
    assert not any(first & second for first, second in pairwise(rows))
