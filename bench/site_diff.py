"""Comparing a crawl with the last good state: 10 000 keys, and ten times as many (S152).

A database holds the last good state of a catalogue and the pages of a second crawl, written as the
crawl leaves them: most pages as before, one in twenty changed, a few gone, a few new, a few failed.
Measured is what the last phase does: looking for twins and for mass removals, writing the new state
and the versions, reading every line of the diff. Beside it stands the first job on an empty
database, where every key is new. What is told is held against what was planted.

The databases are made once and copied for each round; sizes take turns, and the median of three
rounds counts. How the time grows is told by processor time: on a machine that others use, too, a
short run is over before it has to wait for them, a long one is not.

Run: python bench/site_diff.py [--quick] [--url postgresql://...]. The last line is one JSON object;
0 only when the bars hold: 10 000 keys in 30 s, 100 000 in at most 12 times that, every line right.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.crawl.urlkey import url_key
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.sites.exports.diff_rows import diff_out, stored_rows
from povod.sites.finish.changes import Rules
from povod.sites.finish.commit import Diff
from povod.sites.finish.fields import USUAL
from povod.sites.finish.losses import may_lose_much
from povod.sites.finish.twins import mark_twins
from povod.store.bulk import bulk_insert
from povod.store.db import Database
from povod.store.migrate import upgrade
from povod.store.tables import job_urls, jobs, pages

DOMAIN = "каталог.рф".encode("idna").decode()
BAR_SECONDS, AIM_SECONDS, BAR_RATIO = 30.0, 3.0, 12.0
BATCH, ROUNDS = 1000, 3
# One key in so many is ...
CHANGED, GONE, FAILED, NEW = 20, 200, 100, 200
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Took:
    """Seconds of one comparison, and what it told."""

    before: float
    write: float
    read: float
    cpu: float
    told: dict[str, int]

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.before + self.write + self.read


def product(number: int, price: int) -> dict[str, Any]:
    """A product page's data, about as much as a shop shows."""
    return {
        "name": f"Дрель ударная ДУ-{number}", "price": f"{price}.00", "currency": "RUB",
        "availability": "in_stock", "stock": number % 40, "sku": f"DU-{number:06d}",
        "brand": "Вихрь", "category": "Дрели", "variants": [],
        "breadcrumbs": [{"name": name, "url": None} for name in ("Главная", "Инструмент", "Дрели")],
        "images": [f"https://{DOMAIN}/img/{number}-{side}.jpg" for side in range(4)],
        "attrs": {f"Свойство {at}": f"значение {number % 7 + at}" for at in range(12)},
    }  # fmt: skip


def outcome_of(number: int, is_second: bool) -> tuple[str, int]:
    """What the crawl met at an address, and the price there."""
    price = 1000 + number % 977
    if not is_second:
        return "ok", price
    if number % FAILED == 7:
        return "error", price
    if number % GONE == 11:
        return "gone", price
    return "ok", price + 100 if number % CHANGED == 3 else price


