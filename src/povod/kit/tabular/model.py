"""A table as read from a file, and what can be wrong with it."""

from dataclasses import dataclass

from povod.kit.errors import InputError


@dataclass(frozen=True)
class Limits:
    """How large a table may be; what lies beyond is refused, not cut."""

    max_bytes: int = 20 * 1024 * 1024
    max_inflated_bytes: int = 200 * 1024 * 1024
    max_rows: int = 50_000
    max_columns: int = 256
    max_cell_chars: int = 500


NICHE_LIMITS = Limits()
"""Limits of a niche table (L14)."""


class TableError(InputError):
    """The file cannot be read as a table; the message names file, row and column if there are."""

    def __init__(
        self, file: str, reason: str, row: int | None = None, column: str | None = None
    ) -> None:
        self.file, self.reason, self.row, self.column = file, reason, row, column
        super().__init__(f"{_place(file, row, column)}: {reason}")


@dataclass(frozen=True)
class CellProblem:
    """Why one row cannot be used; the others can."""

    file: str
    row: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        return f"{_place(self.file, self.row, self.column)}: {self.reason}"


@dataclass(frozen=True)
class Row:
    """One row that is not empty; `number` counts from 1 as a spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]
    problems: tuple[CellProblem, ...] = ()


@dataclass(frozen=True)
class Table:
    """All rows of a file, the header among them: finding it is the caller's work."""

    name: str
    kind: str
    """csv or xlsx."""
    rows: list[Row]
    encoding: str | None = None
    delimiter: str | None = None
    tab: str | None = None
    epoch_1904: bool = False
    """The workbook counts its days from 1904-01-01."""


def _place(file: str, row: int | None, column: str | None) -> str:
    place = file
    if row is not None:
        place += f", row {row}"
    if column is not None:
        place += f", column {column}"
    return place
