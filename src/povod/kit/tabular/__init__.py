"""Tables that people bring and take away: CSV and XLSX."""

from povod.kit.tabular.cells import Cell, column_letter, plain_cell, safe_cell
from povod.kit.tabular.model import NICHE_LIMITS, CellProblem, Limits, Row, Table, TableError
from povod.kit.tabular.reading import read_table
from povod.kit.tabular.writing import write_csv, write_xlsx

__all__ = [
    "NICHE_LIMITS",
    "Cell",
    "CellProblem",
    "Limits",
    "Row",
    "Table",
    "TableError",
    "column_letter",
    "plain_cell",
    "read_table",
    "safe_cell",
    "write_csv",
    "write_xlsx",
]
