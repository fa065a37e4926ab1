"""Watched sites as the console, the API and the command line use them."""

import gzip
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.crawl.extract.issue_texts import Language
from povod.crawl.policies import read_policies
from povod.crawl.policies_record import record_policies
from povod.crawl.proxies.checking import check_idle
from povod.crawl.proxies.pool import ProxyPool
from povod.engine.events import Events
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.quotas import Quotas
from povod.engine.work import NewWork
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, InputError
from povod.kit.sealing import Sealer
from povod.kit.settings import Settings
from povod.sites import phases
from povod.sites.deps import Job, OnChanges, SitesDeps
from povod.sites.exports.artifacts import ArtifactStore, open_store
from povod.sites.exports.issue_list import IssueList
from povod.sites.exports.issue_rows import issue_rows
from povod.sites.exports.make import ExportMaker, check_kind
from povod.sites.exports.write import Kind
from povod.sites.finish import decide
from povod.sites.finish.finalize import Finisher
from povod.sites.input.preview import PreviewOrder, preview
from povod.sites.input.read import read_input
from povod.sites.input.uploads import keep_upload, look
from povod.sites.jobs import JobStore
from povod.sites.keeping import Keeping
from povod.sites.options import JobOptions
from povod.sites.response import one_response
from povod.sites.schedules import SiteSchedules
from povod.sites.start import Order, Source, Started, Starter, domain_of
from povod.sites.states import ACTIVE
from povod.sites.webhooks import Webhooks
from povod.sites.work import SitesWork, job_store
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import jobs


@dataclass(frozen=True)
class Sites:
    """Jobs of watched sites: started, looked at, steered, their files."""

    deps: SitesDeps
    quotas: Quotas
    exports: ExportMaker

    def register(self, handlers: Handlers) -> None:
        """Make the kinds of work known to a runner."""
        SitesWork(self.deps).register(handlers)
        self.keeping.register(handlers)
        self.schedules.register(handlers)
        self.webhooks.register(handlers)

    def prepare(self) -> None:
        """Remember which policies this house runs; going back to older ones is audited (S81)."""
        record_policies(self.deps.db, read_policies(self.deps.settings))

    @property
    def jobs(self) -> JobStore:
        """The operations on jobs."""
        return job_store(self.deps)

    @property
    def store(self) -> ArtifactStore:
        """Where files are kept."""
        return self.exports.store

    @property
    def keeping(self) -> Keeping:
        """Retention and figures."""
        return Keeping(self.deps, self.exports)

    @cached_property
    def issues(self) -> IssueList:
        """The faults of the pages of a job."""
        return IssueList(self.deps.db)

    @cached_property
    def starter(self) -> Starter:
        """Makes jobs of orders."""
        return Starter(self.deps, self.quotas)

    @cached_property
    def schedules(self) -> SiteSchedules:
        """Crawls that begin by themselves."""
        return SiteSchedules(self.deps, self.starter)

    @cached_property
    def webhooks(self) -> Webhooks:
        """News for programs and messengers."""
        return Webhooks(self.deps, self.quotas)

    # -- jobs -------------------------------------------------------------------------------

    def start(self, order: Order) -> Started:
        """A job of what was ordered (S7)."""
        return self.starter.start(order)

    def response(self, job_id: str) -> dict[str, Any]:
        """A job as it is shown (S17); `NotFoundError`."""
        job = self.jobs.get_job(job_id)
        with self.deps.db.read() as conn:
            return one_response(conn, job, self.deps.now())

    def command(self, job_id: str, action: str, by: str, outcomes: Any = ()) -> Job:
        """pause, resume, cancel or retry-failed, with its line in the audit (S10, S135)."""
        store = self.jobs
        match action:
            case "pause":
                job = store.pause_job(job_id, by)
            case "resume":
                job = store.resume_job(job_id, by)
            case "cancel":
                job = store.cancel_job(job_id, by)
            case "retry-failed":
                job = store.retry_failed(job_id, by, outcomes)
            case _:
                raise InputError(f"a job cannot be {action!r}")
        with self.deps.db.tx() as conn:
            audit.append(conn, by, _AUDITED[action], job_id, {"status": job["status"]})
        return job

    def delete_job(self, job_id: str, by: str) -> None:
        """Remove a final job, its rows and files; what was learnt of the site stays (N43)."""
        job = self.jobs.get_job(job_id)
        if job["status"] in ACTIVE:
            raise ConflictError(f"job {job_id} is {job['status']}; cancel it first")
        for key in list(self.store.list(f"jobs/{job['id']}/")):
            self.store.delete(key)
        with self.deps.db.tx() as conn:
            conn.execute(sa.delete(jobs).where(jobs.c.id == job["id"]))
            audit.append(conn, by, "file_delete", job_id, {"domain": job["domain"]})

    def decide_diff(self, job_id: str, verdict: str, by: str) -> dict[str, int]:
        """Accept or reject a held diff (S107); its counts."""
        decided = decide.accept if verdict == "accept" else decide.reject
        return decided(self.deps, str(self.jobs.get_job(job_id)["id"]), by)

    # -- files ------------------------------------------------------------------------------

    def order_export(self, job_id: str, kind: Kind, by: str, *, unchanged: bool = False) -> str:
        """Let a worker make a file (S11a); the id of the work, empty if it is ordered already."""
        check_kind(kind)
        job = self.jobs.get_job(job_id)
        args = {
            "job_id": str(job["id"]), "type": kind.type, "format": kind.format,
            "layout": kind.layout, "dialect": kind.dialect, "include_unchanged": unchanged,
            "by": by,
        }  # fmt: skip
        name = ":".join(str(value) for value in list(args.values())[:-1])
        work = NewWork(phases.QUEUE, phases.EXPORT, args, dedup_key=f"{phases.EXPORT}:{name}")
        with self.deps.db.tx() as conn:
            return self.deps.ledger.enqueue(conn, work) or ""

    async def check_proxies(self) -> int:
        """Try idle proxies (S83); 0 when no page to try them with is set."""
        deps, address = self.deps, self.deps.settings.povod_proxy_check_url
        if not address:
            return 0
        pool = ProxyPool(deps.db, deps.sealer, deps.clock, deps.policies.proxies)
        async with deps.open_fetchers(deps.settings, deps.policies) as fetchers:
            return await check_idle(pool, address, fetchers.attempt)

    # -- lists ------------------------------------------------------------------------------

    def upload(self, raw: bytes, by: str) -> str:
        """Keep a list for 24 hours; its id."""
        look(raw)
        with self.deps.db.tx() as conn:
            file_id = keep_upload(conn, raw, self.deps.now())
            audit.append(conn, by, "file_upload", file_id, {"bytes": len(raw)})
        return file_id

    def preview(self, source: Source, given: Mapping[str, Any], by: str) -> dict[str, Any]:
        """What a list holds (S44)."""
        if source.upload is not None:
            source = Source(upload_id=self.upload(source.upload, by))
        order = self.starter.previewed(source, JobOptions.parse(given))
        return preview(self.deps, order)


