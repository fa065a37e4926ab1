"""A person's word on a diff that was held back (S107)."""

from typing import Any

import sqlalchemy as sa

from povod.crawl.frontier import count_urls
from povod.kit.errors import ConflictError, NotFoundError
from povod.sites.deps import SitesDeps
from povod.sites.finish.changes import NOT_CHECKED, REMOVED
from povod.sites.finish.finalize import diff_of, tell
from povod.sites.options import JobOptions
from povod.sites.states import Superseded, try_move
from povod.sites.verdict import judge
from povod.store import audit
from povod.store.tables import jobs


def accept(deps: SitesDeps, job_id: str, by: str) -> dict[str, int]:
    """The removals are true: write them; the counts of the diff."""
    return _decide(deps, job_id, by, believed=True)


def reject(deps: SitesDeps, job_id: str, by: str) -> dict[str, int]:
    """The site was ill: what it seemed to lose counts as not checked, the rest is written."""
    return _decide(deps, job_id, by, believed=False)


def _decide(deps: SitesDeps, job_id: str, by: str, *, believed: bool) -> dict[str, int]:
    state = "accepted" if believed else "rejected"
    job = _held(deps, job_id, state)
    if job["diff_state"] == "held":
        counts = _take_decision(deps, job, by, state)
    else:  # the same word again: whoever was killed while writing goes on
        counts = {name: int(job[name]) for name in _COUNTS}
    options = JobOptions.parse(job["options"])
    diff_of(deps, job, options, spare_removed=not believed).write()
    tell(deps, job_id)
    _settle(deps, job, options)
    return counts


def _settle(deps: SitesDeps, job: Any, options: JobOptions) -> None:
    """The status that the job would have had if nobody had been asked."""
    with deps.db.tx() as conn:
        verdict = judge(
            count_urls(conn, job["id"]),
            min_coverage=options.min_coverage,
            input_complete=job["input_complete"],
            stop_reason="",
        )
        reason = {"stop_reason": verdict.stop_reason}
        if verdict.status == "succeeded":
            try_move(conn, deps.events, job["id"], "settle_held", **reason)
        else:
            conn.execute(sa.update(jobs).where(jobs.c.id == job["id"]).values(**reason))


def _take_decision(deps: SitesDeps, job: Any, by: str, state: str) -> dict[str, int]:
    job_id = job["id"]
    counts = {name: int(job[name]) for name in _COUNTS}
    if state == "rejected":
        counts[_NOT_CHECKED] += counts[_REMOVED]
        counts[_REMOVED] = 0
    with deps.db.tx() as conn:
        mine = (jobs.c.id == job_id, jobs.c.diff_state == "held")
        values = {**counts, "diff_state": state}
        if not conn.execute(sa.update(jobs).where(*mine).values(**values)).rowcount:
            raise _not_held(job_id, "decided already")
        audit.append(conn, by, f"diff_{state.removesuffix('ed')}", job_id, counts)
    return counts


_REMOVED, _NOT_CHECKED = REMOVED.lower(), NOT_CHECKED.lower()
_COUNTS = ("added", _REMOVED, "modified", "unchanged", _NOT_CHECKED)


def _held(deps: SitesDeps, job_id: str, state: str) -> Any:
    with deps.db.read() as conn:
        job = conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
        if job is None:
            raise NotFoundError(f"there is no job {job_id}")
        if job["diff_state"] not in ("held", state) or job["status"] in (
            "queued",
            "running",
            "paused",
        ):
            raise _not_held(job_id, f"{job['status']}, diff {job['diff_state']}")
        later = sa.select(jobs.c.id).where(
            jobs.c.domain == job["domain"],
            jobs.c.created_at > job["created_at"],
            jobs.c.diff_state.in_(["ready", "accepted", "rejected"]),
        )
        newer = conn.execute(later.limit(1)).scalar()
    if newer is not None:
        raise Superseded(f"job {job_id}: the later job {newer} has written the state")
    return dict(job)


def _not_held(job_id: str, seen: str) -> ConflictError:
    return ConflictError(f"job {job_id}: no diff waits for a decision ({seen})")
