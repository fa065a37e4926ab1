"""Spreadsheets as tables of cells, and the A1 notation that points into them."""

import re
from dataclasses import dataclass, field
from typing import Any

_RANGE = re.compile(
    r"(?:(?P<tab>'(?:[^']|'')*'|[^!]+)!)?"
    r"(?P<left>[A-Za-z]{1,3})?(?P<top>\d+)?(?::(?P<right>[A-Za-z]{1,3})?(?P<bottom>\d+)?)?"
)
Rows = list[list[Any]]


class BadRange(ValueError):  # noqa: N818 - reads as the event it is
    """The text points at no cells of the spreadsheet."""


@dataclass(frozen=True)
class Area:
    """Cells of a tab; `bottom` and `right` are exclusive, None = as far as there is something."""

    tab: str
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None


@dataclass
class Tab:
    """One sheet of a spreadsheet."""

    title: str
    number: int
    rows: Rows = field(default_factory=list)
    row_count: int = 1000
    column_count: int = 26

    def read(self, area: Area) -> Rows:
        """The values of an area without empty cells at the ends."""
        shown = [list(row[area.left : area.right]) for row in self.rows[area.top : area.bottom]]
        for row in shown:
            while row and row[-1] in ("", None):
                row.pop()
        while shown and not shown[-1]:
            shown.pop()
        return [[_shown(cell) for cell in row] for row in shown]

    def write(self, area: Area, values: Rows) -> int:
        """Write rows from the area's corner; returns how many cells. None leaves a cell alone."""
        written = 0
        for down, row in enumerate(values, area.top):
            while len(self.rows) <= down:
                self.rows.append([])
            target = self.rows[down]
            for across, value in enumerate(row, area.left):
                if value is None:
                    continue
                target.extend([""] * (across + 1 - len(target)))
                target[across] = value
                written += 1
        return written


@dataclass
class Spreadsheet:
    """A file with its tabs."""

    id: str
    title: str
    tabs: dict[str, Tab] = field(default_factory=dict)

    def tab(self, title: str) -> Tab:
        """The tab of that name; made when there is none."""
        return self.tabs.setdefault(title, Tab(title, len(self.tabs)))

    def area(self, text: str) -> Area:
        """The cells that A1 notation names; `BadRange` for none."""
        if _unquoted(text) in self.tabs:
            return Area(_unquoted(text))
        found = _RANGE.fullmatch(text)
        if found is None:
            raise BadRange(f"Unable to parse range: {text}")
        title = _unquoted(found["tab"]) if found["tab"] else next(iter(self.tabs), "")
        if title not in self.tabs:
            raise BadRange(f"Unable to parse range: {text}")
        single = ":" not in text.rpartition("!")[2]
        top = int(found["top"]) - 1 if found["top"] else 0
        left = _column(found["left"]) if found["left"] else 0
        if single:
            return Area(title, top, left, top + 1 if found["top"] else None, left + 1)
        bottom = int(found["bottom"]) if found["bottom"] else None
        right = _column(found["right"]) + 1 if found["right"] else None
        return Area(title, top, left, bottom, right)


def cell_name(row: int, column: int) -> str:
    """A1 notation of one cell, counted from 0."""
    letters = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return f"{letters}{row + 1}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _unquoted(title: str) -> str:
    if title.startswith("'") and title.endswith("'") and len(title) > 1:
        return title[1:-1].replace("''", "'")
    return title


def _shown(cell: Any) -> Any:
    """The formatted value: everything is text, truth values are TRUE and FALSE."""
    return str(cell).upper() if isinstance(cell, bool) else str(cell)
