"""One job on one database, its workers, and what is seen of it from outside."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa

from crawl_chaos.outcome import FILES, Outcome, path_of, plain, without_times
from povod.app.build import build_house
from povod.app.worlds import world_environ
from povod.kit import log
from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess
from povod.sites.profiles import put_profile
from povod.sites.start import Order, Source
from povod.store.tables import exports, job_urls, jobs, pages, snapshots

SHOP = "chaos-magazin.ru"
WORKER = Path(__file__).parent / "worker.py"
WORK_LEASE_S = "4"
FINAL = ("cancelled", "succeeded", "partial", "failed")
PATIENCE_S = 1800.0
OPTIONS = {"max_concurrency": 10, "traffic_budget_mb": 1000, "max_urls": 20_000}
HASTE = {"politeness": {"min_delay_ms": 0}, "budgets": {"site_soft_mb": 900, "site_hard_mb": 950}}


class Crawl:
    """One job on one database, its workers, and what is seen of it from outside."""

    def __init__(self, folder: Path, world: SandboxProcess, url: str, **environ: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.folder, self.world = folder, world
        self.environ = {
            **kept, **world_environ(world), "DATABASE_URL": url, "DATA_DIR": str(folder / "data"),
            "LOG_LEVEL": "ERROR", "WORK_LEASE_SECONDS": WORK_LEASE_S, **environ,
        }  # fmt: skip
        log.configure("ERROR", "json")
        self.house = build_house(load_settings(self.environ, None))
        self.house.prepare()
        self.workers: list[subprocess.Popen[bytes]] = []
        self.done_then: dict[str, int] = {}
        self.excused: Counter[str] = Counter()
        self.broken: list[str] = []
        world.delete(f"/sandbox/shops/{SHOP}/log")
        self.job_id = self._start()

    def _start(self) -> str:
        put_profile(self.house.sites.deps, SHOP, {"policies_override": HASTE}, "bench")
        source = Source(sitemap_url=f"https://{SHOP}/sitemap.xml")
        order = Order(source=source, options=OPTIONS, by="bench", how="cli")
        return str(self.house.sites.start(order).job["id"])

    # -- workers ----------------------------------------------------------------------------

    def employ(self) -> None:
        """A new worker; it needs a while to begin."""
        command = [sys.executable, str(WORKER)]
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environ, cwd=self.folder, stdout=log, stderr=log
            )
        self.workers.append(process)

    def at_work(self) -> "list[subprocess.Popen[bytes]]":
        """The workers that have begun; one that ended by itself is a fault of ours."""
        for process in self.workers:
            if process.poll() is not None:
                text = (self.folder / "worker.log").read_text(encoding="utf-8", errors="replace")
                raise SystemExit(f"a worker ended with {process.returncode}:\n{text[-2000:]}")
        return [one for one in self.workers if (self.folder / f"working-{one.pid}").exists()]

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """SIGKILL, and a look at what was done and what was in flight."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.workers.remove(process)
        self.look()

    def dismiss(self) -> None:
        """End all workers and let go of the database."""
        for process in self.workers:
            process.kill()
            process.wait()
        self.workers.clear()

    # -- looking ----------------------------------------------------------------------------

    def job(self) -> Any:
        """The row of the job."""
        query = sa.select(jobs).where(jobs.c.id == self.job_id)
        with self.house.db.read() as conn:
            return conn.execute(query).one()

    def done(self) -> int:
        """How many addresses are finished."""
        query = sa.select(sa.func.count()).where(
            job_urls.c.job_id == self.job_id, job_urls.c.state == "done"
        )
        with self.house.db.read() as conn:
            return int(conn.execute(query).scalar_one())

    def counts(self) -> dict[str, int]:
        """Requests that the shop had, by path."""
        found = self.world.get(f"/sandbox/shops/{SHOP}/log", entries="0")["counts"]
        return {unquote(path): int(count) for path, count in found.items()}

    def look(self) -> None:
        """At a disturbance: finished addresses must have had their last request."""
        query = sa.select(job_urls.c.url, job_urls.c.state).where(job_urls.c.job_id == self.job_id)
        with self.house.db.read() as conn:
            rows = conn.execute(query).all()
        counts = self.counts()
        for row in rows:
            path = path_of(row.url)
            if row.state == "leased":
                self.excused[path] += 1
            elif row.state == "done":
                known = self.done_then.setdefault(path, counts.get(path, 0))
                if known != counts.get(path, 0):
                    self.broken.append(path)

    def result(self, began: float) -> Outcome:
        """Everything that is stored, and every bar that this run broke by itself."""
        wait_until(lambda: bool(self.at_work()) and self.job().status in FINAL)
        outcome = Outcome(seconds=time.monotonic() - began)
        self.look()
        job = self.job()
        if job.status != "succeeded":
            said = f"the job ended {job.status} {job.stop_reason} {job.error_message}"
            outcome.faults.append(said)
            return outcome
        self._read(outcome)
        self._read_files(outcome)
        self._check_requests(outcome)
        return outcome

    def _read(self, outcome: Outcome) -> None:
        mine = pages.c.job_id == job_urls.c.job_id, pages.c.url_key == job_urls.c.url_key
        query = sa.select(
            job_urls.c.url_key, job_urls.c.url, job_urls.c.outcome, job_urls.c.reason,
            pages.c.http_status,
            pages.c.title, pages.c.text_hash, pages.c.data_full, pages.c.data_seo,
        ).select_from(job_urls.outerjoin(pages, sa.and_(*mine)))  # fmt: skip
        states = sa.select(snapshots).where(snapshots.c.domain == SHOP)
        made = sa.select(exports).where(exports.c.job_id == self.job_id)
        with self.house.db.read() as conn:
            rows = conn.execute(query.where(job_urls.c.job_id == self.job_id)).all()
            known = conn.execute(states).all()
            files = conn.execute(made).all()
            stored = sa.select(sa.func.count()).where(pages.c.job_id == self.job_id)
            count = conn.execute(stored).scalar_one()
        outcome.rows = {row.url_key: tuple(plain(value) for value in row[1:]) for row in rows}
        outcome.paths = {path_of(row.url) for row in rows}
        outcome.states = {(r.url_key, r.variant_key): (r.last_hash, r.state) for r in known}
        job = self.job()
        kinds = {(row.type, row.format, row.layout, row.dialect) for row in files}
        for what, is_bad in (
            ("an address twice", len(rows) != len(outcome.rows)),
            ("pages and addresses differ", count != len(rows)),
            ("a state twice", len(known) != len(outcome.states)),
            ("a file twice", len(files) != len(kinds)),
            ("counters differ", job.success_urls + job.failed_urls + job.gone_urls
             + job.skipped_urls != job.total_urls or job.total_urls != len(rows)),
        ):  # fmt: skip
            if is_bad:
                outcome.faults.append(what)

    def _read_files(self, outcome: Outcome) -> None:
        for name in FILES:
            with self.house.sites.store.open(f"jobs/{self.job_id}/{name}") as file:
                outcome.files[name] = without_times(file.read())

    def _check_requests(self, outcome: Outcome) -> None:
        if self.broken:
            outcome.faults.append(f"{len(self.broken)} finished asked again: {self.broken[:2]}")
        paths = outcome.paths
        seen = {path: count for path, count in self.counts().items() if path in paths}
        often = [path for path, count in seen.items() if count > 1 + self.excused[path]]
        if often:
            outcome.faults.append(f"{len(often)} asked too often: {often[:2]}")
        if set(seen) != paths:
            missing = sorted(paths - set(seen))
            outcome.faults.append(f"{len(missing)} never asked: {missing[:2]}")
        outcome.requests = sum(seen.values())
        outcome.again = outcome.requests - len(seen)


def wait_until(check: Callable[[], bool], seconds: float = PATIENCE_S, nap: float = 0.01) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(nap)
