"""Tables to take away: streamed, in constant memory, with no cell that could become a formula."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from povod.kit.tabular.cells import Cell, safe_cell
from povod.kit.tabular.model import TableError

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # has no types
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

XLSX_MAX_ROWS = 1_048_576
XLSX_MAX_CELL_CHARS = 32_767


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    delimiter: str = ";",
    bom: bool = True,
) -> int:
    """Write a UTF-8 CSV file in one step; the number of rows without the header (L108)."""
    count = 0
    with replaced(path) as target:
        encoding = "utf-8-sig" if bom else "utf-8"
        with target.open("w", encoding=encoding, errors="replace", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow([safe_cell(title) for title in header])
            for row in rows:
                writer.writerow([_csv_value(value) for value in row])
                count += 1
    return count


def write_xlsx(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    tab: str = "Povod",
    further_tabs: bool = False,
    real_dates: bool = False,
) -> int:
    """Write a workbook in one step; addresses stay text (L108); the number of rows.

    A text longer than a cell can hold ends with `…`. More rows than a tab can hold are an error,
    or go on in `Povod 2` with `further_tabs`. `real_dates` writes instants as dates in UTC.
    """
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "strings_to_urls": False,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss" if real_dates else None,
        "remove_timezone": True,
    }
    with replaced(path) as target:
        book = Workbook(str(target), options)
        try:
            return _fill(book, path.name, header, rows, tab, further_tabs, real_dates)
        finally:
            book.close()


def _fill(
    book: "Workbook",
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    tab: str,
    further_tabs: bool,
    real_dates: bool,
) -> int:
    sheet, here, count = _tab(book, tab, header), 0, 0
    for row in rows:
        if here + 1 >= XLSX_MAX_ROWS:
            if not further_tabs:
                raise TableError(name, "has more rows than a tab can hold; export CSV")
            sheet, here = _tab(book, f"{tab} {len(book.worksheets()) + 1}", header), 0
        here, count = here + 1, count + 1
        for column, value in enumerate(row):
            _write_cell(sheet, here, column, value, real_dates)
    return count


def _tab(book: "Workbook", name: str, header: Sequence[str]) -> "Worksheet":
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, [safe_cell(title) for title in header])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, 0, max(len(header) - 1, 0))
    return sheet


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when all went well, and goes away otherwise.

    It is on the disk before it is seen: a power cut leaves the old file or the new one.
    """
    target = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield target
        with target.open("rb") as written:
            os.fsync(written.fileno())
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)


def _csv_value(value: Cell) -> str | int | float | Decimal | None:
    return value if _is_number(value) else _text(value)


def _write_cell(
    sheet: "Worksheet", row: int, column: int, value: Cell, real_dates: bool = False
) -> None:
    if _is_number(value):
        sheet.write_number(row, column, value)
        return
    if real_dates and isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(UTC))
        return
    text = _text(value)
    if text:
        if len(text) > XLSX_MAX_CELL_CHARS:
            text = text[: XLSX_MAX_CELL_CHARS - 1] + "…"
        sheet.write_string(row, column, text)


def _is_number(value: Cell) -> TypeGuard[int | float | Decimal]:
    """Whether the value is written as a number; a Decimal NaN has no cell of its own."""
    return (
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) and isfinite(value)
    )


def _text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return safe_cell(str(value))
