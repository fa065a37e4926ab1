"""The steps of the search as background work: sync, submit, poll, ingest, dedup (L2, L3).

Each handler works off what is due, reports its counts, and asks to be called again when there
will be something to do. All of them may be killed and run again at any moment.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from povod.book.dedup_run import Deduplicator, DedupResult, has_dirty
from povod.engine.handlers import Handlers, Run
from povod.engine.work import Later
from povod.kit.errors import InputError
from povod.kit.tabular import read_table
from povod.leads.ingest import ingest_ready
from povod.leads.niches import Importer, Source
from povod.leads.night import next_open
from povod.leads.pauses import Pauses
from povod.leads.poll import OPEN, poll_due
from povod.leads.search_deps import SearchDeps
from povod.leads.submit import submit_due
from povod.leads.unknown import next_reaping
from povod.leads.yandex.client import CREATE_QUOTA, POLL_QUOTA
from povod.store.files import get_file
from povod.store.tables import serp_operations, serp_queries

QUEUE = "search"
STEPS = ("leads.submit", "leads.poll", "leads.ingest", "leads.dedup")
"""Kinds that repeat; `leads.sync` is asked for."""

STOPPED_PAUSE = timedelta(minutes=15)
"""When a step that stands still for a fault of the configuration looks again."""

Outcome = dict[str, Any] | Later


@dataclass(frozen=True)
class Steps:
    """The handlers, bound to what they need."""

    deps: SearchDeps

    def sync(self, run: Run) -> Outcome:
        """Import a stored file of niches; args `file_id`, `name`, `source`."""
        file_id, name = run.args.get("file_id"), run.args.get("name", "niches")
        if not file_id:
            raise InputError("leads.sync needs file_id: the stored table that is to be imported")
        with self.deps.db.read() as conn:
            raw = get_file(conn, file_id)
        source: Source = run.args.get("source", "csv")
        deps = self.deps
        result = Importer(deps.db, deps.clock, deps.settings).import_table(
            read_table(raw, name), file_id, source
        )
        counts = {
            "rows_done": len(result.rows),
            "rows_total": len(result.rows) + len(result.problems),
            "inserted": result.inserted,
            "duplicates": result.duplicates,
            "errors": len(result.problems),
        }
        run.progress(counts)
        return counts | {"problems": [str(problem) for problem in result.problems[:100]]}

    def submit(self, run: Run) -> Outcome:
        """Order what is due; comes again at the next slot or the window's opening."""
        result = submit_due(self.deps, cancelled=run.cancelled)
        return self._again(run, asdict(result), next_submit, result.stopped)

    def poll(self, run: Run) -> Outcome:
        """Read what is due; comes again at the next poll."""
        result = poll_due(self.deps, cancelled=run.cancelled)
        return self._again(run, asdict(result), next_poll, result.stopped)

    def ingest(self, run: Run) -> Outcome:
        """Take in every stored reply."""
        result = ingest_ready(self.deps, cancelled=run.cancelled)
        return self._again(run, asdict(result), next_ingest, result.stopped)

    def dedup(self, run: Run) -> Outcome:
        """Compare the companies that changed."""
        result = deduplicate(self.deps, run.cancelled)
        return self._again(run, asdict(result), next_dedup, "")

    def _again(
        self,
        run: Run,
        counts: dict[str, Any],
        next_due: Callable[[SearchDeps], datetime | None],
        stopped: str,
    ) -> Outcome:
        """Report, and come back when there is more; done when nothing is left."""
        shown = {name: _plain(value) for name, value in counts.items()}
        if any(value for value in counts.values()):
            run.progress(shown)
        if stopped:
            return Later(self.deps.clock.now() + STOPPED_PAUSE)
        due = next_due(self.deps)
        return Later(due) if due is not None else shown


def register(handlers: Handlers, deps: SearchDeps) -> None:
    """Make the steps known to the runner."""
    steps = Steps(deps)
    handlers.register("leads.sync", steps.sync, queue=QUEUE)
    handlers.register("leads.submit", steps.submit, queue=QUEUE)
    handlers.register("leads.poll", steps.poll, queue=QUEUE)
    handlers.register("leads.ingest", steps.ingest, queue=QUEUE)
    handlers.register("leads.dedup", steps.dedup, queue=QUEUE)


def deduplicate(deps: SearchDeps, cancelled: Callable[[], bool] = lambda: False) -> DedupResult:
    """Find duplicates among the companies that changed."""
    return Deduplicator(deps.db, deps.clock, deps.settings.dedup_name_rarity).run(cancelled)


def next_submit(deps: SearchDeps) -> datetime | None:
    """The next slot or window at which a search can be ordered, or an unknown outcome repeated."""
    now, table = deps.clock.now(), serp_queries.c
    earliest = sa.select(sa.func.min(table.scheduled_for)).where(table.status == "pending")
    with deps.db.read() as conn:
        by_day = conn.execute(earliest.where(table.is_night_window.is_(False))).scalar()
        by_night = conn.execute(earliest.where(table.is_night_window)).scalar()
        reaping = next_reaping(conn, deps)
    if by_night is not None and deps.settings.yandex_enforce_night_window:
        by_night = next_open(max(by_night, now), deps.settings.yandex_night_guard_seconds)
    paused = Pauses(deps.db, deps.clock).paused_until(CREATE_QUOTA)
    slots = [max(slot, paused or slot) for slot in (by_day, by_night) if slot is not None]
    return _not_before(now, [*slots, reaping])


def next_poll(deps: SearchDeps) -> datetime | None:
    """When the next operation is to be read."""
    table = serp_operations.c
    query = sa.select(sa.func.min(table.next_poll_at)).where(table.status.in_(OPEN))
    with deps.db.read() as conn:
        due = conn.execute(query).scalar()
    paused = Pauses(deps.db, deps.clock).paused_until(POLL_QUOTA)
    return _not_before(deps.clock.now(), [max(due, paused or due) if due else None])


def next_ingest(deps: SearchDeps) -> datetime | None:
    """Now, when a stored reply waits."""
    query = sa.select(serp_operations.c.id).where(serp_operations.c.status == "done").limit(1)
    with deps.db.read() as conn:
        return deps.clock.now() if conn.execute(query).first() is not None else None


def next_dedup(deps: SearchDeps) -> datetime | None:
    """Now, when a company has changed."""
    return deps.clock.now() if has_dirty(deps.db) else None


def next_due(deps: SearchDeps) -> datetime | None:
    """The earliest instant at which any step has something to do; None when all is done."""
    steps = (next_submit, next_poll, next_ingest, next_dedup)
    return min((due for step in steps if (due := step(deps)) is not None), default=None)


def _not_before(now: datetime, moments: list[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(now, min(known)) if known else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
