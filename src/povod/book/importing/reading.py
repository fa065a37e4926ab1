"""From the rows of a table to clients: a bad cell costs its field, a bad row itself (G15)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from povod.book.clients.birth import BirthDate, parse_birth_date
from povod.book.clients.fields import check_field, name_columns
from povod.book.clients.model import ClientDeps, Ground
from povod.book.clients.words import parse_basis, parse_flag, parse_segment
from povod.book.importing.cells import CLEAR, cell_text, inn_cell, name_cell, phone_cell
from povod.book.importing.columns import Header
from povod.kit.errors import InputError
from povod.kit.tabular.cells import column_letter
from povod.kit.tabular.model import CellProblem, Limits, Row, Table
from povod.kit.text import clean

CLIENT_LIMITS = Limits(max_inflated_bytes=512 * 1024 * 1024, max_rows=200_001, max_cell_chars=2000)
_NAMES = ("first_name", "middle_name", "last_name", "full_name")
_COSTS_THE_ROW = ("segment",)


@dataclass
class ClientRow:
    """One row: fields to write, its ground, what was noted; refused when `refusal` says why."""

    number: int
    cells: tuple[str, ...]
    given: dict[str, Any] = field(default_factory=dict)
    basis: str = ""
    evidence: str = ""
    obtained_at: datetime | None = None
    owner: str = ""
    warnings: list[CellProblem] = field(default_factory=list)
    refusal: str = ""

    def ground(self, usual: Ground) -> Ground:
        """The row's own ground, else the one named for the whole file."""
        if not self.basis:
            return usual
        return Ground(self.basis, self.evidence or usual.evidence, self.obtained_at)


@dataclass(frozen=True)
class Reading:
    """How a table is read: its header, today's date, the epoch of its serial days."""

    deps: ClientDeps
    header: Header
    today: date
    epoch_1904: bool = False


def read_clients(table: Table, reading: Reading) -> Iterator[ClientRow]:
    """Every row below the header, in order."""
    for row in table.rows:
        if row.number > reading.header.row:
            yield _read(table.name, row, reading)


def _read(file: str, row: Row, reading: Reading) -> ClientRow:
    client = ClientRow(row.number, row.cells)
    width = len(reading.header.titles)
    if row.problems:
        client.refusal = row.problems[0].reason
    elif len(row.cells) > width:
        client.refusal = f"has {len(row.cells)} cells, the header has {width}"
    else:
        _take_cells(file, row, reading, client)
    if not client.refusal and not any(client.given.get(name) for name in (*_NAMES, "company_name")):
        client.refusal = "names nobody: no first name, last name or company"
    return client


def _take_cells(file: str, row: Row, reading: Reading, client: ClientRow) -> None:
    for place, name in reading.header.fields.items():
        text = cell_text(row.cells[place]) if place < len(row.cells) else ""
        if not text:
            continue
        try:
            note = _take(name, text, reading, client)
        except InputError as error:
            reason = error.errors[0]["message"] if error.errors else str(error)
            if name in _COSTS_THE_ROW:
                client.refusal = f"{name}: {reason}"
                return
            note = reason
        if note:
            letter = column_letter(place + 1)
            client.warnings.append(CellProblem(file, row.number, letter, f"{name}: {note}"))


def _take(name: str, text: str, reading: Reading, client: ClientRow) -> str:
    """Put what the cell means into the client; a note, or empty. `InputError` costs the field."""
    if text == CLEAR:
        client.given[name] = ""
        return ""
    if name in _ASIDE:
        _ASIDE[name](text, reading, client)
        return ""
    value, note = _value(name, text, reading)
    if name == "full_name":
        parts = name_columns(reading.deps, value)
        client.given |= {part: said for part, said in parts.items() if said}
        return note
    problem = check_field(reading.deps, name, value, reading.today)
    if problem is not None:
        raise problem
    # As it will be stored, so that the row is recognised when it comes again.
    client.given[name] = reading.deps.names.normalize(value) if name in _NAMES else value
    return note


def _value(name: str, text: str, reading: Reading) -> tuple[Any, str]:
    match name:
        case "inn":
            return inn_cell(text)
        case "phone":
            return phone_cell(text), ""
        case "birth_date":
            found = parse_birth_date(text, reading.today, epoch_1904=reading.epoch_1904)
            return found, ", ".join(found.notes) if isinstance(found, BirthDate) else ""
        case "segment":
            return parse_segment(text), ""
        case "do_not_greet":
            return parse_flag(name, text), ""
        case _ if name in _NAMES:
            return name_cell(text)
        case _:
            return text, ""


def _basis(text: str, _reading: Reading, client: ClientRow) -> None:
    client.basis = parse_basis(text)


def _consent_date(text: str, reading: Reading, client: ClientRow) -> None:
    found = parse_birth_date(text, reading.today, epoch_1904=reading.epoch_1904)
    if found is not None and found.year is not None:
        day = date(found.year, found.month, found.day)
        client.obtained_at = datetime.combine(day, time(), UTC)


def _proof(text: str, _reading: Reading, client: ClientRow) -> None:
    client.evidence = clean(text)[:300]


def _owner(text: str, _reading: Reading, client: ClientRow) -> None:
    client.owner = clean(text)


_ASIDE = {
    "basis": _basis,
    "consent_date": _consent_date,
    "consent_proof": _proof,
    "owner": _owner,
}


def shown(given: Mapping[str, Any]) -> dict[str, str]:
    """Fields as a preview shows them."""
    return {name: str(value) for name, value in given.items()}
