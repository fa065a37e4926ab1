"""From the sheet into the plan, and the results back into the right rows (L7-L12, L16).

The rows go through the same import as those of a file. Before results are written the tab is read
once more: rows that moved are found by their input, rows that vanished are named, cells of people
are never touched. What could not be written is owed and comes with the next sync.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.kit.clock import Clock
from povod.kit.errors import ExternalError
from povod.kit.settings import Settings
from povod.kit.tabular import Table
from povod.kit.text import lookup_key
from povod.leads.niche_rows import HANDLED, NicheRow, read_rows
from povod.leads.niches import Importer, ImportResult, RowResult
from povod.leads.search_deps import SearchDeps
from povod.leads.sheets.grid import (
    CellWrite,
    RowState,
    as_table,
    broken_rows,
    changed_cells,
    identities,
    moved_to,
    service_columns,
)
from povod.leads.sheets.lease import SheetLease, last_try, take_lease
from povod.store.db import Database
from povod.store.tables import niches

_TAG = 3
"""Place of the tag in a row's identity."""


class Tab(Protocol):
    """The two calls that a sync makes (`GoogleTab`)."""

    def read(self) -> list[list[str]]:
        """Everything that stands in the tab."""

    def write(self, cells: Sequence[CellWrite]) -> int:
        """Write cells; how many."""


@dataclass
class SheetReport:
    """What a sync did. `owed` tells why results could not be written, if so."""

    rows: int = 0
    read: int = 0
    inserted: int = 0
    duplicates: int = 0
    cells_written: int = 0
    problems: list[str] = field(default_factory=list)
    vanished: list[int] = field(default_factory=list)
    owed: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class SheetSync:
    """Syncs the sheet that the settings name; `open_tab` is called once for each sync."""

    db: Database
    clock: Clock
    settings: Settings
    open_tab: Callable[[], Tab]

    @property
    def source_ref(self) -> str:
        """How niches of this sheet call their source."""
        return f"{self.settings.google_sheet_id}/{self.settings.google_sheet_tab}"

    def run(self, batch_tag: str = "", *, dry: bool = False) -> SheetReport:
        """Import the rows (of one tag) and write back; `dry` only tells what is there.

        Raises `ConfigurationError` for a sheet that cannot be reached, `InputError` for one
        without the needed columns, `ConflictError` while another sync of it is running.
        """
        if dry:
            return self._looked_at(self._table(self.open_tab()), batch_tag)
        lease = take_lease(self.db, self.clock, self.source_ref)
        try:
            return self._run(lease, batch_tag)
        finally:
            lease.release()

    def next_due(self) -> datetime | None:
        """Now, when the automatic sync is on and its interval has passed since the last try."""
        if not self.settings.sheet_sync_enabled:
            return None
        now, last = self.clock.now(), last_try(self.db, self.source_ref)
        pause = timedelta(minutes=self.settings.sheet_sync_interval_minutes)
        return now if last is None or last + pause <= now else None

    def _run(self, lease: SheetLease, tag: str) -> SheetReport:
        tab = self.open_tab()
        table = self._table(tab)
        service_columns(table, self.settings.sheet_create_columns)
        lease.renew()
        lease.owe(lookup_key(tag))
        report, states = self._import(table, tag, lease.owed)
        lease.renew()
        try:
            report.cells_written, report.vanished = self._write_back(tab, table, states)
        except ExternalError as error:
            report.owed = str(error)
        else:
            lease.settle(lookup_key(tag))
        return report

    def _table(self, tab: Tab) -> Table:
        table = as_table(self.settings.google_sheet_tab, tab.read())
        read_rows(replace(table, rows=table.rows[:1]))  # is there a column of niches at all?
        return table

    def _looked_at(self, table: Table, tag: str) -> SheetReport:
        rows, problems = read_rows(_of_tag(table, tag))
        return SheetReport(
            rows=len(rows) + len({problem.row for problem in problems}),
            read=sum(row.status not in HANDLED for row in rows),
            problems=[str(problem) for problem in problems],
        )

    def _import(
        self, table: Table, tag: str, owed: Sequence[str]
    ) -> tuple[SheetReport, list[RowState]]:
        """Import what is new; what was imported and never written comes from the database."""
        report = self._looked_at(table, tag)
        rows, problems = read_rows(_of_tag(table, tag))
        stored = self._stored(rows)
        waiting = [row for row in rows if _is_owed(row, owed, stored)]
        numbers = {row.number for row in waiting}
        importer = Importer(self.db, self.clock, self.settings)
        result = importer.import_rows(
            [row for row in rows if row.number not in numbers],
            "sheet",
            self.source_ref,
            table.name,
        )
        report.inserted, report.duplicates = result.inserted, result.duplicates
        report.problems += [str(problem) for problem in result.problems]
        stored = self._stored(rows)
        states = _states(result, stored) + broken_rows(problems)
        return report, states + [_kept(row.number, stored[row.fingerprint]) for row in waiting]

    def _stored(self, rows: Sequence[NicheRow]) -> dict[str, Any]:
        """Fingerprint → niche of this sheet."""
        wanted = {row.fingerprint for row in rows}
        query = sa.select(niches).where(
            niches.c.source == "sheet", niches.c.source_ref == self.source_ref
        )
        with self.db.read() as conn:
            found = {row.fingerprint: row for row in conn.execute(query)}
        return {name: row for name, row in found.items() if name in wanted}

    def _write_back(
        self, tab: Tab, before: Table, states: Sequence[RowState]
    ) -> tuple[int, list[int]]:
        """Cells written, and the rows that are not there any more."""
        if not states:
            return 0, []
        table = self._table(tab)
        places, lost = moved_to(identities(before), identities(table))
        columns, headers = service_columns(table, self.settings.sheet_create_columns)
        here = [
            replace(state, number=places[state.number])
            for state in states
            if state.number in places
        ]
        zone = ZoneInfo(self.settings.app_timezone)
        cells = changed_cells(table, columns, here, zone)
        wanted = {state.number for state in states}
        return (tab.write(headers + cells) if cells else 0), sorted(wanted & set(lost))


