"""Jobs that nobody works on: their work failed for good, or was lost with its row (S31, S32)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.sites import phases
from povod.sites.deps import SitesDeps
from povod.sites.jobs import JobStore
from povod.sites.states import try_move
from povod.store.tables import jobs, processing_jobs


def find_orphans(conn: Connection) -> list[Mapping[str, Any]]:
    """Jobs that should be worked on and have no live work."""
    work = processing_jobs.c
    kinds = sorted(phases.KIND_OF_PHASE.values())
    live = sa.select(work.args).where(work.state.in_(("queued", "running")), work.kind.in_(kinds))
    known = {(args["job_id"], args["version"]) for args in conn.execute(live).scalars()}
    query = sa.select(jobs.c.id, jobs.c.status, jobs.c.phase, jobs.c.version).where(
        jobs.c.status.in_(("queued", "running"))
    )
    found = [dict(row) for row in conn.execute(query).mappings()]
    return [job for job in found if (job["id"], run_of(job)) not in known]


def run_of(job: Mapping[str, Any]) -> int:
    """The version that the present run of the job began with."""
    version: int = job["version"]
    return version - 1 if job["status"] == "running" else version


def adopt_orphans(deps: SitesDeps, store: JobStore) -> int:
    """Give each a new piece of work; returns how many there were."""
    with deps.db.read() as conn:
        found = find_orphans(conn)
    for job in found:
        with deps.db.tx() as conn:
            started = run_of(job)
            if _failed_for_good(conn, job["id"], job["phase"], started):
                message = "internal: its work failed for good; see the log"
                try_move(conn, deps.events, job["id"], "take")
                try_move(conn, deps.events, job["id"], "fail", error_message=message)
            else:
                store.start(conn, job["id"], job["phase"], started)
    return len(found)


def _failed_for_good(conn: Connection, job_id: str, phase: str, version: int) -> bool:
    key = f"{phases.KIND_OF_PHASE[phase]}:{job_id}:{version}:"
    query = sa.select(processing_jobs.c.id).where(
        processing_jobs.c.state == "failed", processing_jobs.c.dedup_key.like(f"{key}%")
    )
    return conn.execute(query.limit(1)).first() is not None
