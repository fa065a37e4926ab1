"""The ZIP that a person gets: tables as JSON and CSV, letters and answers as mails, cards (D101).

Names and order follow from the rows alone, so the same rows give the same bytes. Rows and files go
through one at a time, however many there are.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.tabular import safe_cell
from povod.store.files import get_files
from povod.store.personal import Holding, Person, Row, rows_of
from povod.store.tables import files

FOLDERS = {
    "outreach_messages": "cards",
    "greetings": "cards",
    "deliveries": "sent",
    "inbound_mail": "received",
    "consents": "proofs",
    "company_pages": "pages",
}
EXTENSIONS = {
    "message/rfc822": "eml",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/html": "html",
    "text/plain": "txt",
}
_SHOWN_OF_SHARED = ("id", "kind", "created_at")
_FIXED = (1980, 1, 1, 0, 0, 0)


def write_package(
    conn: Connection, path: Path, person: Person, holdings: Iterable[Holding]
) -> dict[str, int]:
    """Write the ZIP; rows by table. It appears whole or not at all."""
    counts = dict[str, int]()
    draft = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as package:
            for holding in holdings:
                count = _write_rows(conn, package, holding, person)
                if count:
                    counts[holding.table.name] = count
                if not holding.shared:
                    _write_files(conn, package, holding, person)
            about = {"addresses": sorted(person.addresses), "rows": counts}
            package.writestr(_entry("about.json"), json.dumps(about, ensure_ascii=False, indent=1))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIXED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _write_rows(
    conn: Connection, package: zipfile.ZipFile, holding: Holding, person: Person
) -> int:
    """The table as JSON and as CSV; a table without a row of theirs is left out."""
    if next(rows_of(conn, holding, person), None) is None:
        return 0
    columns = [column.name for column in holding.table.columns]
    if holding.shared:
        columns = [name for name in columns if name in _SHOWN_OF_SHARED]
    name = holding.table.name
    with _text(package, f"{name}.json") as out:
        count = _as_json(out, columns, rows_of(conn, holding, person))
    with _text(package, f"{name}.csv") as out:
        _as_csv(out, columns, rows_of(conn, holding, person))
    return count


def _text(package: zipfile.ZipFile, name: str) -> TextIO:
    raw = package.open(_entry(name), "w", force_zip64=True)
    return io.TextIOWrapper(raw, "utf-8", newline="")


def _as_json(out: TextIO, columns: Sequence[str], rows: Iterator[Row]) -> int:
    count = 0
    out.write("[")
    for count, row in enumerate(rows, start=1):
        out.write(",\n" if count > 1 else "\n")
        shown = {name: row[name] for name in columns}
        out.write(json.dumps(shown, ensure_ascii=False, default=str))
    out.write("\n]\n")
    return count


def _as_csv(out: TextIO, columns: Sequence[str], rows: Iterator[Row]) -> None:
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(row[name]) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return safe_cell(str(value))


def _write_files(
    conn: Connection, package: zipfile.ZipFile, holding: Holding, person: Person
) -> None:
    for name in holding.files:
        for row in rows_of(conn, holding, person):
            file_id = row[name]
            body = get_files(conn, [file_id]).get(file_id) if file_id else None
            if body is None:
                continue
            kind = conn.execute(sa.select(files.c.media_type).where(files.c.id == file_id)).scalar()
            end = EXTENSIONS.get(str(kind).partition(";")[0], "bin")
            stem = f"{FOLDERS[holding.table.name]}/{holding.table.name}_{row['id']}"
            suffix = "_text" if name.startswith("text_") else ""
            package.writestr(_entry(f"{stem}{suffix}.{end}"), body)