def _of_tag(table: Table, tag: str) -> Table:
    """The header and the rows of one tag; all rows without one."""
    if not tag:
        return table
    known = identities(table)
    rows = [row for row in table.rows[1:] if known[row.number][_TAG] == lookup_key(tag)]
    return replace(table, rows=[table.rows[0], *rows])


def _is_owed(row: NicheRow, owed: Sequence[str], stored: Mapping[str, Any]) -> bool:
    """Whether the row was imported by a sync that could not write its results."""
    niche = stored.get(row.fingerprint)
    tagged = "" in owed or lookup_key(row.batch_tag) in owed
    return tagged and niche is not None and niche.status == "done" and row.status not in HANDLED


def _states(result: ImportResult, stored: Mapping[str, Any]) -> list[RowState]:
    """What to write for imported rows; those that were done already are left as they are."""
    return [
        _state(done, stored.get(done.row.fingerprint))
        for done in result.rows
        if not (done.status == "skipped" and done.row.status in HANDLED and not done.generated)
    ]


def _state(done: RowResult, niche: Any) -> RowState:
    repeats = not done.generated
    return RowState(
        number=done.row.number,
        status=done.status,
        generated=done.generated,
        inserted=done.inserted,
        duplicates=done.duplicates,
        first_slot=None if repeats or niche is None else niche.db_first_scheduled_for,
        last_slot=None if repeats or niche is None else niche.db_last_scheduled_for,
        error=done.error,
    )


def _kept(number: int, niche: Any) -> RowState:
    """What the database knows of a row that was imported earlier."""
    return RowState(
        number=number,
        status=niche.status,
        generated=niche.generated_count,
        inserted=niche.db_inserted_count,
        duplicates=niche.db_duplicate_count,
        first_slot=niche.db_first_scheduled_for,
        last_slot=niche.db_last_scheduled_for,
        error=niche.last_error,
    )


def sheet_sync(deps: SearchDeps) -> SheetSync:
    """The sync of the configured sheet; nothing is opened before it runs."""

    def open_it() -> Tab:
        from povod.leads.sheets.google import open_tab

        return open_tab(deps.settings)

    return SheetSync(deps.db, deps.clock, deps.settings, open_it)
