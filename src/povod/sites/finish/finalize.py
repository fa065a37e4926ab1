"""The last phase of a job: twins, comparison, a look at mass removals, files (S102-S107)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from povod.sites.deps import FinishResult, JobContext, SitesDeps
from povod.sites.exports.make import ExportMaker
from povod.sites.finish.changes import Rules
from povod.sites.finish.commit import Diff, is_suspicious
from povod.sites.finish.fields import compared
from povod.sites.finish.twins import mark_twins
from povod.sites.input.masks import Masks
from povod.sites.options import JobOptions
from povod.sites.verdict import Verdict
from povod.store.tables import jobs, snapshots

RETRY_S = 60.0
COMMITTING = "committing"


@dataclass(frozen=True)
class Finisher:
    """Handed to `SitesDeps.finalize`; may be killed and called again at any instant."""

    exports: ExportMaker

    def __call__(self, ctx: JobContext, verdict: Verdict) -> FinishResult:
        """Write the new good state and the files; `held` when a person must look first."""
        held = False
        if verdict.status != "failed":
            held = self._compare(ctx)
        made, is_down = self.exports.make_usual(ctx.job_id, failed=verdict.status == "failed")
        return FinishResult(held, made, RETRY_S if is_down else None)

    def _compare(self, ctx: JobContext) -> bool:
        job = ctx.job
        mark_twins(ctx.deps.db, ctx.job_id)
        diff = diff_of(ctx.deps, job, ctx.options)
        if not job["checkpoint"].get(COMMITTING):
            counts = diff.foresee().columns()
            held = is_suspicious(counts)
            keep_counts(ctx.deps, ctx.job_id, counts, "held" if held else "ready", not held)
            if held:
                return True
        elif job["diff_state"] == "held":
            return True
        diff.write()
        return False


def diff_of(deps: SitesDeps, job: Any, options: JobOptions, *, spare_removed: bool = False) -> Diff:
    """The comparison of one job, by its options."""
    rules = Rules(compared(list(options.compare)), _absent_is_removed(job, options))
    masks = Masks.of(options.include, options.exclude)
    return Diff(deps.db, job["id"], job["domain"], rules, deps.now(), masks.refusal, spare_removed)


def _absent_is_removed(job: Any, options: JobOptions) -> bool:
    """Only a list that is whole and was not cut says that what it lacks is gone (S104)."""
    was_cut = bool(job["input_report"].get("rejected", {}).get("over_max"))
    complete = options.is_complete_by_default(job["input_kind"])
    return bool(complete and job["input_complete"] and not was_cut)


def keep_counts(
    deps: SitesDeps, job_id: str, counts: dict[str, int], state: str, committing: bool
) -> None:
    """The figures of the diff; from now on this job is the one that wrote the state."""
    values = {**counts, "diff_state": state, "checkpoint": {COMMITTING: committing}}
    with deps.db.tx() as conn:
        conn.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def known_keys(deps: SitesDeps, domain: str) -> int:
    """How many keys of a site are known to be there."""
    query = sa.select(sa.func.count()).where(
        snapshots.c.domain == domain, snapshots.c.state == "active"
    )
    with deps.db.read() as conn:
        return conn.execute(query).scalar_one()
