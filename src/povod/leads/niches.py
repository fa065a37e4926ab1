"""Niches into the database, and their queries into the plan (L12-L17, L22, L28).

Importing the same rows again changes nothing: a niche is known by its fingerprint, a query by its
hash. Slots are given only to queries that are new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.domain_lists import EXCLUDED
from povod.kit.clock import Clock
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.kit.tabular import CellProblem, Table
from povod.leads.niche_rows import HANDLED, NicheRow, read_rows
from povod.leads.night import create_price
from povod.leads.queries import QueryStyle, QueryText, QueryTooLong, build_queries, query_hash
from povod.leads.regions import Place, Regions, shipped_regions
from povod.leads.slots import Slots
from povod.store.db import Database
from povod.store.tables import niches, search_batch_logs, serp_queries
from povod.store.upsert import insert_new, upsert

Source = Literal["sheet", "csv", "xlsx", "ui", "api"]
RowStatus = Literal["done", "skipped", "error"]

CHUNK = 500
"""Rows per transaction."""

MAX_ERROR = 500

_NICHE_KEY = ("source", "source_ref", "fingerprint")


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row; `error` also holds warnings (an unknown city)."""

    row: NicheRow
    status: RowStatus
    generated: int = 0
    inserted: int = 0
    duplicates: int = 0
    first_slot: datetime | None = None
    last_slot: datetime | None = None
    error: str = ""


@dataclass
class ImportResult:
    """Results by row, and the rows that could not be read, by file, row and column."""

    sync_id: str
    rows: list[RowResult] = field(default_factory=list)
    problems: list[CellProblem] = field(default_factory=list)

    @property
    def inserted(self) -> int:
        """New queries."""
        return sum(row.inserted for row in self.rows)

    @property
    def duplicates(self) -> int:
        """Queries that existed already."""
        return sum(row.duplicates for row in self.rows)


@dataclass(frozen=True)
class Importer:
    """What an import needs; `period` is set by a re-run of the same niches (L22)."""

    db: Database
    clock: Clock
    settings: Settings
    regions: Regions = field(default_factory=shipped_regions)
    period: str = ""

    def import_table(self, table: Table, source_ref: str, source: Source = "csv") -> ImportResult:
        """Import a table read by `povod.kit.tabular`; `TableError` when it holds no niches."""
        rows, problems = read_rows(table)
        result = self.import_rows(rows, source, source_ref, table.name)
        result.problems = sorted([*problems, *result.problems], key=lambda problem: problem.row)
        return result

    def import_rows(
        self, rows: Sequence[NicheRow], source: Source, source_ref: str, name: str = "table"
    ) -> ImportResult:
        """Import rows in chunks, each its own transaction; an interrupted import can be repeated.

        `name` is how problems call the source.
        """
        result = ImportResult(new_id())
        first: dict[str, int] = {}
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            with self.db.tx() as conn:
                work = _Chunk(self, conn, source, source_ref, result.sync_id)
                result.rows += work.run(chunk, first)
        result.problems += [
            CellProblem(name, done.row.number, None, done.error)
            for done in result.rows
            if done.status == "error"
        ]
        return result


def query_style(settings: Settings) -> QueryStyle:
    """How queries are worded, by settings."""
    return QueryStyle(
        variants=settings.leads_max_queries_per_niche,
        prefix=settings.leads_query_lang_prefix,
        negatives=sorted(EXCLUDED) if settings.leads_query_negatives else (),
    )


@dataclass
class _Plan:
    """What one row leads to, before the database has a say."""

    row: NicheRow
    place: Place
    texts: dict[str, QueryText] = field(default_factory=dict)
    error: str = ""
    slots: list[datetime] = field(default_factory=list)
    done_before: bool = False

    def result(self) -> RowResult:
        """The row's outcome once its new queries have slots."""
        status: RowStatus = "done" if self.slots or self.done_before else "skipped"
        error = "all queries exist already" if status == "skipped" else self.place.warning
        return RowResult(
            self.row,
            "error" if self.error else status,
            generated=len(self.texts),
            inserted=len(self.slots),
            duplicates=len(self.texts) - len(self.slots),
            first_slot=min(self.slots, default=None),
            last_slot=max(self.slots, default=None),
            error=(self.error or error)[:MAX_ERROR],
        )


