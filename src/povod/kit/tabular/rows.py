"""Rows on their way into a table, checked against its limits."""

from collections.abc import Iterable, Sequence

from povod.kit.tabular.cells import column_letter, plain_cell
from povod.kit.tabular.model import CellProblem, Limits, Row, TableError


class RowCollector:
    """Takes rows in order and keeps those with something in them."""

    def __init__(self, file: str, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self.rows: list[Row] = []

    def add(self, number: int, cells: Sequence[str], problem: str | None = None) -> None:
        """Keep row `number` unless it is empty; `problem` concerns the row as a whole."""
        filled = _without_tail([plain_cell(cell) for cell in cells])
        if not filled:
            return
        if len(self.rows) >= self._limits.max_rows:
            raise TableError(
                self._file,
                f"there are more than {self._limits.max_rows} rows; split the file",
                row=number,
            )
        problems = [CellProblem(self._file, number, None, problem)] if problem else []
        problems += self._size_problems(number, filled)
        self.rows.append(Row(number, tuple(filled), tuple(problems)))

    def _size_problems(self, number: int, cells: Sequence[str]) -> Iterable[CellProblem]:
        longest = self._limits.max_cell_chars
        if len(cells) > self._limits.max_columns:
            reason = f"there are more than {self._limits.max_columns} columns"
            last = column_letter(len(cells))
            return [CellProblem(self._file, number, last, reason)]
        return [
            CellProblem(
                self._file,
                number,
                column_letter(place),
                f"the cell has {len(cell)} characters, more than {longest}",
            )
            for place, cell in enumerate(cells, 1)
            if len(cell) > longest
        ]


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        del cells[-1]
    return cells
