"""A crawl disturbed: cancelled and resumed, and killed with SIGKILL again and again.

One sandbox shop is crawled undisturbed; then, each time on a database of its own:

- cancel: the job is cancelled in its midst and resumed
- inline: one worker on SQLite, killed at random moments and started anew, also while it finishes
- rq: two workers on PostgreSQL and Redis; each time one of them is killed and replaced

Workers are `povod work` in processes of their own. Bars, for every disturbed run:

- the same addresses with the same outcomes and the same data as undisturbed
- the same bytes of `full.csv` and `seo.csv` but for the column `fetched_at`
- nothing is stored twice: one page for an address, one state for a key, one file of each kind
- no finished address is asked for again. At each kill the addresses that are done are read, then
  the shop's log of requests; at the end the shop's counts of those must be what they were then.
  Besides, no address is asked for more often than once and once more for each disturbance at which
  it was leased.

A dead worker's leases would run for 150 s (work of the ledger: 60 s); here they run for a few
seconds, so that twenty kills fit into minutes. Nothing else of the workers is changed.

Run: python bench/chaos_crawl.py [--quick]. A table, then one line of JSON; 0 only when all holds.
TEST_POSTGRES_URL and TEST_REDIS_URL name the servers; of Redis an empty database is taken.
"""

import argparse
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg
import sqlalchemy as sa

from povod.app.worlds import world_environ
from povod.kit.ids import new_id
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.tables import exports, job_urls, jobs, pages, snapshots

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
SHOP = "chaos-magazin.ru"
PAGES, KILLS = 1000, 20
QUICK_PAGES, QUICK_KILLS = 200, 3
LEASE_S, RENEW_S, WORK_LEASE_S = 6.0, 1.5, "4"
FINAL = ("cancelled", "succeeded", "partial", "failed")
PATIENCE_S = 600.0
OPTIONS = {"max_concurrency": 10, "traffic_budget_mb": 1000, "max_urls": 20_000}
HASTE = {"politeness": {"min_delay_ms": 0}, "budgets": {"site_soft_mb": 900, "site_hard_mb": 950}}
FILES = ("full.csv", "seo.csv")


def worker() -> int:
    """What is being killed: `povod work`, with short leases and a mark when it begins."""
    from povod.app import working
    from povod.cli.main import main as povod
    from povod.crawl.frontier import claiming, model, turns
    from povod.sites import runner

    for part in (model, claiming, turns):
        part.LEASE = timedelta(seconds=LEASE_S)  # type: ignore[attr-defined]
    runner.RENEW_SECONDS = RENEW_S  # type: ignore[attr-defined]
    inner = working.work_forever

    def marked(*args: Any, **kwargs: Any) -> None:
        Path(f"working-{os.getpid()}").touch()
        inner(*args, **kwargs)

    working.work_forever = marked
    sys.argv = ["povod", "work", "--queues", "scraping"]
    povod()
    return 0


@dataclass
class Outcome:
    """What one run left behind."""

    kills: int = 0
    seconds: float = 0
    work_seconds: float = 0
    finish_seconds: float = 0
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    states: dict[tuple[str, str], Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    requests: int = 0
    again: int = 0
    faults: list[str] = field(default_factory=list)


class Crawl:
    """One job on one database, its workers, and what is seen of it from outside."""

    def __init__(self, folder: Path, world: SandboxProcess, url: str, **environ: str) -> None:
        from povod.app.build import build_house
        from povod.kit import log
        from povod.kit.settings import load_settings

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
        from povod.sites.profiles import put_profile
        from povod.sites.start import Order, Source

        put_profile(self.house.sites.deps, SHOP, {"policies_override": HASTE}, "bench")
        source = Source(sitemap_url=f"https://{SHOP}/sitemap.xml")
        order = Order(source=source, options=OPTIONS, by="bench", how="cli")
        return str(self.house.sites.start(order).job["id"])

    # -- workers ----------------------------------------------------------------------------

    def employ(self) -> None:
        """A new worker; it needs a while to begin."""
        command = [sys.executable, __file__, "--worker"]
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
            path = _path(row.url)
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
        outcome.rows = {row.url_key: tuple(_plain(value) for value in row[1:]) for row in rows}
        outcome.paths = {_path(row.url) for row in rows}
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


def _path(url: str) -> str:
    """Path and query of an address."""
    return unquote("/" + url.partition("://")[2].partition("/")[2])


def _plain(value: Any) -> Any:
    return json.dumps(value, sort_keys=True, default=str) if isinstance(value, dict) else value


def without_times(raw: bytes) -> bytes:
    """A CSV file without the moment of each fetch; everything else byte by byte."""
    text = raw.decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""))
    place = next(rows).index("fetched_at")
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [value for at, value in enumerate(row) if at != place]
        for row in csv.reader(io.StringIO(text, newline=""))
    )
    return out.getvalue().encode()