class _Chunk:
    """One transaction of an import."""

    def __init__(
        self, importer: Importer, conn: Connection, source: Source, source_ref: str, sync_id: str
    ) -> None:
        self._importer = importer
        self._conn = conn
        self._key = {"source": source, "source_ref": source_ref}
        self._sync_id = sync_id
        self._slots = Slots(conn, importer.settings, importer.clock.now())
        self._style = query_style(importer.settings)
        self._price = create_price(importer.settings, "night")

    def run(self, rows: Sequence[NicheRow], first: dict[str, int]) -> list[RowResult]:
        """Import these rows; `first` remembers over all chunks where a fingerprint stood."""
        known = self._statuses([row.fingerprint for row in rows])
        results, plans = [], []
        for row in rows:
            twin = first.setdefault(row.fingerprint, row.number)
            if twin != row.number:
                results.append(RowResult(row, "skipped", error=f"repeats row {twin}"))
            elif row.status in HANDLED and row.fingerprint in known:
                results.append(RowResult(row, "skipped", error="already done and unchanged"))
            else:
                plans.append(self._plan(row, known.get(row.fingerprint) == "done"))
        self._carry_out(plans)
        results += [plan.result() for plan in plans]
        results.sort(key=lambda result: result.row.number)
        self._log(results)
        return results

    def _statuses(self, fingerprints: Sequence[str]) -> dict[str, str]:
        """Fingerprint → status of the niches that are stored, from whatever source."""
        query = sa.select(niches.c.fingerprint, niches.c.status).where(
            niches.c.fingerprint.in_(fingerprints)
        )
        return {row.fingerprint: row.status for row in self._conn.execute(query)}

    def _plan(self, row: NicheRow, done_before: bool) -> _Plan:
        plan = _Plan(
            row,
            self._importer.regions.place(row.lr, row.city, row.country),
            done_before=done_before,
        )
        try:
            texts = build_queries(row.niche, row.city, row.country, self._style)
            plan.texts = {query_hash(text.text, plan.place.lr): text for text in texts}
        except QueryTooLong as fault:
            plan.error = str(fault)
        return plan

    def _carry_out(self, plans: Sequence[_Plan]) -> None:
        """Store niches and new queries: a few statements for the whole chunk."""
        if not plans:
            return
        insert_new(self._conn, niches, [self._niche_row(plan) for plan in plans], _NICHE_KEY)
        ids = self._niche_ids(plans)
        existing = self._existing([digest for plan in plans for digest in plan.texts])
        queries = []
        for plan in plans:
            for digest in [digest for digest in plan.texts if digest not in existing]:
                existing.add(digest)
                plan.slots.append(self._slots.take())
                queries.append(self._query_row(plan, digest, ids[plan.row.fingerprint]))
        insert_new(self._conn, serp_queries, queries, ["query_hash", "page", "period"])
        self._slots.save()
        self._save_results(plans)

    def _niche_ids(self, plans: Sequence[_Plan]) -> dict[str, str]:
        query = sa.select(niches.c.fingerprint, niches.c.id).where(
            niches.c.source == self._key["source"],
            niches.c.source_ref == self._key["source_ref"],
            niches.c.fingerprint.in_([plan.row.fingerprint for plan in plans]),
        )
        return {row.fingerprint: row.id for row in self._conn.execute(query)}

    def _existing(self, hashes: Sequence[str]) -> set[str]:
        table = serp_queries.c
        query = sa.select(table.query_hash).where(
            table.query_hash.in_(hashes), table.page == 0, table.period == self._importer.period
        )
        return set(self._conn.execute(query).scalars())

    def _query_row(self, plan: _Plan, digest: str, niche_id: str) -> dict[str, Any]:
        row, text = plan.row, plan.texts[digest]
        return {
            "niche_id": niche_id,
            "query_text": text.text,
            "query_hash": digest,
            "period": self._importer.period,
            "page": 0,
            "region_code": plan.place.lr,
            "scheduled_for": plan.slots[-1],
            "cost_estimate": self._price,
            "metadata": {
                "niche": row.niche,
                "city": row.city,
                "country": row.country,
                "trigger": text.trigger,
                "batch_tag": row.batch_tag,
                "language": "ru",
                "selection": text.selection,
                "region_source": plan.place.source,
                "template_version": self._style.template_version,
            },
        }

    def _niche_row(self, plan: _Plan) -> dict[str, Any]:
        row = plan.row
        return {
            **self._key,
            "fingerprint": row.fingerprint,
            "row_no": row.number,
            "niche": row.niche,
            "city": row.city,
            "country": row.country,
            "batch_tag": row.batch_tag,
            "lr": row.lr,
            "region_source": plan.place.source,
            "offer_key": row.offer,
        }

    def _save_results(self, plans: Sequence[_Plan]) -> None:
        rows = []
        for plan in plans:
            result = plan.result()
            rows.append(
                self._niche_row(plan)
                | {
                    "status": result.status,
                    "generated_count": result.generated,
                    "db_inserted_count": result.inserted,
                    "db_duplicate_count": result.duplicates,
                    "db_first_scheduled_for": result.first_slot,
                    "db_last_scheduled_for": result.last_slot,
                    "last_error": result.error,
                }
            )
        update: dict[str, sa.ColumnElement[Any]] = {
            name: sa.literal_column(f"excluded.{name}") for name in (*rows[0], "updated_at")
        }
        for name in ("db_first_scheduled_for", "db_last_scheduled_for"):
            update[name] = sa.func.coalesce(update[name], niches.c[name])
        upsert(self._conn, niches, rows, _NICHE_KEY, update)

    def _log(self, results: Sequence[RowResult]) -> None:
        """One row per processed row and run (L17)."""
        rows = [
            {
                "sync_id": self._sync_id,
                "niche": done.row.niche,
                "city": done.row.city,
                "country": done.row.country,
                "batch_tag": done.row.batch_tag,
                "attempted_queries": done.generated,
                "inserted_queries": done.inserted,
                "duplicate_queries": done.duplicates,
                "scheduled_start": done.first_slot,
                "scheduled_end": done.last_slot,
                "status": done.status,
                "error": done.error,
            }
            for done in results
        ]
        if rows:
            self._conn.execute(sa.insert(search_batch_logs), rows)
