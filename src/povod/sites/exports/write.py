"""One file of one type: streamed rows into CSV, XLSX or JSON (S114-S116)."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from povod.kit.tabular.writing import replaced, write_csv, write_xlsx
from povod.sites.exports.columns import COLUMNS, NOTHING_CHANGED, REPORTS_VERSION
from povod.sites.exports.rows import OutRow
from povod.sites.exports.values import cell, json_value

FORMATS = ("csv", "xlsx", "json")
DIALECTS = ("canonical", "excel-ru")
LAYOUTS = ("standard", "compact")


@dataclass(frozen=True)
class Kind:
    """What file is meant."""

    type: str
    format: str
    layout: str = "standard"
    dialect: str = "canonical"

    @property
    def columns(self) -> Sequence[str]:
        """Its columns, in order."""
        return COLUMNS[self.type, self.layout]

    @property
    def file_name(self) -> str:
        """The name made by us; layouts and dialects that are usual are not named."""
        parts = [self.type]
        if self.layout != "standard":
            parts.append(self.layout)
        if self.dialect != "canonical" and self.format == "csv":
            parts.append(self.dialect)
        return ".".join([*parts, self.format])


def write_file(path: Path, kind: Kind, rows: Iterable[OutRow], meta: Mapping[str, Any]) -> int:
    """Write the file in one step; the number of rows of data in it."""
    if kind.format == "json":
        return _write_json(path, kind, rows, meta)
    comma = kind.format == "csv" and kind.dialect == "excel-ru"
    cells = _cells(kind.columns, rows, comma)
    counted = _Counted(cells, _empty_note(kind))
    if kind.format == "xlsx":
        write_xlsx(path, kind.columns, counted, tab=kind.type, further_tabs=True, real_dates=True)
    else:
        delimiter = ";" if kind.dialect == "excel-ru" else ","
        bom = kind.dialect == "excel-ru"
        write_csv(path, kind.columns, counted, delimiter=delimiter, bom=bom)
    return counted.count


def _cells(
    columns: Sequence[str], rows: Iterable[OutRow], decimal_comma: bool
) -> Iterator[list[Any]]:
    for row in rows:
        yield [cell(row.get(name), decimal_comma=decimal_comma) for name in columns]


def _empty_note(kind: Kind) -> list[Any] | None:
    """What stands in a diff in which there is nothing (S122)."""
    if kind.type not in ("diff", "diff_fields"):
        return None
    return [NOTHING_CHANGED, *[None] * (len(kind.columns) - 1)]


class _Counted:
    """Rows on their way through, counted; an empty file gets its note."""

    def __init__(self, rows: Iterable[list[Any]], note: list[Any] | None) -> None:
        self._rows, self._note = rows, note
        self.count = 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self._rows:
            self.count += 1
            yield row
        if not self.count and self._note is not None:
            yield self._note


def _write_json(path: Path, kind: Kind, rows: Iterable[OutRow], meta: Mapping[str, Any]) -> int:
    """`{"meta": …, "rows": […]}`: the rows go to a file of their own until they are counted."""
    count, body = 0, path.with_name(f".{path.name}.rows")
    try:
        with body.open("wb") as file:
            for row in rows:
                picked = {name: json_value(row.get(name)) for name in kind.columns}
                file.write(b",\n" if count else b"\n")
                file.write(orjson.dumps(picked))
                count += 1
        head: dict[str, Any] = {
            "type": kind.type,
            "layout": kind.layout,
            "reports_version": REPORTS_VERSION,
        }
        head |= {**meta, "rows": count}
        with replaced(path) as target, target.open("wb") as out, body.open("rb") as written:
            out.write(b'{"meta":' + orjson.dumps(head) + b',\n"rows":[')
            shutil.copyfileobj(written, out)
            out.write(b"\n]}\n")
    finally:
        body.unlink(missing_ok=True)
    return count
