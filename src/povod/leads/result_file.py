"""The imported table again, with what became of each row: the service columns of a sheet (L14)."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from povod.kit.errors import InputError
from povod.kit.tabular import Table, write_csv, write_xlsx
from povod.leads.niche_rows import HANDLED
from povod.leads.niches import ImportResult
from povod.leads.sheets.grid import RowState, broken_rows, changed_cells, service_columns


def place_of_result(file: Path, *, in_place: bool = False) -> Path:
    """`niches.result.csv` beside `niches.csv`, or the CSV file itself."""
    if not in_place:
        suffix = ".xlsx" if file.suffix.lower() == ".xlsx" else ".csv"
        return file.with_name(f"{file.stem.removesuffix('.result')}.result{suffix}")
    if file.suffix.lower() == ".xlsx":
        raise InputError(
            f"{file.name}: a workbook would lose its other sheets and its looks; "
            "leave --in-place out and take the .result.xlsx beside it"
        )
    return file


def write_result(path: Path, table: Table, done: ImportResult, zone: ZoneInfo) -> None:
    """Write the table with its service columns; what is not known anew stays as it was."""
    columns, headers = service_columns(table, create=True)
    states = [*_states(done), *broken_rows(done.problems)]
    said = {
        (cell.row, cell.column): cell.value
        for cell in (*headers, *changed_cells(table, columns, states, zone))
    }
    width = max(*(len(row.cells) for row in table.rows), *columns.values())
    header, *rows = (
        [
            said.get(
                (row.number, column), row.cells[column - 1] if column <= len(row.cells) else ""
            )
            for column in range(1, width + 1)
        ]
        for row in table.rows
    )
    try:
        if path.suffix.lower() == ".xlsx":
            write_xlsx(path, [str(cell) for cell in header], rows, tab=table.tab or "Povod")
        else:
            delimiter = table.delimiter or ";"
            write_csv(path, [str(cell) for cell in header], rows, delimiter=delimiter)
    except OSError as error:
        raise InputError(
            f"{path}: the niches are taken in, but the result cannot be written: "
            f"{error.strerror or error}; --no-result leaves it out"
        ) from None


def _states(done: ImportResult) -> Iterator[RowState]:
    for row in done.rows:
        unread = row.status == "skipped" and row.row.status in HANDLED and not row.generated
        if row.status != "error" and not unread:
            yield RowState(
                number=row.row.number,
                status=row.status,
                generated=row.generated,
                inserted=row.inserted,
                duplicates=row.duplicates,
                first_slot=row.first_slot,
                last_slot=row.last_slot,
                error=row.error,
            )