_AUDITED = {
    "pause": "job_pause",
    "resume": "job_resume",
    "cancel": "export_stop",
    "retry-failed": "job_retry",
}


def build_sites(
    db: Database,
    clock: Clock,
    settings: Settings,
    ledger: Ledger,
    events: Events,
    quotas: Quotas,
    sealer: Sealer,
    on_changes: OnChanges | None = None,
) -> Sites:
    """Wire the job of sites; `on_changes` hears of changes that are worth a letter."""
    store = open_store(settings)
    language: Language = "en" if settings.ui_language == "en" else "ru"
    maker = ExportMaker(db, clock, store, settings.data_dir / "scratch", issue_rows(language))
    deps = SitesDeps(
        db,
        clock,
        settings,
        ledger,
        events,
        sealer,
        read_input=read_input,
        finalize=Finisher(maker),
        export=maker.work,
        keep_page=PageKeeper(store),
        on_changes=on_changes,
    )
    return Sites(deps, quotas, maker)


@dataclass(frozen=True)
class PageKeeper:
    """Keeps pages as they came, packed (S126)."""

    store: ArtifactStore

    def __call__(self, job_id: str, key: str, body: bytes) -> str:
        """The key under which the page is found."""
        name = f"jobs/{job_id}/html/{hashlib.sha256(key.encode()).hexdigest()}.html.gz"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page"
            path.write_bytes(gzip.compress(body, 6, mtime=0))
            self.store.put(name, path)
        return name


__all__ = ["Order", "PreviewOrder", "Sites", "Source", "build_sites", "domain_of"]
