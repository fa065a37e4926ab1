"""Tables to take away, read back as a spreadsheet would."""

import csv
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from povod.kit.tabular import TableError, read_table, write_csv, write_xlsx
from povod.kit.tabular import writing as writing_module

HEADER = ["название", "=заголовок", "цена", "дата", "время", "пусто"]
MOMENT = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
ROW = ["=1+1; «да»\n", "https://firma.ru/?a=1", Decimal("12.50"), date(2024, 5, 17), MOMENT, None]


def test_csv_with_bom_and_semicolons(tmp_path):
    path = tmp_path / "out.csv"
    assert write_csv(path, HEADER, iter([ROW])) == 1
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    assert rows[0][1] == "'=заголовок"
    assert rows[1] == [
        "'=1+1; «да»\n",
        "https://firma.ru/?a=1",
        "12.50",
        "2024-05-17",
        "2024-05-17T06:30:00Z",
        "",
    ]


def test_csv_without_bom_and_with_commas(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, ["a", "b"], [["1,5", -3]], delimiter=",", bom=False)
    assert path.read_text(encoding="utf-8").splitlines() == ["a,b", '"1,5",-3']


def test_a_lone_surrogate_does_not_break_the_file(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, ["a"], [["\ud800x"]], bom=False)
    assert path.read_text(encoding="utf-8").splitlines() == ["a", "?x"]


def test_xlsx_holds_text_as_text_and_numbers_as_numbers(tmp_path):
    path = tmp_path / "out.xlsx"
    assert write_xlsx(path, HEADER, iter([ROW]), tab="Отчёт") == 1
    sheet = openpyxl.load_workbook(path)["Отчёт"]
    found = [(cell.data_type, cell.value, cell.hyperlink) for cell in sheet[2]]
    assert found[:3] == [
        ("s", "'=1+1; «да»\n", None),
        ("s", "https://firma.ru/?a=1", None),
        ("n", 12.5, None),
    ]
    assert [value for _, value, _ in found[3:5]] == ["2024-05-17", "2024-05-17T06:30:00Z"]


def test_many_addresses_are_all_kept(tmp_path):
    path = tmp_path / "urls.xlsx"
    count = 65_600  # more links than a workbook may have
    write_xlsx(path, ["url"], ([f"https://firma.ru/{n}"] for n in range(count)))
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<t>https://firma.ru/") == count
    assert b"<hyperlink" not in sheet


def test_a_text_longer_than_a_cell_is_cut_with_a_sign(tmp_path):
    path = tmp_path / "long.xlsx"
    write_xlsx(path, ["a"], [["я" * 40_000]])
    value = openpyxl.load_workbook(path).active["A2"].value
    assert len(value) == 32_767
    assert value.endswith("…")


def test_more_rows_than_a_tab_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writing_module, "XLSX_MAX_ROWS", 3)
    with pytest.raises(TableError, match="export CSV"):
        write_xlsx(tmp_path / "out.xlsx", ["a"], [["1"], ["2"], ["3"]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_what_was_written_is_read_as_it_was(tmp_path, write):
    path = tmp_path / "out"
    rows = [("+7 843 200-10-20", "ООО «Ромашка»; филиал"), ("'=x", "@имя")]
    write(path, ["a", "b"], rows)
    back = [row.cells for row in read_table(path).rows]
    assert back == [("a", "b"), rows[0], ("=x", "@имя")]


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path, write):
    path = tmp_path / "out"
    path.write_text("old")

    def rows():
        yield ["1"]
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        write(path, ["a"], rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