def planted(keys: int) -> Counter[str]:
    """What the diff must say."""
    told: Counter[str] = Counter(ADDED=keys // NEW)
    for number in range(keys):
        outcome, price = outcome_of(number, True)
        was_changed = price != outcome_of(number, False)[1]
        kind = {"error": "NOT_CHECKED", "gone": "REMOVED"}.get(outcome)
        told[kind or ("MODIFIED" if was_changed else "UNCHANGED")] += 1
    return told


def rows_of(job_id: str, keys: int, at: datetime, is_second: bool) -> Iterator[tuple[Any, Any]]:
    """A row of `job_urls` and one of `pages` for each address."""
    for number in range(keys + (keys // NEW if is_second else 0)):
        outcome, price = outcome_of(number, is_second) if number < keys else ("ok", 500)
        url = f"https://{DOMAIN}/catalog/dreli/drel-{number}/"
        place = {"job_id": job_id, "url": url, "url_key": url_key(url)}
        line = {
            "id": new_id(), **place, "host": DOMAIN, "position": number, "state": "done",
            "attempts": 1, "outcome": outcome, "reason": "" if outcome == "ok" else "http_5xx",
            "finished_at": at,
        }  # fmt: skip
        full = product(number, price)
        page = {
            "id": new_id(), **place, "outcome": outcome, "fetched_at": at, "final_url": url,
            "http_status": 200, "page_kind": "product", "title": full["name"], "h1": full["name"],
            "text_hash": f"{number:064d}", "data_full": full if outcome == "ok" else None,
            "data_seo": {"title": full["name"], "meta_description": full["name"] * 3},
        }  # fmt: skip
        yield line, page


def crawl(db: Database, keys: int, at: datetime, *, is_second: bool) -> str:
    """A job whose crawl is over."""
    job_id = new_id()
    row = {"id": job_id, "domain": DOMAIN, "status": "succeeded", "phase": "finalize",
           "input_kind": "sitemap_url", "options": {}, "input_report": {}}  # fmt: skip
    with db.tx() as conn:
        conn.execute(sa.insert(jobs).values(**row))
    batch: list[tuple[Any, Any]] = []

    def flush() -> None:
        with db.tx() as conn:
            bulk_insert(conn, job_urls, [line for line, _ in batch])
            bulk_insert(conn, pages, [page for _, page in batch])
        batch.clear()

    for both in rows_of(job_id, keys, at, is_second):
        batch.append(both)
        if len(batch) == BATCH:
            flush()
    if batch:
        flush()
    if db.engine.dialect.name != "sqlite":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(sa.text("ANALYZE"))
    return job_id


def compare(db: Database, job_id: str, at: datetime) -> Took:
    """The last phase of a job, piece by piece."""
    diff = Diff(db, job_id, DOMAIN, Rules(USUAL, absent_is_removed=True), at)
    began, worked = time.perf_counter(), time.process_time()
    mark_twins(db, job_id)
    if may_lose_much(diff):
        diff.foresee()
    looked = time.perf_counter()
    told = diff.write().counts
    written = time.perf_counter()
    lines = Counter(row.kind for row in stored_rows(db, job_id) if diff_out(row))
    read, cpu = time.perf_counter(), time.process_time() - worked
    for kind, count in lines.items():
        if told[kind] != count:
            raise SystemExit(f"{count} lines of {kind}, counted {told[kind]}")
    return Took(looked - began, written - looked, read - written, cpu, dict(told))


@dataclass(frozen=True)
class Case:
    """A job whose crawl is over: where its database stands, and when it is compared."""

    keys: int
    name: str
    url: str
    job_id: str
    at: datetime

    def play(self) -> Took:
        """Compare it on a copy that the disk has taken in."""
        file = Path(self.url.removeprefix("sqlite:///"))
        copy = file.with_name("copy.db")
        shutil.copyfile(file, copy)
        with copy.open("rb+") as written:
            os.fsync(written.fileno())
        try:
            return self.play_here(f"sqlite:///{copy}")
        finally:
            for name in file.parent.glob("copy.db*"):
                name.unlink()

    def play_here(self, url: str) -> Took:
        """Compare it where it stands."""
        db = Database(url, FixedClock(self.at))
        try:
            return compare(db, self.job_id, self.at)
        finally:
            db.close()


def prepared(folder: Path, keys: int) -> Iterator[Case]:
    """The first job on an empty database, and the one that is compared with it."""
    clock, main = FixedClock(START), f"sqlite:///{folder / f'{keys}.db'}"
    upgrade(Database(main, clock))
    for name in ("first", "second"):
        clock.advance(timedelta(days=1))
        db = Database(main, clock)
        job_id = crawl(db, keys, clock.now(), is_second=name == "second")
        db.close()
        kept = folder / f"{keys}-{name}.db"
        shutil.copyfile(folder / f"{keys}.db", kept)
        case = Case(keys, name, f"sqlite:///{kept}", job_id, clock.now())
        case.play_here(main)
        yield case


def played(sizes: tuple[int, ...]) -> dict[tuple[int, str], Took]:
    """The median of all rounds, of each size and job."""
    with tempfile.TemporaryDirectory(prefix="povod-diff-") as text:
        cases = [case for keys in sizes for case in prepared(Path(text), keys)]
        rounds = [[case.play() for case in cases] for _ in range(ROUNDS)]
    middle = [
        sorted(some, key=lambda took: took.cpu)[ROUNDS // 2] for some in zip(*rounds, strict=True)
    ]
    return {(case.keys, case.name): took for case, took in zip(cases, middle, strict=True)}


def played_at(url: str, keys: int) -> dict[tuple[int, str], Took]:
    """Once, on a database that is there."""
    clock = FixedClock(START)
    db = Database(url, clock)
    upgrade(db)
    found = {}
    for name in ("first", "second"):
        clock.advance(timedelta(days=1))
        job_id = crawl(db, keys, clock.now(), is_second=name == "second")
        found[keys, name] = compare(db, job_id, clock.now())
    db.close()
    return found


def judged(found: dict[tuple[int, str], Took], sizes: tuple[int, ...]) -> list[str]:
    """Every bar that does not hold."""
    faults = []
    for keys in sizes:
        told = {kind: count for kind, count in found[keys, "second"].told.items() if count}
        if told != {kind: count for kind, count in planted(keys).items() if count}:
            faults.append(f"{keys} keys: told {told}, planted {planted(keys)}")
    if found[sizes[0], "second"].seconds > BAR_SECONDS:
        faults.append(f"{sizes[0]} keys took {found[sizes[0], 'second'].seconds:.1f} s")
    for name, ratio in ratios(found, sizes).items():
        if ratio > BAR_RATIO:
            faults.append(f"{name}: {sizes[1]} keys took {ratio:.1f} times {sizes[0]}")
    return faults


def ratios(found: dict[tuple[int, str], Took], sizes: tuple[int, ...]) -> dict[str, float]:
    """How many times the processor time of the small size the large one took."""
    if len(sizes) < 2:
        return {}
    small, large = sizes
    return {
        f"ratio_{name}": round(found[large, name].cpu / found[small, name].cpu, 1)
        for name in ("first", "second")
    }


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 000 and 20 000 keys")
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; else SQLite")
    given = parser.parse_args()
    sizes: tuple[int, ...] = (2_000, 20_000) if given.quick else (10_000, 100_000)
    sizes = sizes[:1] if given.url else sizes
    found = played_at(given.url, sizes[0]) if given.url else played(sizes)
    print(
        f"{'keys':>8}{'job':>8}{'before s':>11}{'write s':>9}{'read s':>8}{'all s':>8}{'cpu s':>8}"
    )
    report: dict[str, Any] = {}
    for (keys, name), took in found.items():
        print(f"{keys:>8}{name:>8}{took.before:>11.2f}{took.write:>9.2f}{took.read:>8.2f}"
              f"{took.seconds:>8.2f}{took.cpu:>8.2f}")  # fmt: skip
        figures = {name: round(took.seconds, 2), f"{name}_cpu": round(took.cpu, 2)}
        report[str(keys)] = {**report.get(str(keys), {}), **figures}
    print(f"aim for {sizes[0]}: {AIM_SECONDS} s, taken {report[str(sizes[0])]['second']} s")
    faults = judged(found, sizes)
    for fault in faults:
        print(f"NOT HELD: {fault}")
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"bench": "site_diff", **report, **ratios(found, sizes), "peak_mb": peak,
                      "faults": faults, "held": not faults}))  # fmt: skip
    return 0 if not faults else 1


if __name__ == "__main__":
    raise SystemExit(main())
