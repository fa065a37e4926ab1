"""Columns of the sheet, rows found again after somebody moved them, cells to write (L8, L11).

A row is known by its input: the look-up keys of niche, city, country, tag and region, as in a
niche's fingerprint. Rows with the same input keep their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from povod.kit.errors import InputError
from povod.kit.tabular import NICHE_LIMITS, CellProblem, Row, Table, TableError, column_letter
from povod.kit.text import clean, lookup_key
from povod.leads.niche_rows import COLUMNS

SERVICE = (
    "status",
    "generated_count",
    "db_inserted_count",
    "db_duplicate_count",
    "db_first_scheduled_for",
    "db_last_scheduled_for",
    "last_error",
)
"""What is written back, in the order in which missing columns are added."""

_ALIASES = {
    **{name: name for name in SERVICE},
    "inserted": "db_inserted_count",
    "duplicates": "db_duplicate_count",
}
_INPUT = ("niche", "city", "country", "batch_tag", "lr")

Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellWrite:
    """A value for one cell; rows and columns count from 1."""

    row: int
    column: int
    value: str | int


@dataclass(frozen=True, slots=True)
class RowState:
    """What the sheet is to say about one of its rows."""

    number: int
    status: str
    generated: int = 0
    inserted: int = 0
    duplicates: int = 0
    first_slot: datetime | None = None
    last_slot: datetime | None = None
    error: str = ""

    def cells(self, zone: ZoneInfo) -> dict[str, str | int]:
        """Service column → value."""
        values = (
            self.status,
            self.generated,
            self.inserted,
            self.duplicates,
            _shown(self.first_slot, zone),
            _shown(self.last_slot, zone),
            self.error,
        )
        return dict(zip(SERVICE, values, strict=True))


def as_table(name: str, values: Sequence[Sequence[str]]) -> Table:
    """The tab as the import reads tables; empty rows are left out, numbers are kept."""
    if len(values) > NICHE_LIMITS.max_rows:
        raise TableError(name, f"has more than {NICHE_LIMITS.max_rows} rows; split it into tabs")
    rows = [
        Row(number, tuple(cells), tuple(_too_long(name, number, cells)))
        for number, cells in enumerate(values, 1)
        if any(clean(cell) for cell in cells)
    ]
    return Table(name, "sheet", rows, tab=name)


def _too_long(name: str, number: int, cells: Sequence[str]) -> Iterable[CellProblem]:
    limit = NICHE_LIMITS.max_cell_chars
    for place, cell in enumerate(cells, 1):
        if len(cell) > limit:
            reason = f"has {len(cell)} characters; at most {limit} are allowed"
            yield CellProblem(name, number, column_letter(place), reason)


def identities(table: Table) -> dict[int, Identity]:
    """Row number → what the row asks for, whether or not it can be used."""
    header = table.rows[0] if table.rows else Row(1, ())
    places: dict[str, int] = {}
    for place, title in enumerate(header.cells):
        meaning = COLUMNS.get(clean(title).casefold(), "")
        if meaning in _INPUT:
            places.setdefault(meaning, place)
    return {
        row.number: tuple(lookup_key(clean(_at(row.cells, places.get(name)))) for name in _INPUT)
        for row in table.rows[1:]
    }


def moved_to(
    before: Mapping[int, Identity], now: Mapping[int, Identity]
) -> tuple[dict[int, int], list[int]]:
    """Old row number → where the row stands now, and the rows that stand nowhere any more."""
    free: dict[Identity, list[int]] = defaultdict(list)
    for number in sorted(now):
        if before.get(number) != now[number]:
            free[now[number]].append(number)
    places: dict[int, int] = {}
    lost = []
    for number, identity in sorted(before.items()):
        if now.get(number) == identity:
            places[number] = number
        elif free[identity]:
            places[number] = free[identity].pop(0)
        else:
            lost.append(number)
    return places, lost


def service_columns(table: Table, create: bool) -> tuple[dict[str, int], list[CellWrite]]:
    """Service column → its number, and the headers to add right of everything that stands there.

    `InputError` names the columns that are missing when none may be added.
    """
    header = table.rows[0]
    found: dict[str, int] = {}
    for place, title in enumerate(header.cells, 1):
        name = _ALIASES.get(clean(title).casefold())
        if name is not None:
            found.setdefault(name, place)
    missing = [name for name in SERVICE if name not in found]
    if missing and not create:
        raise InputError(
            f"{table.name}: columns {', '.join(missing)} are missing; add them to the first row, "
            "or set SHEET_CREATE_COLUMNS=true"
        )
    width = max(len(row.cells) for row in table.rows)
    added = dict(zip(missing, range(width + 1, width + 1 + len(missing)), strict=True))
    headers = [CellWrite(header.number, place, name) for name, place in added.items()]
    return found | added, headers


def changed_cells(
    table: Table, columns: Mapping[str, int], states: Iterable[RowState], zone: ZoneInfo
) -> list[CellWrite]:
    """The service cells that say something else than they should, and no others."""
    rows = {row.number: row.cells for row in table.rows}
    return [
        CellWrite(state.number, columns[name], value)
        for state in states
        for name, value in state.cells(zone).items()
        if _at(rows[state.number], columns[name] - 1) != str(value)
    ]


def broken_rows(problems: Iterable[CellProblem]) -> list[RowState]:
    """One state for each row that cannot be used."""
    reasons: dict[int, list[str]] = {}
    for problem in problems:
        place = f"column {problem.column}: " if problem.column else ""
        reasons.setdefault(problem.row, []).append(place + problem.reason)
    return [
        RowState(number, "error", error="; ".join(found)[:500]) for number, found in reasons.items()
    ]


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _shown(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""
