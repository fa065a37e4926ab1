"""Two worker processes on one ledger, killed without warning."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork
from povod.kit.clock import SystemClock
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

WORKER = Path(__file__).with_name("worker_process.py")
Process = subprocess.Popen[bytes]


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def start(processes: list[Process], *arguments: str) -> Process:
    process = subprocess.Popen([sys.executable, str(WORKER), *arguments])
    processes.append(process)
    return process


def wait_until_done(db: Database, at_least: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    done = sa.select(sa.func.count()).where(jobs.c.state == "done")
    while True:
        with db.read() as conn:
            count = conn.execute(done).scalar_one()
        if count >= at_least:
            return
        assert time.monotonic() < deadline, f"only {count} of {at_least} were done"
        time.sleep(0.05)


def test_killed_workers_lose_nothing(db: Database, processes: list[Process]) -> None:
    ledger = Ledger(db, SystemClock())
    number = 60
    with db.tx() as conn:
        works = [
            NewWork("default", "step", {"n": n, "seconds": 0.04}, max_attempts=20)
            for n in range(number)
        ]
        ledger.enqueue_many(conn, works)
    url = db.url.render_as_string(hide_password=False)
    for done_before_the_kill in (7, 23):
        pair = [start(processes, "inline", url) for _ in range(2)]
        wait_until_done(db, done_before_the_kill)
        for process in pair:
            process.kill()
            process.wait()
    pair = [start(processes, "inline", url) for _ in range(2)]
    wait_until_done(db, number)
    with db.read() as conn:
        rows = conn.execute(sa.select(jobs.c.args, jobs.c.result, jobs.c.lease_epoch)).all()
    assert sorted(row.result["n"] for row in rows) == list(range(number))
    assert all(row.result["n"] == row.args["n"] for row in rows)
    assert max(row.lease_epoch for row in rows) > 1, "nobody was killed at work"
    for process in pair:
        process.terminate()
    assert [process.wait(10) for process in pair] == [0, 0]
