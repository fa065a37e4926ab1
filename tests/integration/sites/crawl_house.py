"""The parts of the house that a crawl needs, on a database of the test."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from povod.crawl.frontier import NewUrl, count_urls
from povod.crawl.urlkey import url_key
from povod.engine.events import Events
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.runner import Runner
from povod.kit.sealing import Sealer
from povod.kit.settings import load_settings
from povod.sites.deps import FinishResult, InputResult, SitesDeps
from povod.sites.jobs import JobStore, NewJob, get_job
from povod.sites.options import JobOptions
from povod.sites.work import SitesWork, job_store
from povod.store.db import Database
from povod.store.tables import job_urls, pages, site_profiles

QUICK = {"politeness": {"min_delay_ms": 0}, "ladder": {"delay_base_s": 0, "delay_base_429_s": 0}}


@dataclass
class House:
    """Jobs, handlers and runners on one database."""

    db: Database
    clock: Any
    tmp: Any
    finished: list[Any] = field(default_factory=list)
    finish: FinishResult = field(default_factory=FinishResult)
    patience: float = 5.0
    settings_changes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"povod_guard_allow": ["127.0.0.0/8"], **self.settings_changes}
        self.settings = load_settings({}, None, data_dir=self.tmp / "data", **given)
        self.ledger = Ledger(self.db, self.clock)
        self.events = Events(self.db, self.clock)
        self.handlers = Handlers()
        self.deps = SitesDeps(
            self.db, self.clock, self.settings, self.ledger, self.events, Sealer(b"s" * 32),
            read_input=lambda ctx: InputResult(complete=True),
            finalize=self._finalize,
            export=lambda deps, run: {},
            patience_s=self.patience,
        )  # fmt: skip
        self.work = SitesWork(self.deps)
        self.work.register(self.handlers)

    def _finalize(self, ctx: Any, verdict: Any) -> FinishResult:
        self.finished.append(verdict)
        return self.finish

    @property
    def jobs(self) -> JobStore:
        return job_store(self.deps)

    def profile(self, domain: str, **data: Any) -> None:
        with self.db.tx() as conn:
            conn.execute(sa.insert(site_profiles).values(domain=domain, data=data))

    def make(self, shop: Any, paths: list[str], **options: Any) -> str:
        """A job over paths of the shop, with quick policies."""
        with self.db.read() as conn:
            known = conn.execute(sa.select(site_profiles.c.domain)).first()
        if known is None:
            self.profile("127.0.0.1", ports=[shop.port], policies_override=QUICK)
        urls = [shop.url(path) for path in paths]
        new = [NewUrl(url, url_key(url), position) for position, url in enumerate(urls)]
        given = JobOptions.parse({"max_concurrency": 5, **options})
        job = self.jobs.create_job(
            NewJob(
                domain="127.0.0.1", options=given, input_kind="list", urls=new, created_by="anna"
            )
        )
        return str(job["id"])

    def run(self, **options: Any) -> Any:
        return Runner(
            self.ledger, self.handlers, self.clock, events=self.events, **options
        ).run_until_idle()

    def job(self, job_id: str) -> Any:
        with self.db.read() as conn:
            return get_job(conn, job_id)

    def urls(self, job_id: str) -> dict[str, Any]:
        """Rows of `job_urls` by path."""
        with self.db.read() as conn:
            rows = conn.execute(sa.select(job_urls).where(job_urls.c.job_id == job_id)).mappings()
            return {"/" + row["url"].split("/", 3)[3]: dict(row) for row in rows}

    def outcomes(self, job_id: str) -> dict[str, str]:
        return {path: row["outcome"] for path, row in self.urls(job_id).items()}

    def pages(self, job_id: str) -> dict[str, Any]:
        with self.db.read() as conn:
            rows = conn.execute(sa.select(pages).where(pages.c.job_id == job_id)).mappings()
            return {"/" + row["url"].split("/", 3)[3]: dict(row) for row in rows}

    def counts(self, job_id: str) -> Any:
        with self.db.read() as conn:
            return count_urls(conn, job_id)

    def check_counters(self, job_id: str) -> None:
        """S49: the counters are what the query says."""
        job, counts = self.job(job_id), self.counts(job_id)
        assert (
            job["total_urls"], job["success_urls"], job["failed_urls"], job["gone_urls"],
            job["skipped_urls"],
        ) == (counts.total, counts.success, counts.failed, counts.gone, counts.skipped)  # fmt: skip
