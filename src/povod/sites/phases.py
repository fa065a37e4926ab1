"""Putting the next piece of a job's work into the ledger.

Work names the version that the job had when it was queued. After a pause and a resume the job has
another one, so that a piece left over from before finds itself out of date and ends.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork

QUEUE = "scraping"
INPUT, CRAWL, FINALIZE = "sites.input", "sites.crawl", "sites.finalize"
EXPORT, WAKE, CANCEL = "sites.export", "sites.wake", "sites.cancel"
MAINTENANCE = "sites.maintenance"
KIND_OF_PHASE = {"input": INPUT, "crawl": CRAWL, "finalize": FINALIZE}
FORCED_AFTER = timedelta(seconds=28)
"""A job being cancelled whose workers do not let go is ended by force (S27: at most 30 s)."""

TRIES = 3
"""An internal fault three times in a row ends the job (S27)."""


def start_phase(
    conn: Connection, ledger: Ledger, job_id: str, phase: str, version: int, runners: int = 1
) -> None:
    """The work of a phase; several runners may crawl one job."""
    kind = KIND_OF_PHASE[phase]
    count = runners if kind == CRAWL else 1
    ledger.enqueue_many(conn, [_work(kind, job_id, version, slot) for slot in range(count)])


def wake_at(conn: Connection, ledger: Ledger, job_id: str, version: int, at: datetime) -> None:
    """Let a paused job go on at that moment."""
    ledger.enqueue(conn, _work(WAKE, job_id, version, 0, at))


def force_cancel(
    conn: Connection, ledger: Ledger, job_id: str, version: int, now: datetime
) -> None:
    """End the cancelled job even if its workers are gone."""
    ledger.enqueue(conn, _work(CANCEL, job_id, version, 0, now + FORCED_AFTER))


def is_current(args: dict[str, Any], status: str, version: int) -> bool:
    """Whether a piece of work belongs to the present run of its job."""
    started = version if status == "queued" else version - 1
    return bool(args.get("version") == started)


def _work(
    kind: str, job_id: str, version: int, slot: int, run_at: datetime | None = None
) -> NewWork:
    return NewWork(
        QUEUE,
        kind,
        {"job_id": job_id, "version": version, "slot": slot},
        run_at=run_at,
        dedup_key=f"{kind}:{job_id}:{version}:{slot}",
        max_attempts=TRIES,
    )