def wait_until(check: Callable[[], bool], seconds: float = PATIENCE_S, nap: float = 0.01) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(nap)


# -- disturbances ---------------------------------------------------------------------------------


def undisturbed(crawl: Crawl, _kills: int, _reference: Outcome, _dice: random.Random) -> Outcome:
    """The run that all others are held against."""
    crawl.employ()
    wait_until(lambda: bool(crawl.at_work()))
    began = time.monotonic()
    wait_until(lambda: crawl.job().phase == "finalize" or crawl.job().status in FINAL)
    finishing = time.monotonic()
    outcome = crawl.result(began)
    outcome.work_seconds = finishing - began
    outcome.finish_seconds = time.monotonic() - finishing
    return outcome


def cancelled(crawl: Crawl, _kills: int, reference: Outcome, dice: random.Random) -> Outcome:
    """Cancelled between a quarter and three quarters, then resumed."""
    began = time.monotonic()
    crawl.employ()
    share = dice.uniform(0.25, 0.75)
    wait_until(lambda: crawl.done() >= share * len(reference.rows))
    crawl.look()
    crawl.house.sites.command(crawl.job_id, "cancel", "bench")
    asked = time.monotonic()
    wait_until(lambda: crawl.job().status in FINAL)
    let_go = time.monotonic() - asked
    was = crawl.job().status
    crawl.look()
    crawl.excused.update(set(crawl.counts()))  # what was in flight is broken off
    crawl.house.sites.command(crawl.job_id, "resume", "bench")
    outcome = crawl.result(began)
    if was != "cancelled":
        outcome.faults.append(f"the cancelled job was {was}")
    if let_go > 30:
        outcome.faults.append(f"it took {let_go:.0f} s to cancel")
    return outcome


def killed(crawl: Crawl, kills: int, reference: Outcome, dice: random.Random) -> Outcome:
    """A worker killed at random moments; the last two of the kills meet the last phase."""
    began = time.monotonic()
    hands = 2 if crawl.environ.get("REDIS_URL") else 1
    whole, late = len(reference.rows), min(2, kills // 3)
    moments = sorted(dice.uniform(0, 0.95) * whole for _ in range(kills - late))
    for _ in range(hands):
        crawl.employ()
    made = 0
    for moment in [*moments, *[float("inf")] * late]:
        wait_until(partial(_is_reached, crawl, moment))
        span = 0.4 if moment < float("inf") else reference.finish_seconds * 0.6
        time.sleep(dice.uniform(0, span))
        if crawl.job().status in FINAL:
            break
        crawl.kill(dice.choice(crawl.at_work()))
        made += 1
        crawl.employ()
    outcome = crawl.result(began)
    outcome.kills = made
    if made < kills - late:
        outcome.faults.append(f"only {made} of {kills} kills met the job alive")
    return outcome


def _is_reached(crawl: Crawl, moment: float) -> bool:
    """Whether somebody is at work and so many addresses are finished."""
    job = crawl.job()
    if job.status in FINAL:
        return True
    return bool(crawl.at_work()) and (job.phase == "finalize" or crawl.done() >= moment)


def compare(outcome: Outcome, reference: Outcome) -> None:
    """A disturbed run must find what the undisturbed one found."""
    _compare_things(outcome, "addresses", outcome.rows, reference.rows)
    _compare_things(outcome, "states", outcome.states, reference.states)
    for name in FILES:
        mine, theirs = outcome.files[name].splitlines(), reference.files[name].splitlines()
        if mine != theirs:
            pairs = zip([*mine, b""], [*theirs, b""], strict=False)
            one, other = next((one, other) for one, other in pairs if one != other)
            at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            parts = [line[max(0, at - 30) : at + 60].decode(errors="replace")
                     for line in (one, other)]  # fmt: skip
            outcome.faults.append(f"{name} differs: {parts[0]!r} for {parts[1]!r}")


def _compare_things(outcome: Outcome, what: str, mine: Any, theirs: Any) -> None:
    differ = sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))
    if differ:
        shown = f"{mine.get(differ[0])} for {theirs.get(differ[0])}"[:300]
        outcome.faults.append(f"{len(differ)} {what} differ: {differ[0]}: {shown}")


