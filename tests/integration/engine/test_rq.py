"""Server mode against a real Redis and PostgreSQL, with two worker processes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from povod.engine.events import Events
from povod.engine.ledger import Ledger
from povod.engine.runner import Handlers, Later, Run
from povod.engine.schedules import Schedules
from povod.engine.work import NewWork
from povod.kit.clock import SystemClock
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

pytest.importorskip("rq")

from rq import Queue

from povod.engine.dispatch import rq as rq_dispatch

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

WORKER = Path(__file__).with_name("worker_process.py")
CLOCK = SystemClock()


@pytest.fixture
def prefix(redis_url: str) -> Iterator[str]:
    """A name for this test's queues; they are deleted at its end."""
    name = f"povod-test-{new_id()[-12:]}"
    yield name
    redis = rq_dispatch.connect(redis_url)
    empty_redis(redis_url, name)
    for key in redis.scan_iter(f"*{name}*"):
        redis.delete(key)


@pytest.fixture
def workers(postgres_db: Database, redis_url: str, prefix: str) -> Iterator[list[subprocess.Popen]]:
    started: list[subprocess.Popen] = []
    url = postgres_db.url.render_as_string(hide_password=False)
    for _ in range(2):
        command = [sys.executable, str(WORKER), "rq", url, redis_url, prefix]
        started.append(subprocess.Popen(command))
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def ledger(postgres_db: Database, redis_url: str, prefix: str) -> Ledger:
    dispatcher = rq_dispatch.RqDispatcher(redis_url, prefix)
    return Ledger(postgres_db, CLOCK, dispatcher, lease_seconds=1.5)


@pytest.fixture
def signals() -> Iterator[None]:
    """RQ takes over the signals of the process in which it works."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def queue(redis_url: str, prefix: str) -> Queue:
    name = rq_dispatch.queue_name("default", prefix)
    return Queue(name, connection=rq_dispatch.connect(redis_url))


def empty_redis(redis_url: str, prefix: str) -> None:
    """What this test's part of Redis looks like after Redis was emptied."""
    queue(redis_url, prefix).delete(delete_jobs=True)


def put(ledger: Ledger, numbers: range, seconds: float = 0.02, delay: float = 0) -> None:
    run_at = CLOCK.now() + timedelta(seconds=delay)
    works = [
        NewWork("default", "step", {"n": n, "seconds": seconds}, run_at=run_at) for n in numbers
    ]
    with ledger.db.tx() as conn:
        ledger.enqueue_many(conn, works)


def results(ledger: Ledger, at_least: int, seconds: float = 30) -> list[dict[str, int]]:
    deadline = time.monotonic() + seconds
    while True:
        with ledger.db.read() as conn:
            query = sa.select(jobs.c.result).where(jobs.c.state == "done")
            found = list(conn.execute(query).scalars())
        if len(found) >= at_least:
            return found
        assert time.monotonic() < deadline, f"only {len(found)} of {at_least} were done"
        time.sleep(0.05)


def test_two_processes_share_the_work_and_outlive_kill_and_an_empty_redis(
    ledger: Ledger, workers: list[subprocess.Popen], redis_url: str, prefix: str
) -> None:
    put(ledger, range(10))
    put(ledger, range(10, 11), delay=1)  # future work needs no scheduler in Redis
    found = results(ledger, 11)
    while len({result["pid"] for result in found}) < 2:  # one may be up before the other
        put(ledger, range(len(found), len(found) + 10), seconds=0.05)
        found = results(ledger, len(found) + 10)
    number = len(found) + 40
    put(ledger, range(len(found), number), seconds=0.1)
    empty_redis(redis_url, prefix)
    results(ledger, len(found) + 4)
    workers[0].kill()
    assert sorted(result["n"] for result in results(ledger, number)) == list(range(number))


def test_ring_carries_the_id_only_and_always_a_retry(
    ledger: Ledger, redis_url: str, prefix: str
) -> None:
    with ledger.db.tx() as conn:
        work_id = ledger.enqueue(conn, NewWork("default", "step", {"secret": "ivan@example.ru"}))
    (job,) = queue(redis_url, prefix).jobs
    assert (job.func_name, job.args, job.kwargs) == (rq_dispatch.PERFORM, (work_id,), {})
    assert (job.retries_left, job.timeout) == (3, -1)


def test_worker_runs_rows_and_schedules_and_stops_when_told(
    ledger: Ledger, postgres_db: Database, redis_url: str, prefix: str, signals: None
) -> None:
    async def twice(run: Run) -> Later | dict[str, int]:
        return {"n": 1} if run.checkpoint else Later(CLOCK.now(), {"half": True})

    handlers = Handlers()
    handlers.register("once", lambda run: {"n": 2})
    handlers.register("boom", lambda run: 1 / 0)  # type: ignore[arg-type,return-value]
    handlers.register("async", twice)
    plan = Schedules(postgres_db, CLOCK, ledger)
    plan.ensure("s", "default", "once", interval_seconds=3600)
    with postgres_db.tx() as conn:
        ledger.enqueue(conn, NewWork("default", "boom", max_attempts=1))
        ledger.enqueue(conn, NewWork("default", "async", max_attempts=9))
        ledger.enqueue(conn, NewWork("default", "unknown here"))
    rq_dispatch.run_rq_worker(
        redis_url, ["default"], ledger, handlers, CLOCK, schedules=plan, prefix=prefix, burst=True
    )
    with postgres_db.read() as conn:
        rows = conn.execute(sa.select(jobs.c.kind, jobs.c.state, jobs.c.error)).all()
    states = {row.kind: row.state for row in rows}
    assert states == {"async": "done", "once": "done", "boom": "failed", "unknown here": "queued"}
    assert next(row.error for row in rows if row.kind == "boom").startswith("ZeroDivisionError")


def test_sweeper_rings_for_what_nobody_was_told_of(
    postgres_db: Database, ledger: Ledger, redis_url: str, prefix: str
) -> None:
    quiet = Ledger(postgres_db, CLOCK)
    put(quiet, range(3))
    dispatcher = rq_dispatch.RqDispatcher(redis_url, prefix)
    sweeper = rq_dispatch.Sweeper(quiet, dispatcher)
    assert (sweeper.sweep(), sweeper.sweep()) == (3, 0)
    assert queue(redis_url, prefix).count == 3


def test_unreachable_redis_does_not_hold_up_whoever_enqueues(postgres_db: Database) -> None:
    dispatcher = rq_dispatch.RqDispatcher("redis://127.0.0.1:1/15")
    began = time.monotonic()
    put(Ledger(postgres_db, CLOCK, dispatcher), range(200))
    assert time.monotonic() - began < 5
    assert Ledger(postgres_db, CLOCK).stats().due == 200


def test_ring_for_a_row_that_is_not_due_does_nothing(postgres_db: Database) -> None:
    ledger = Ledger(postgres_db, CLOCK)
    handlers = Handlers()
    handlers.register("step", lambda run: None)
    with postgres_db.tx() as conn:
        later = CLOCK.now() + timedelta(minutes=1)
        work_id = ledger.enqueue(conn, NewWork("default", "step", run_at=later))
    assert work_id
    stop = rq_dispatch.threading.Event()
    one = rq_dispatch.OneByOne(ledger, handlers, CLOCK, Events(postgres_db, CLOCK), stop)
    assert one.run(work_id) is None
    assert one.run(new_id()) is None


def test_foreign_rq_worker_is_told_what_to_start() -> None:
    with pytest.raises(RuntimeError, match="povod work"):
        rq_dispatch.perform(new_id())
