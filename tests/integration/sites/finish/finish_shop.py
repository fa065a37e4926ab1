"""Jobs whose crawl is over: rows as the crawl leaves them, for finalisation."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from povod.crawl.frontier import count_urls
from povod.crawl.urlkey import url_key
from povod.engine.events import Events
from povod.engine.ledger import Ledger
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.sealing import Sealer
from povod.kit.settings import load_settings
from povod.sites.deps import FinishResult, InputResult, JobContext, SitesDeps
from povod.sites.exports.artifacts import ArtifactStore, FolderStore
from povod.sites.exports.make import ExportMaker
from povod.sites.finish.finalize import Finisher
from povod.sites.options import JobOptions
from povod.sites.verdict import judge
from povod.store.db import Database
from povod.store.tables import job_urls, jobs, pages, snapshot_versions, snapshots

DOMAIN = "shop.ru"


def product(name: str = "Краска", price: str | None = "100", **more: Any) -> dict[str, Any]:
    """A product as extraction writes it."""
    full = {"name": name, "price": price, "currency": "RUB", "availability": "in_stock"}
    full |= {"stock": None, "sku": None, "brand": None, "category": None, "breadcrumbs": []}
    return {**full, "images": [], "attrs": {}, "variants": [], **more}


def variant(key: str, price: str = "100", stock: int | None = 5, **more: Any) -> dict[str, Any]:
    own = {"id": key, "variant_key": key, "sku": None, "url": None, "type": "Цвет"}
    own |= {"value": key, "price": price, "stock": stock, "in_stock": bool(stock)}
    return {**own, "attributes": {"Цвет": key}, **more}


@dataclass
class Shop:
    """What tests say of the crawls of one site."""

    db: Database
    clock: FixedClock
    tmp: Any
    store: ArtifactStore = field(init=False)

    def __post_init__(self) -> None:
        settings = load_settings({}, None, data_dir=self.tmp / "data")
        events = Events(self.db, self.clock)
        self.store = FolderStore(self.tmp / "data")
        self.deps = SitesDeps(
            self.db, self.clock, settings, Ledger(self.db, self.clock), events,
            Sealer(b"s" * 32), read_input=lambda ctx: InputResult(complete=True),
            finalize=lambda ctx, verdict: FinishResult(), export=lambda deps, run: {},
        )  # fmt: skip

    @property
    def maker(self) -> ExportMaker:
        return ExportMaker(self.db, self.clock, self.store, self.tmp / "scratch")

    def crawl(self, seen: dict[str, Any], **columns: Any) -> str:
        """A job in its last phase; `seen` says per path: a product, or an outcome."""
        self.clock.advance(timedelta(hours=1))
        row = {"id": new_id(), "domain": DOMAIN, "status": "running", "phase": "finalize"}
        row |= {"input_kind": "sitemap_url", "options": {}, "input_report": {}, **columns}
        with self.db.tx() as conn:
            conn.execute(sa.insert(jobs).values(**row))
            for position, (path, what) in enumerate(seen.items()):
                self._put(conn, row["id"], position, path, what)
        return str(row["id"])

    def _put(self, conn: Any, job_id: str, position: int, path: str, what: Any) -> None:
        url, now = f"https://{DOMAIN}{path}", self.clock.now()
        outcome = what if isinstance(what, str) else "ok"
        place = {"job_id": job_id, "url": url, "url_key": url_key(url)}
        line = {**place, "host": DOMAIN, "position": position, "state": "done", "attempts": 1}
        reason = "" if outcome in ("ok", "not_modified", "gone", "not_product") else "http_5xx"
        line |= {"outcome": outcome, "reason": reason, "finished_at": now}
        conn.execute(sa.insert(job_urls).values(**line))
        if outcome in ("blocked", "error", "skipped"):
            return
        page = {**place, "outcome": outcome, "fetched_at": now, "final_url": url}
        page |= {"http_status": {"gone": 404, "not_modified": 304}.get(outcome, 200)}
        if outcome == "ok":
            page |= {"page_kind": "product", "data_full": what, "etag": f'"{what["price"]}"'}
            page |= {"title": what["name"], "h1": what["name"], "text_hash": what["name"]}
            page |= {"data_seo": {"title": what["name"], **what.pop("seo", {})}}
            page |= what.pop("page", {})
        conn.execute(sa.insert(pages).values(**page))

    def finish(self, job_id: str) -> FinishResult:
        """Finalise as the work of the ledger does, and end the job."""
        ctx = self.context(job_id)
        with self.db.read() as conn:
            counts = count_urls(conn, job_id)
        verdict = judge(counts, min_coverage=0.5, input_complete=True, stop_reason="")
        result = Finisher(self.maker)(ctx, verdict)
        if result.retry_in is None:
            status = "partial" if result.held else verdict.status
            with self.db.tx() as conn:
                done = sa.update(jobs).where(jobs.c.id == job_id)
                conn.execute(done.values(status=status, finished_at=self.clock.now()))
        return result

    def context(self, job_id: str) -> JobContext:
        job = self.job(job_id)
        run: Any = SimpleNamespace(cancelled=lambda: False, progressed=lambda: None)
        return JobContext(self.deps, job, JobOptions.parse(job["options"]), {}, run)

    def job(self, job_id: str) -> dict[str, Any]:
        with self.db.read() as conn:
            return dict(conn.execute(sa.select(jobs).where(jobs.c.id == job_id)).mappings().one())

    def counts(self, job_id: str) -> dict[str, int]:
        names = ("added", "removed", "modified", "unchanged", "not_checked")
        job = self.job(job_id)
        return {name: job[name] for name in names if job[name]}

    def diff(self, job_id: str) -> list[tuple[str, str, str, list[str]]]:
        """Kind, path, variant and fields of each row of the diff."""
        query = (
            sa.select(snapshot_versions, snapshots.c.url, snapshots.c.variant_key)
            .join(snapshots, snapshots.c.id == snapshot_versions.c.snapshot_id)
            .where(snapshot_versions.c.job_id == job_id)
            .order_by(snapshots.c.url, snapshots.c.variant_key)
        )
        with self.db.read() as conn:
            return [
                (row.change_type, row.url.removeprefix(f"https://{DOMAIN}"), row.variant_key,
                 list(row.fields_changed))
                for row in conn.execute(query)
            ]  # fmt: skip

    def run(self, seen: dict[str, Any], **columns: Any) -> str:
        """A whole job."""
        job_id = self.crawl(seen, **columns)
        self.finish(job_id)
        return job_id

    def snapshots(self) -> list[dict[str, Any]]:
        query = sa.select(snapshots).order_by(snapshots.c.url_key, snapshots.c.variant_key)
        with self.db.read() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]