# -- places ---------------------------------------------------------------------------------------


@contextmanager
def postgres_database() -> Iterator[str]:
    """A database of our own."""
    name = f"povod_chaos_{new_id().replace('-', '')}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def redis_database() -> Iterator[str]:
    """An empty database of Redis, emptied again at the end."""
    from redis import Redis

    for number in range(14, 0, -1):
        url = f"{REDIS.rsplit('/', 1)[0]}/{number}"
        client = Redis.from_url(url)
        if client.dbsize() == 0:
            break
    else:
        raise SystemExit("no database of Redis is empty")
    try:
        yield url
    finally:
        client.flushdb()
        client.close()


Disturb = Callable[[Crawl, int, Outcome, random.Random], Outcome]


def one_run(world: SandboxProcess, kind: str, disturb: Disturb, kills: int,
            reference: Outcome, seed: int) -> Outcome:  # fmt: skip
    """One job in a place of its own."""
    with tempfile.TemporaryDirectory(prefix="povod-chaos-") as text:
        folder = Path(text)
        if kind != "rq":
            return _played(Crawl(folder, world, f"sqlite:///{folder / 'povod.db'}"), disturb,
                           kills, reference, seed)  # fmt: skip
        with postgres_database() as url, redis_database() as redis_url:
            more = {"REDIS_URL": redis_url, "POVOD_SITES_RUNNERS_PER_JOB": "2"}
            return _played(Crawl(folder, world, url, **more), disturb, kills, reference, seed)


def _played(crawl: Crawl, disturb: Disturb, kills: int, reference: Outcome, seed: int) -> Outcome:
    try:
        return disturb(crawl, kills, reference, random.Random(seed))
    finally:
        crawl.dismiss()
        crawl.house.close()


def all_runs(count: int, kills: int, seed: int, ways: dict[str, Disturb]) -> dict[str, Outcome]:
    """The undisturbed run, then each of the others held against it."""
    with (
        tempfile.TemporaryDirectory(prefix="povod-chaos-") as text,
        start_sandbox(Path(text), sites=3) as world,
    ):
        world.post(
            "/sandbox/shops",
            {"host": SHOP, "layout": "plain", "products": count, "theme": "tools"},
        )
        reference = one_run(world, "reference", undisturbed, 0, Outcome(), 0)
        _print("reference", reference)
        runs = {"reference": reference}
        for kind, disturb in ways.items():
            runs[kind] = one_run(world, kind, disturb, kills, reference, seed)
            if runs[kind].rows:
                compare(runs[kind], reference)
            _print(kind, runs[kind])
        return runs


def _print(kind: str, found: Outcome) -> None:
    print(f"{kind:<10}{found.kills:>6}{len(found.rows):>10}{len(found.states):>8}"
          f"{found.requests:>10}{found.again:>7}{found.seconds:>8.1f}"
          f"  {'; '.join(found.faults) or '-'}", flush=True)  # fmt: skip


def main() -> int:
    """All runs, a table, a line of JSON; 0 when every bar holds."""
    if sys.argv[1:] == ["--worker"]:
        return worker()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 pages and three kills each")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("cancel", "inline", "rq"), help="one disturbance")
    args = parser.parse_args()
    count = args.pages or (QUICK_PAGES if args.quick else PAGES)
    kills = args.kills or (QUICK_KILLS if args.quick else KILLS)
    ways: dict[str, Disturb] = {"cancel": cancelled, "inline": killed, "rq": killed}
    report: dict[str, Any] = {}
    print(f"{'run':<10}{'kills':>6}{'addresses':>10}{'states':>8}{'requests':>10}{'again':>7}"
          f"{'s':>8}  faults")  # fmt: skip
    ways = {kind: way for kind, way in ways.items() if args.only in (None, kind)}
    runs = all_runs(count, kills, args.seed, ways)
    for kind, outcome in runs.items():
        report[kind] = {
            "kills": outcome.kills, "addresses": len(outcome.rows), "requests": outcome.requests,
            "again": outcome.again, "seconds": round(outcome.seconds, 1),
            "faults": outcome.faults,
        }  # fmt: skip
    held = not any(outcome.faults for outcome in runs.values())
    print(json.dumps({"bench": "chaos_crawl", "pages": count, "runs": report, "held": held},
                     ensure_ascii=False))  # fmt: skip
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
