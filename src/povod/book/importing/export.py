"""Clients as a table that can be read in again without change (G17)."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from povod.book.clients.listing import birth_date_text
from povod.kit.masking import mask_email
from povod.kit.tabular.writing import write_csv, write_xlsx
from povod.store.db import Database
from povod.store.tables import clients

COLUMNS = (
    *("external_id", "last_name", "first_name", "middle_name", "gender", "salutation"),
    *("short_name", "company_name", "inn", "position", "profession", "email", "phone"),
    *("preferred_channel", "birth_date", "segment", "language", "time_zone", "country"),
    *("do_not_greet", "do_not_greet_reason", "last_interaction_summary"),
)


def export_clients(db: Database, path: Path, *, masked: bool) -> int:
    """Write CSV (`;`, with BOM) or XLSX by the ending of `path`; how many clients.

    `masked` hides addresses, numbers and remarks: what a viewer may see.
    """
    write = write_xlsx if path.suffix.lower() == ".xlsx" else write_csv
    return write(path, COLUMNS, _rows(db, masked))


def _rows(db: Database, masked: bool) -> Iterator[list[str]]:
    query = sa.select(clients).where(clients.c.deleted_at.is_(None)).order_by(clients.c.id)
    with db.read() as conn:
        for row in conn.execution_options(yield_per=1000).execute(query).mappings():
            yield [_cell(row, name, masked) for name in COLUMNS]


def _cell(row: RowMapping, name: str, masked: bool) -> str:
    if name == "birth_date":
        return birth_date_text(row)
    if name == "gender" and row["gender_source"] != "given":
        return ""  # told by the name, and will be told by it again
    value = row[name]
    if isinstance(value, bool):
        return "да" if value else ""
    text = str(value or "")
    if masked and text and name in ("email", "phone", "last_interaction_summary"):
        return mask_email(text) if name == "email" else "…"
    return text
