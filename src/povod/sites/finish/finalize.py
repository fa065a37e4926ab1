"""The last phase of a job: twins, comparison, a look at mass removals, files (S102-S107)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.sites.deps import FinishResult, JobContext, SitesDeps
from povod.sites.exports.artifacts import StoreDownError
from povod.sites.exports.make import USUAL, ExportMaker
from povod.sites.finish.changes import Rules, Tally
from povod.sites.finish.commit import Diff, is_suspicious
from povod.sites.finish.fields import compared
from povod.sites.finish.losses import may_lose_much
from povod.sites.finish.notable import notable
from povod.sites.finish.twins import mark_twins
from povod.sites.input.masks import Masks
from povod.sites.options import JobOptions
from povod.sites.verdict import Verdict
from povod.store.tables import jobs

log = structlog.get_logger()

RETRY_S = 60.0
GIVE_UP = timedelta(hours=1)
"""After so long without a store the job ends without its files (S125)."""


@dataclass(frozen=True)
class Finisher:
    """Handed to `SitesDeps.finalize`; may be killed and called again at any instant.

    How far it came stands in `jobs.checkpoint`, for this version of the job: after failures were
    retried the job is finalised anew.
    """

    exports: ExportMaker

    def __call__(self, ctx: JobContext, verdict: Verdict) -> FinishResult:
        """Write the new good state and the files; `held` when a person must look first."""
        mark = Mark.of(ctx.job)
        failed = verdict.status == "failed"
        held = not failed and self._compare(ctx, mark)
        is_down = self._make_files(ctx, mark, failed)
        files = [shown(row) for row in self.exports.list(ctx.job_id)]
        return FinishResult(held, files, RETRY_S if is_down else None)

    def _compare(self, ctx: JobContext, mark: "Mark") -> bool:
        diff = diff_of(ctx.deps, ctx.job, ctx.options)
        if not mark.compared:
            mark_twins(ctx.deps.db, ctx.job_id)
            self._decide(ctx, mark, diff)
        if not mark.held:
            diff.write(partial(_count, ctx.job_id))
            tell(ctx.deps, ctx.job_id)
        return mark.held

    def _decide(self, ctx: JobContext, mark: "Mark", diff: Diff) -> None:
        """Whether a person must look first; only then is all counted before it is written."""
        counts: dict[str, int] = {}
        if may_lose_much(diff):
            foreseen = diff.foresee().columns()
            mark.held = is_suspicious(foreseen)
            counts = foreseen if mark.held else {}
        mark.compared = True
        mark.keep(ctx, **counts, diff_state="held" if mark.held else "ready")

    def _make_files(self, ctx: JobContext, mark: "Mark", failed: bool) -> bool:
        """Every usual file once; True while the store is down, for at most an hour."""
        for kind in USUAL:
            if kind.file_name in mark.files or (failed and kind.type != "errors"):
                continue
            try:
                self.exports.make(ctx.job_id, kind, is_final=True)
            except StoreDownError as error:
                log.warning("files not kept", job_id=ctx.job_id, reason=str(error))
                now = ctx.deps.now()
                since = datetime.fromisoformat(mark.down_since) if mark.down_since else now
                mark.down_since = since.isoformat()
                mark.keep(ctx)
                return now - since < GIVE_UP
            mark.files.append(kind.file_name)
            mark.keep(ctx)
        return False


def _count(job_id: str, conn: Connection, tally: Tally) -> None:
    """The counts of a diff grow with what is written of it."""
    conn.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**tally.columns()))


def tell(deps: SitesDeps, job_id: str) -> None:
    """Let the house know of changes worth a letter; whoever listens takes the same news twice."""
    if deps.on_changes is not None:
        deps.on_changes(notable(deps.db, job_id))


@dataclass
class Mark:
    """How far the finalisation of one version of a job came."""

    version: int
    compared: bool = False
    held: bool = False
    down_since: str = ""
    files: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, job: Any) -> "Mark":
        """The mark of this version; an older one says nothing."""
        stored = job["checkpoint"]
        same = stored.get("version") == job["version"]
        return cls(**stored) if same else cls(job["version"])

    def keep(self, ctx: JobContext, **columns: Any) -> None:
        """Store it, together with other columns that are not the status."""
        values = {"checkpoint": asdict(self), **columns}
        with ctx.deps.db.tx() as conn:
            conn.execute(sa.update(jobs).where(jobs.c.id == ctx.job_id).values(**values))
        ctx.run.progressed()


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A file as events name it."""
    return {name: row[name] for name in ("type", "format", "rows", "size_bytes")} | {
        "id": str(row["id"])
    }


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
