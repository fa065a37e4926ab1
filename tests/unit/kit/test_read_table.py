"""Tables as people bring them."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from povod.kit.tabular import Limits, TableError, read_table

ROWS = [("ниша", "город"), ("Окна; двери", "Казань"), ("Ремонт, отделка", "Пермь")]


def csv_bytes(delimiter, encoding):
    return "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in ROWS).encode(encoding)


def workbook(*tabs):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, state, rows in tabs:
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_part(raw, name, content):
    """The same archive with one part replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", 8) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return buffer.getvalue()


def cells(table):
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_csv_of_every_kind(delimiter, encoding):
    table = read_table(csv_bytes(delimiter, encoding), "ниши.csv")
    assert cells(table) == ROWS
    assert (table.kind, table.delimiter) == ("csv", delimiter)
    assert all(row.problems == () for row in table.rows)


def test_a_file_is_named_after_its_path(tmp_path):
    path = tmp_path / "ниши.csv"
    path.write_bytes(csv_bytes(";", "utf-8"))
    assert read_table(path).name == "ниши.csv"


def test_one_column_has_no_delimiter():
    assert cells(read_table("ниша\nОкна, двери\nРемонт\nДвери\n".encode())) == [
        ("ниша",),
        ("Окна, двери",),
        ("Ремонт",),
        ("Двери",),
    ]


def test_a_title_above_the_table_does_not_hide_the_delimiter():
    raw = "Ниши на ноябрь\n\nниша;город\nОкна;Казань\nДвери;Пермь\n".encode()
    assert read_table(raw).delimiter == ";"


def test_empty_rows_are_left_out_and_counted():
    table = read_table(b"a;b\n\n ; \n1;2\n;;\n")
    assert [(row.number, row.cells) for row in table.rows] == [(1, ("a", "b")), (4, ("1", "2"))]


def test_cells_of_several_lines():
    assert cells(read_table(b'a;b\r\n"1\r\n2";"say ""hi"""\r\n3;4\r\n')) == [
        ("a", "b"),
        ("1\n2", 'say "hi"'),
        ("3", "4"),
    ]


def test_a_quote_that_never_closes_costs_its_row_only():
    raw = 'ниша;город\nОкна;Казань\n"Двери;Пермь\nРемонт;Уфа\n'.encode("cp1251")
    table = read_table(raw, "ниши.csv")
    assert [row.cells for row in table.rows if not row.problems] == [
        ("ниша", "город"),
        ("Окна", "Казань"),
        ("Ремонт", "Уфа"),
    ]
    (broken,) = [row for row in table.rows if row.problems]
    assert str(broken.problems[0]) == "ниши.csv, row 3: a quote is opened and never closed"


def test_quotes_within_a_cell_are_letters():
    assert cells(read_table('a;b\nООО "Ромашка;1\nООО "Роза";2\n'.encode()))[1:] == [
        ('ООО "Ромашка', "1"),
        ('ООО "Роза"', "2"),
    ]


def test_a_cell_made_safe_is_read_as_it_was():
    assert cells(read_table(b"a;b\n'+7 843;'=1\n")) == [("a", "b"), ("+7 843", "=1")]


def test_a_long_cell_names_file_row_and_column():
    table = read_table(f"ниша;город\nОкна;{'я' * 501}\n".encode(), "ниши.csv")
    (problem,) = table.rows[1].problems
    assert (problem.file, problem.row, problem.column) == ("ниши.csv", 2, "B")
    assert str(problem).startswith("ниши.csv, row 2, column B: the cell has 501 characters")


def test_too_many_columns_are_a_problem_of_the_row():
    table = read_table(b"a;b\n" + b";".join([b"x"] * 300) + b"\n1;2\n")
    assert [len(row.problems) for row in table.rows] == [0, 1, 0]


def test_a_cell_beyond_the_readers_own_limit():
    table = read_table(b"a;b\n" + b"x" * 200_000 + b";1\n")
    assert "200000 characters" in table.rows[1].problems[0].reason


def test_too_many_rows_are_refused_with_the_row():
    with pytest.raises(TableError, match=r"t\.csv, row 4: there are more than 3 rows"):
        read_table(b"a\n1\n2\n3\n", "t.csv", limits=Limits(max_rows=3))


def test_a_large_file_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a;b\n" * 300_000)
    with pytest.raises(TableError, match=r"t\.csv: is larger than 1 MiB"):
        read_table(path, limits=Limits(max_bytes=1024**2))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old .xls or an encrypted"),
        (b"PK\x03\x04 and no archive", "no readable workbook"),
        (b"\x89PNG\0\0\0", "is not a table"),
    ],
)
def test_other_files_are_refused_with_what_to_do(raw, reason):
    with pytest.raises(TableError, match=reason):
        read_table(raw, "x")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"нет\.csv: cannot be opened"):
        read_table(tmp_path / "нет.csv")


def test_xlsx_first_visible_tab_or_the_named_one():
    raw = workbook(
        ("скрытая", "hidden", [["x"]]), ("Ниши", "visible", ROWS), ("Ещё", "visible", [["y"]])
    )
    table = read_table(raw, "ниши.xlsx")
    assert (table.kind, table.tab, cells(table)) == ("xlsx", "Ниши", ROWS)
    assert cells(read_table(raw, tab="Ещё")) == [("y",)]
    with pytest.raises(TableError, match="has no tab «Нет»; there are: скрытая, Ниши, Ещё"):
        read_table(raw, "ниши.xlsx", tab="Нет")


def test_xlsx_values_as_people_see_them():
    raw = workbook(("t", "visible", [["инн", None, "n"], [], [7707083893.0, True, 1.5]]))
    assert [(row.number, row.cells) for row in read_table(raw).rows] == [
        (1, ("инн", "", "n")),
        (3, ("7707083893", "True", "1.5")),
    ]


def test_xlsx_that_inflates_too_far_is_refused_unread():
    raw = with_part(workbook(("t", "visible", ROWS)), "xl/media/zeros.bin", bytes(3_000_000))
    with pytest.raises(TableError, match="inflates to more than 2 MiB"):
        read_table(raw, limits=Limits(max_inflated_bytes=2 * 1024**2))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xlsx_with_a_document_type_is_refused(encoding):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><sst>&b;</sst>'
    raw = with_part(workbook(("t", "visible", ROWS)), "xl/sharedStrings.xml", bomb.encode(encoding))
    with pytest.raises(TableError, match=r"document type in xl/sharedStrings\.xml"):
        read_table(raw)


def test_xlsx_without_its_workbook_is_refused():
    raw = with_part(workbook(("t", "visible", ROWS)), "xl/workbook.xml", "<broken")
    with pytest.raises(TableError, match="no readable workbook"):
        read_table(raw)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(b"PK\x03\x04".__add__))
def test_any_bytes_are_a_table_or_are_refused(raw):
    try:
        table = read_table(raw)
    except TableError:
        return
    assert all(row.cells for row in table.rows)


def test_one_short_row_does_not_hide_the_delimiter():
    table = read_table("ниша;город;страна\nОкна;Казань\n".encode(), "my.csv")
    assert table.delimiter == ";"
    assert [row.cells[:2] for row in table.rows] == [("ниша", "город"), ("Окна", "Казань")]
