"""The work of watched sites in the ledger: read the list, crawl, finalise (S32)."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.crawl.frontier import Wish, expire_leases, take_turn
from povod.crawl.frontier.urls import store_counts
from povod.engine.handlers import Handlers, Result, Run
from povod.engine.work import Later
from povod.kit.log import mask_email
from povod.sites import phases
from povod.sites.deps import FinishResult, InputFault, JobContext, SitesDeps
from povod.sites.jobs import Job, JobStore, get_job
from povod.sites.options import JobOptions
from povod.sites.orphans import adopt_orphans
from povod.sites.plan import CrawlJob, plan_crawl
from povod.sites.runner import End, JobCrawl
from povod.sites.states import job_topic, try_move
from povod.sites.verdict import Verdict, judge
from povod.store.tables import jobs

log = structlog.get_logger()

MESSAGE_LENGTH = 2000
_FINAL_EVENT = {"succeeded": "succeed", "partial": "partial", "failed": "fail"}


@dataclass(frozen=True)
class SitesWork:
    """The handlers; every one may be killed and repeated at any instant."""

    deps: SitesDeps

    def register(self, handlers: Handlers) -> None:
        """Make the kinds known to a runner."""
        for kind, handler in (
            (phases.INPUT, self.input),
            (phases.CRAWL, self.crawl),
            (phases.FINALIZE, self.finalize),
            (phases.WAKE, self.wake),
            (phases.CANCEL, self.cancel),
            (phases.MAINTENANCE, self.maintain),
        ):
            handlers.register(kind, handler, queue=phases.QUEUE)
        handlers.register(
            phases.EXPORT, lambda run: self.deps.export(self.deps, run), queue=phases.QUEUE
        )

    @property
    def store(self) -> JobStore:
        """The operations on jobs."""
        return job_store(self.deps)

    # -- input ------------------------------------------------------------------------------

    def input(self, run: Run) -> Result:
        """Read the list into the frontier, then let the crawl begin."""
        ctx = self._begin(run, "input")
        if ctx is None:
            return None
        with self._last_try(run, ctx):
            try:
                read = self.deps.read_input(ctx)
            except InputFault as fault:
                return self._fail(ctx, str(fault))
            if run.cancelled():
                return None
            with self.deps.db.tx() as conn:
                counts = store_counts(conn, ctx.job_id)
                warnings = [*ctx.job["warnings"], *read.warnings]
                changes = {
                    "input_complete": read.complete,
                    "input_report": read.report,
                    "warnings": list(dict.fromkeys(warnings)),
                }
                if not self._next_phase(conn, ctx, "crawl", run, **changes):
                    return None
        return {"urls": counts.total}

    # -- crawl ------------------------------------------------------------------------------

    def crawl(self, run: Run) -> Result:
        """Fetch what waits; several workers may do so at once."""
        ctx = self._begin(run, "crawl")
        if ctx is None:
            return None
        with self._last_try(run, ctx):
            with self.deps.db.read() as conn:
                planned = plan_crawl(conn, ctx)
            end = self._run_crawl(planned)
            return self._after_crawl(ctx, end, run)

    def _run_crawl(self, planned: CrawlJob) -> End:
        """On a loop of its own, so that the pages of the console do not wait for extraction."""
        work = JobCrawl(planned, self._pauser(planned.ctx.job_id)).work()
        with asyncio.Runner(loop_factory=new_loop) as runner:
            end = runner.run(work)
        self.deps.events.flush()  # news of pages stands before that of the job's end
        return end

    def _pauser(self, job_id: str) -> Callable[[str, datetime], None]:
        def pause(reason: str, resume_at: datetime) -> None:
            with self.deps.db.tx() as conn:
                changes = {"pause_reason": reason, "resume_at": resume_at}
                moved = try_move(conn, self.deps.events, job_id, "pause", by="worker", **changes)
                if moved is not None:
                    phases.wake_at(conn, self.deps.ledger, job_id, moved.version, resume_at)

        return pause

    def _after_crawl(self, ctx: JobContext, end: End, run: Run) -> Result:
        if end.why == "waiting" and end.until is not None:
            return Later(end.until)
        with self.deps.db.tx() as conn:
            if end.why == "finished":
                store_counts(conn, ctx.job_id)
                self._next_phase(conn, ctx, "finalize", run)
            elif end.why == "stopped":
                self.store.end_cancelled(conn, ctx.job_id)
        return {"end": end.why}

    # -- finalisation -----------------------------------------------------------------------

    def finalize(self, run: Run) -> Result:
        """Judge the crawl, let snapshots and files be written, end the job."""
        ctx = self._begin(run, "finalize")
        if ctx is None:
            return None
        with self._last_try(run, ctx):
            with self.deps.db.tx() as conn:
                counts = store_counts(conn, ctx.job_id)
            verdict = judge(
                counts,
                min_coverage=ctx.options.min_coverage,
                input_complete=ctx.job["input_complete"],
                stop_reason=ctx.job["stop_reason"],
            )
            finish = self.deps.finalize(ctx, verdict)
            if run.cancelled():
                return None
            if finish.retry_in is not None:
                return Later(self.deps.now() + timedelta(seconds=finish.retry_in))
            return self._end(ctx, verdict, finish)

    def _end(self, ctx: JobContext, verdict: Verdict, finish: FinishResult) -> Result:
        status, reason = verdict.status, verdict.stop_reason
        if finish.held and status != "failed":
            status, reason = "partial", "diff_held"
        event = _FINAL_EVENT[status]
        with self.deps.db.tx() as conn:
            try_move(conn, self.deps.events, ctx.job_id, event, stop_reason=reason)
            job = get_job(conn, ctx.job_id)
            data = {"status": status, "counters": counters(job), "exports": finish.exports}
            self.deps.events.write(conn, job_topic(ctx.job_id), "complete", data)
        return {"status": status, "stop_reason": reason}

    # -- others -----------------------------------------------------------------------------

    def wake(self, run: Run) -> Result:
        """`resume_at` of a pause is reached."""
        woken = self.store.wake_job(run.args["job_id"], run.args["version"])
        return {"woken": woken}

    def cancel(self, run: Run) -> Result:
        """Workers did not let go of a cancelled job in time: their leases are taken away."""
        job_id = run.args["job_id"]
        with self.deps.db.tx() as conn:
            if get_job(conn, job_id)["status"] != "cancelling":
                return {"forced": False}
            expire_leases(conn, job_id)
        with self.deps.db.read() as conn:
            planned = plan_crawl(conn, self._context(get_job(conn, job_id), run))
        take_turn(self.deps.db, planned.plan, [], Wish.nothing())
        with self.deps.db.tx() as conn:
            return {"forced": self.store.end_cancelled(conn, job_id)}

    def maintain(self, run: Run) -> Result:
        """Repeated now and then: jobs that nobody works on get new work."""
        return {"adopted": adopt_orphans(self.deps, self.store)}

    # -- common -----------------------------------------------------------------------------

    def _begin(self, run: Run, phase: str) -> JobContext | None:
        """The job in the hands of this worker; None when the work is out of date."""
        with self.deps.db.tx() as conn:
            job = _found(conn, run.args["job_id"])
            if job is None or job["phase"] != phase:
                return None
            if not phases.is_current(run.args, job["status"], job["version"]):
                return None
            if job["status"] == "queued":
                job = self._take(conn, job)
            if job is None or job["status"] != "running":
                return None
        return self._context(job, run)

    def _take(self, conn: Connection, job: Job) -> Job | None:
        options = JobOptions.parse(job["options"])
        deadline = job["deadline_at"] or self.deps.now() + timedelta(minutes=options.deadline_min)
        moved = try_move(conn, self.deps.events, job["id"], "take", deadline_at=deadline)
        return get_job(conn, job["id"]) if moved is not None else None

    def _context(self, job: Job, run: Run) -> JobContext:
        profile = self.deps.profile_of(job["domain"])
        return JobContext(self.deps, job, JobOptions.parse(job["options"]), profile, run)

    def _next_phase(
        self, conn: Connection, ctx: JobContext, phase: str, run: Run, **changes: Any
    ) -> bool:
        """Go on to the next phase, once; False when the job does not run any more."""
        mine = sa.and_(
            jobs.c.id == ctx.job_id, jobs.c.status == "running", jobs.c.phase == ctx.job["phase"]
        )
        changed = conn.execute(sa.update(jobs).where(mine).values(phase=phase, **changes)).rowcount
        if changed:
            self.store.start(conn, ctx.job_id, phase, run.args["version"])
        return bool(changed)

    def _fail(self, ctx: JobContext, message: str) -> Result:
        text = mask_email(message)[:MESSAGE_LENGTH]
        with self.deps.db.tx() as conn:
            store_counts(conn, ctx.job_id)
            moved = try_move(conn, self.deps.events, ctx.job_id, "fail", error_message=text)
            if moved is not None:
                code = text.partition(":")[0]
                data = {"code": code, "message": text}
                self.deps.events.write(conn, job_topic(ctx.job_id), "error", data)
        return {"failed": text}

    @contextmanager
    def _last_try(self, run: Run, ctx: JobContext) -> Iterator[None]:
        """An internal fault three times in a row ends the job (S27); the error goes on."""
        ended = False
        try:
            yield
            ended = True
        finally:
            fault = sys.exc_info()[1]
            last = run.work.attempts >= run.work.max_attempts
            if not ended and isinstance(fault, Exception) and last and not run.lost:
                self._fail(ctx, f"internal: {type(fault).__name__}: {fault}")


def _found(conn: Connection, job_id: str) -> Job | None:
    row = conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().first()
    return dict(row) if row is not None else None


def job_store(deps: SitesDeps) -> JobStore:
    """The operations on jobs with the house's parts."""
    runners = deps.settings.povod_sites_runners_per_job
    return JobStore(deps.db, deps.clock, deps.ledger, deps.events, deps.sealer, runners)


def counters(job: Job) -> dict[str, Any]:
    """The figures of a job as events and the API name them."""
    names = ("total_urls", "success_urls", "failed_urls", "gone_urls", "skipped_urls")
    return {name: job[name] for name in names}


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop for crawling: uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
