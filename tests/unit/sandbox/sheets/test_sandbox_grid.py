import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.sandbox.sheets.grid import Area, BadRange, Spreadsheet, cell_name


@pytest.fixture
def book() -> Spreadsheet:
    book = Spreadsheet("id", "Книга")
    book.tab("Ниши").rows = [["a", "b", ""], ["", "", ""], [1, True, None], ["", ""]]
    book.tab("It's")
    return book


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("Ниши", Area("Ниши")),
        ("'Ниши'", Area("Ниши")),
        ("'It''s'!B2", Area("It's", 1, 1, 2, 2)),
        ("Ниши!A1:C10", Area("Ниши", 0, 0, 10, 3)),
        ("Ниши!b:d", Area("Ниши", 0, 1, None, 4)),
        ("A2:B", Area("Ниши", 1, 0, None, 2)),
        ("AA3", Area("Ниши", 2, 26, 3, 27)),
    ],
)
def test_a1_notation(book, text, area):
    assert book.area(text) == area


@pytest.mark.parametrize("text", ["Нет!A1", "A1:B2:C3", "!!", "Ниши!1A"])
def test_ranges_that_name_nothing(book, text):
    with pytest.raises(BadRange):
        book.area(text)


def test_reading_leaves_out_empty_ends(book):
    tab = book.tabs["Ниши"]
    assert tab.read(Area("Ниши")) == [["a", "b"], [], ["1", "TRUE"]]
    assert tab.read(Area("Ниши", 1, 0, 2, 2)) == []


def test_writing_grows_and_skips_none(book):
    tab = book.tabs["It's"]
    assert tab.write(Area("It's", 2, 1), [["x", None, "z"], ["y"]]) == 3
    assert tab.rows == [[], [], ["", "x", "", "z"], ["", "y"]]
    tab.write(Area("It's", 2, 1), [[None, "new"]])
    assert tab.rows[2] == ["", "x", "new", "z"]


@given(st.integers(0, 5000), st.integers(0, 18_000))
def test_names_of_cells_lead_back(row, column):
    book = Spreadsheet("id", "t")
    book.tab("T")
    area = book.area(cell_name(row, column))
    assert (area.top, area.left) == (row, column)
