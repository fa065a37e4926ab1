"""The leads job for commands, pages and code: one object with every step as a method (L6)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.book.dedup_run import DedupResult
from povod.kit.errors import InputError
from povod.kit.settings import Settings
from povod.kit.tabular import read_table
from povod.leads.again import Reparsed, reparse, retry_queries
from povod.leads.answers import cost_of_answers
from povod.leads.exports import export
from povod.leads.funnel import Funnel, funnel
from povod.leads.ingest import IngestResult, ingest_ready
from povod.leads.niches import Importer, ImportResult
from povod.leads.offers import ensure_demo_offer, save_offer
from povod.leads.poll import PollResult, poll_due
from povod.leads.result_file import write_result
from povod.leads.search_deps import SearchDeps
from povod.leads.sheets.sync import SheetReport, sheet_sync
from povod.leads.steps_search import deduplicate
from povod.leads.submit import SubmitResult, submit_due
from povod.store.tables import serp_operations, serp_queries

MAX_OFFER_BYTES = 256 * 1024


@dataclass(frozen=True)
class Imported:
    """What an import did, for people and programs."""

    rows: int
    inserted: int
    duplicates: int
    problems: tuple[str, ...]

    @classmethod
    def of(cls, result: ImportResult) -> "Imported":
        """Counts and messages of an import."""
        problems = tuple(str(problem) for problem in result.problems)
        usable = sum(row.status != "error" for row in result.rows)
        return cls(usable, result.inserted, result.duplicates, problems)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": self.rows,
            "inserted": self.inserted,
            "duplicates": self.duplicates,
            "problems": list(self.problems),
        }


class LeadsPipeline:
    """Steps of the search and everything a person asks of the job."""

    def __init__(self, deps: SearchDeps) -> None:
        self._deps = deps

    @property
    def settings(self) -> Settings:
        """What the job is configured by."""
        return self._deps.settings

    def import_file(self, path: Path, *, tab: str = "", result: Path | None = None) -> Imported:
        """Read a CSV or XLSX table of niches; bad rows are named, good ones kept.

        `result` takes the table with what became of each row (L14). Raises `InputError` when the
        file cannot be read as a table at all.
        """
        if not path.is_file():
            raise InputError(f"{path}: there is no such file")
        raw = path.read_bytes()
        table = read_table(raw, path.name, tab=tab or None)
        deps = self._deps
        importer = Importer(deps.db, deps.clock, deps.settings)
        source = "xlsx" if table.kind == "xlsx" else "csv"
        digest = hashlib.sha256(raw).hexdigest()
        done = importer.import_table(table, digest, source)  # type: ignore[arg-type]
        if result is not None:
            write_result(result, table, done, ZoneInfo(deps.settings.app_timezone))
        return Imported.of(done)

    def sync_sheet(self, batch_tag: str = "", *, dry: bool = False) -> SheetReport:
        """Read the Google Sheet (rows of one tag, or all) and write the results back (L16)."""
        return sheet_sync(self._deps).run(batch_tag, dry=dry)

    def retry(self, names: Sequence[str] = ()) -> int:
        """Give failed queries, these or all, new tries in the next free slots; how many (L42)."""
        return retry_queries(self._deps, names)

    def reparse(self, *, since: datetime | None = None, operation: str = "") -> Reparsed:
        """Parse stored replies again without any call (L39)."""
        return reparse(self._deps, since=since, operation=operation)

    def schedule_deferred_queries(self) -> SubmitResult:
        """Order the searches that are due."""
        return submit_due(self._deps)

    def poll_operations(self) -> PollResult:
        """Read the operations that are due."""
        return poll_due(self._deps)

    def ingest_ready(self) -> IngestResult:
        """Take in every stored reply."""
        return ingest_ready(self._deps)

    def deduplicate(self) -> DedupResult:
        """Compare the companies that changed."""
        return deduplicate(self._deps)

    def run_now(self) -> int:
        """Let pending queries run at once, by day too, at the day's price; how many (L31)."""
        waiting = serp_queries.update().where(serp_queries.c.status == "pending")
        values = {
            "scheduled_for": self._deps.clock.now(),
            "is_night_window": False,
            "window_tag": "day",
        }
        with self._deps.db.tx() as conn:
            return int(conn.execute(waiting.values(**values)).rowcount)

    def funnel(self) -> Funnel:
        """The job in absolute numbers."""
        with self._deps.db.read() as conn:
            return funnel(conn)

    def cost(self) -> dict[str, Decimal]:
        """What search and model cost so far."""
        with self._deps.db.read() as conn:
            costs = conn.execute(sa.select(serp_operations.c.cost)).scalars()
            search = sum((cost for cost in costs if cost is not None), Decimal(0))
            return {"search": search, "model": cost_of_answers(conn)}

    def export(
        self, what: str, path: Path, form: str, *, bom: bool = True, delimiter: str = ";"
    ) -> int:
        """Write rows to a file; how many."""
        return export(self._deps.db, what, path, form, bom=bom, delimiter=delimiter)

    def import_offer(self, key: str, path: Path) -> int:
        """Store the offer in a JSON file as the newest version of `key`; that version."""
        if not path.is_file() or path.stat().st_size > MAX_OFFER_BYTES:
            raise InputError(f"{path}: give a JSON file of at most {MAX_OFFER_BYTES} bytes")
        try:
            data = json.loads(path.read_text("utf-8-sig"))
        except ValueError as error:
            raise InputError(f"{path}: not JSON: {error}") from None
        if not isinstance(data, Mapping):
            raise InputError(f"{path}: an offer is a JSON object with names and texts")
        with self._deps.db.tx() as conn:
            return save_offer(conn, key, data, by="file")

    def ensure_demo_offer(self) -> None:
        """The offer of the sandbox world."""
        with self._deps.db.tx() as conn:
            ensure_demo_offer(conn)
