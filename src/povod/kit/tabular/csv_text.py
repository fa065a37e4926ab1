"""CSV as people save it: three delimiters, three charsets, quotes that are not always closed."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from povod.kit.tabular.model import Limits, Table, TableError
from povod.kit.tabular.rows import RowCollector

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_JUDGED_ROWS = 21
"""The delimiter is judged on a header and twenty rows (G12)."""

_NO_DELIMITER = "\x1f"
"""Stands for the delimiter of a file with one column."""

_MAX_LINES_IN_CELL = 50
"""A quote still open after so many lines was never meant to be closed."""


def read_csv(raw: bytes, name: str, delimiters: str, limits: Limits) -> Table:
    """Read all rows; BOM, else strict UTF-8, else cp1251 (L14)."""
    text, encoding = _decoded(raw, name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    delimiter = _delimiter(lines, delimiters)
    collector = RowCollector(name, limits)
    for number, (record, problem) in enumerate(_records(lines, delimiter), 1):
        collector.add(number, _cells(record, delimiter), problem)
    return Table(name, "csv", collector.rows, encoding, delimiter)


def _decoded(raw: bytes, name: str) -> tuple[str, str]:
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace"), encoding
    if b"\0" in raw:
        raise TableError(name, "is not a table; Povod reads .csv and .xlsx")
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace"), "cp1251"


def _delimiter(lines: list[str], delimiters: str) -> str:
    """The sign that cuts most of the first rows into the same number of cells."""
    best = (0, 0, _NO_DELIMITER)
    for sign in delimiters:
        records = (record for record, _ in _records(lines, sign) if record.strip())
        widths = [len(_cells(record, sign)) for record in islice(records, _JUDGED_ROWS)]
        for width, agreeing in Counter(widths).items():
            if width > 1 and agreeing * 2 > len(widths):
                best = max(best, (agreeing, width, sign), key=lambda found: found[:2])
    return best[2] if best[0] else _of_header(lines, delimiters)


def _of_header(lines: list[str], delimiters: str) -> str:
    """The sign that cuts the first row, when too few rows agree: short tables with short rows."""
    header = next((line for line in lines if line.strip()), "")
    widths = {sign: len(_cells(header, sign)) for sign in delimiters}
    sign, width = max(widths.items(), key=lambda found: found[1])
    return sign if width > 1 else _NO_DELIMITER


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[str, str | None]]:
    """Lines joined where a quoted cell goes on, each with what is wrong with it."""
    place = 0
    while place < len(lines):
        record, end = lines[place], place + 1
        while end < len(lines) and end - place < _MAX_LINES_IN_CELL and _is_open(record, delimiter):
            record += "\n" + lines[end]
            end += 1
        if _is_open(record, delimiter):
            yield lines[place], "a quote is opened and never closed"
            place += 1
        else:
            yield record, None
            place = end


def _is_open(record: str, delimiter: str) -> bool:
    """Whether the record ends within a quoted cell."""
    if '"' not in record:
        return False
    try:
        next(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _cells(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(record.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error:  # a cell beyond the reader's own limit of 128 KiB
        return record.split(delimiter)
