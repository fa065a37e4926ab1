"""Reading a table of niches: headers in two languages, cell rules, problems by place (L7, L15)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from povod.kit.tabular import CellProblem, Row, Table, TableError, column_letter
from povod.kit.text import clean, lookup_key

COLUMNS = {
    "niche": "niche",
    "ниша": "niche",
    "city": "city",
    "город": "city",
    "country": "country",
    "страна": "country",
    "batch_tag": "batch_tag",
    "партия": "batch_tag",
    "метка": "batch_tag",
    "lr": "lr",
    "регион яндекса": "lr",
    "offer": "offer",
    "оффер": "offer",
    "status": "status",
}
"""Header → meaning. Other columns are the user's and are ignored."""

HANDLED = ("done", "exported")
"""Row statuses that are not read again while the row is unchanged (L12)."""

_TAG = re.compile(r"[\w.\-]{0,64}")


@dataclass(frozen=True, slots=True)
class NicheRow:
    """One usable row. `number` is its place in the file; 0 when it did not come from one."""

    niche: str
    city: str = ""
    country: str = ""
    batch_tag: str = ""
    lr: int | None = None
    offer: str = ""
    status: str = ""
    number: int = 0

    @property
    def fingerprint(self) -> str:
        """What makes two rows the same niche: the look-up keys of the inputs (L13)."""
        inputs = (self.niche, self.city, self.country, self.batch_tag)
        keys = [lookup_key(text) for text in inputs] + [str(self.lr or "")]
        return hashlib.sha256("\x1f".join(keys).encode()).hexdigest()


def read_rows(table: Table) -> tuple[list[NicheRow], list[CellProblem]]:
    """The usable rows, and what is wrong with the others; a bad row never stops the good ones.

    `TableError` when there is no column of niches at all.
    """
    places = _find_columns(table)
    rows, problems = [], []
    for row in table.rows[1:]:
        found = list(row.problems) or list(_check(table.name, row, places))
        if found:
            problems += found
        else:
            rows.append(_read(row, places))
    return rows, problems


def _find_columns(table: Table) -> dict[str, int]:
    """Meaning → place of its column; the first of two equal headers counts."""
    header = table.rows[0] if table.rows else Row(1, ())
    places: dict[str, int] = {}
    for place, title in enumerate(header.cells):
        meaning = COLUMNS.get(clean(title).casefold())
        if meaning:
            places.setdefault(meaning, place)
    if "niche" not in places:
        seen = ", ".join(repr(clean(title)) for title in header.cells[:10]) or "an empty file"
        raise TableError(
            table.name, f"has no column 'niche' or 'ниша'; its first row is {seen}", header.number
        )
    return places


def _check(name: str, row: Row, places: Mapping[str, int]) -> Sequence[CellProblem]:
    cells = {meaning: _cell(row, place) for meaning, place in places.items()}
    faults = {
        "niche": _niche_fault(cells["niche"]),
        "batch_tag": ""
        if _TAG.fullmatch(cells.get("batch_tag", ""))
        else "may hold at most 64 letters, digits and . _ -",
        "lr": _lr_fault(cells.get("lr", "")),
    }
    return [
        CellProblem(name, row.number, column_letter(places[meaning] + 1), f"{meaning} {fault}")
        for meaning, fault in faults.items()
        if fault
    ]


def _niche_fault(text: str) -> str:
    if not text:
        return "is empty"
    if not 2 <= len(text) <= 200:
        return f"has {len(text)} characters; 2 to 200 are allowed"
    return "" if any(map(str.isalnum, text)) else "has no letter and no digit"


def _lr_fault(text: str) -> str:
    usable = not text or (text.isascii() and text.isdigit() and len(text) <= 9)
    return "" if usable else f"{text[:20]!r} is not a region number such as 213"


def _read(row: Row, places: Mapping[str, int]) -> NicheRow:
    cells = {meaning: _cell(row, place) for meaning, place in places.items()}
    lr = cells.get("lr", "")
    return NicheRow(
        niche=cells["niche"],
        city=cells.get("city", ""),
        country=cells.get("country", ""),
        batch_tag=cells.get("batch_tag", ""),
        lr=int(lr) if lr else None,
        offer=cells.get("offer", ""),
        status=cells.get("status", "").casefold(),
        number=row.number,
    )


def _cell(row: Row, place: int) -> str:
    return clean(row.cells[place]) if place < len(row.cells) else ""
