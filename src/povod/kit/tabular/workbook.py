"""XLSX workbooks, read without trusting them."""

import io
import zipfile
import zlib
from typing import Any

from povod.kit.tabular.cells import text_of
from povod.kit.tabular.model import Limits, Table, TableError
from povod.kit.tabular.rows import RowCollector

_MAX_PARTS = 10_000
_HEAD_BYTES = 4096

# What openpyxl and the zip and XML readers below it raise on files that are no workbooks.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    OSError,
    RuntimeError,
)


def read_xlsx(raw: bytes, name: str, tab: str | None, limits: Limits) -> Table:
    """Read the named tab, else the first visible one; formulas give their stored value."""
    try:
        _refuse_bombs(raw, name, limits)
        return _read(raw, name, tab, limits)
    except _BROKEN as error:
        raise TableError(
            name, "is no readable workbook; open it, save it as .xlsx again, or export CSV"
        ) from error


def _refuse_bombs(raw: bytes, name: str, limits: Limits) -> None:
    """zipfile inflates no part beyond the size that its entry declares, so the sum is a bound."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS or sum(p.file_size for p in parts) > limits.max_inflated_bytes:
            mebibytes = limits.max_inflated_bytes // 1024**2
            raise TableError(name, f"inflates to more than {mebibytes} MiB; export it as CSV")
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels", ".vml")):
                with archive.open(part) as stream:
                    head = stream.read(_HEAD_BYTES).replace(b"\0", b"")
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    raise TableError(name, f"declares a document type in {part.filename}")


def _read(raw: bytes, name: str, tab: str | None, limits: Limits) -> Table:
    from openpyxl import load_workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    try:
        sheet = _sheet(book, name, tab)
        sheet.reset_dimensions()  # what a file says about its size is often wrong
        collector = RowCollector(name, limits)
        cells = sheet.iter_rows(max_col=limits.max_columns + 1, values_only=True)
        for number, values in enumerate(cells, 1):
            collector.add(number, [text_of(value) for value in values])
        since_1904 = book.epoch == CALENDAR_MAC_1904
        return Table(name, "xlsx", collector.rows, tab=sheet.title, epoch_1904=since_1904)
    finally:
        book.close()


def _sheet(book: Any, name: str, tab: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if tab is not None:
        if tab not in sheets:
            raise TableError(name, f"has no tab «{tab}»; there are: {', '.join(sheets)}")
        return sheets[tab]
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible:
        raise TableError(name, "has no visible tab with cells")
    return visible[0]
