"""No-op work items per second through the ledger, and the time from enqueue to start.

Inline: the embedded runner on SQLite and on PostgreSQL, each item claimed, executed in a thread,
and settled in the ledger. Beside it RQ: the same ledger rows on PostgreSQL, rung for through Redis
and run by a worker process, and bare RQ jobs without any ledger. Logs of single items are off.
Latency is measured on a runner that waits: one item after another, from the call of enqueue to
the first line of its handler.

Every number is the median of three rounds, which take turns. Databases are made for the bench and
dropped. Run: python bench/ledger.py [--quick]. The last line is one JSON object; the exit status
is 0 only when the bars hold: 5000/s on SQLite, 3000/s on PostgreSQL, inline.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from povod.engine.dispatch import Dispatcher
from povod.engine.dispatch.inline import InlineDispatcher
from povod.engine.ledger import Ledger
from povod.engine.runner import Handlers, Run, Runner
from povod.engine.work import NewWork
from povod.kit.clock import SystemClock
from povod.kit.ids import new_id
from povod.kit.log import configure
from povod.store.db import Database
from povod.store.tables import metadata, processing_jobs

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0").rsplit("/", 1)[0] + "/15"
BARS = {"sqlite inline": 5000, "postgresql inline": 3000}
ROUNDS = 3
CLOCK = SystemClock()
KIND = "noop"


def noop(_: object = None) -> None:
    """The work of one item."""


def make_ledger(db: Database, dispatcher: Dispatcher | None = None) -> Ledger:
    """A ledger without rows."""
    with db.tx() as conn:
        conn.execute(sa.delete(processing_jobs))
    if not db.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE processing_jobs")
    return Ledger(db, CLOCK, dispatcher)


def fill(ledger: Ledger, items: int) -> None:
    """Put `items` rows in, in one transaction."""
    with ledger.db.tx() as conn:
        ledger.enqueue_many(conn, [NewWork("default", KIND) for _ in range(items)])


def inline_rate(db: Database, items: int) -> float:
    """Items per second that the embedded runner finishes."""
    ledger, handlers = make_ledger(db), Handlers()
    handlers.register(KIND, noop)
    fill(ledger, items)
    began = time.perf_counter()
    summary = Runner(ledger, handlers, CLOCK).run_until_idle()
    seconds = time.perf_counter() - began
    if summary.done != items:
        raise SystemExit(f"{summary.done} of {items} items were done")
    return items / seconds


def latencies(db: Database, items: int) -> list[float]:
    """Milliseconds from enqueue to start, one item at a time, on a waiting runner."""
    started, stop = threading.Event(), threading.Event()
    begun = [0.0]

    def handler(_: Run) -> None:
        begun[0] = time.perf_counter()
        started.set()

    ledger, handlers = make_ledger(db, InlineDispatcher()), Handlers()
    handlers.register(KIND, handler)
    thread = threading.Thread(target=Runner(ledger, handlers, CLOCK).run_forever, args=(stop,))
    thread.start()
    found = []
    for _ in range(items):
        time.sleep(0.01)
        started.clear()
        asked = time.perf_counter()
        with db.tx() as conn:
            ledger.enqueue(conn, NewWork("default", KIND))
        if not started.wait(10):
            raise SystemExit("the runner did not wake up")
        found.append((begun[0] - asked) * 1000)
    stop.set()
    thread.join()
    return found


class RqBench:
    """Work through Redis: rings are prepared, then a fresh worker process empties the queue."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.prefix = f"povod-bench-{new_id()[-12:]}"

    def ledger_rate(self, items: int) -> float:
        """Ledger rows per second, rung for through RQ."""
        from povod.engine.dispatch.rq import RqDispatcher

        fill(make_ledger(self.db, RqDispatcher(REDIS, self.prefix)), items)
        return items / self._run("ledger")

    def bare_rate(self, items: int) -> float:
        """RQ jobs per second without a ledger."""
        queue = self._queue()
        queue.enqueue_many(
            [queue.prepare_data("builtins.bool", (0,), result_ttl=0) for _ in range(items)]
        )
        return items / self._run("bare")

    def close(self) -> None:
        """Leave nothing in Redis."""
        queue = self._queue()
        queue.delete(delete_jobs=True)
        for key in queue.connection.scan_iter(f"*{self.prefix}*"):
            queue.connection.delete(key)

    def _queue(self) -> Any:  # RQ is an extra: its types are named only where it is used
        from rq import Queue

        from povod.engine.dispatch.rq import connect, queue_name

        return Queue(queue_name("default", self.prefix), connection=connect(REDIS))

    def _run(self, what: str) -> float:
        url = self.db.url.render_as_string(hide_password=False)
        command = [sys.executable, __file__, "--worker", what, url, self.prefix]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return float(output.splitlines()[-1])


def rq_worker(what: str, url: str, prefix: str) -> None:
    """The worker process: empties the queue and prints how many seconds that took."""
    from rq import Queue, SimpleWorker

    from povod.engine.dispatch import rq

    db, handlers = Database(url), Handlers()
    handlers.register(KIND, noop)
    redis = rq.connect(REDIS)
    began = time.perf_counter()
    if what == "ledger":
        ledger = Ledger(db, CLOCK)
        rq.run_rq_worker(REDIS, ["default"], ledger, handlers, CLOCK, prefix=prefix, burst=True)
        seconds = time.perf_counter() - began
        left = ledger.stats().count("queued")
    else:
        queue = Queue(rq.queue_name("default", prefix), connection=redis)
        SimpleWorker([queue], connection=redis).work(burst=True, logging_level="WARNING")
        seconds = time.perf_counter() - began
        left = queue.count
    if left:
        raise SystemExit(f"{left} items were left")
    print(seconds)


@contextmanager
def sqlite() -> Iterator[Database]:
    """A database file of this bench's own."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        with db.tx() as conn:
            metadata.create_all(conn)
        yield db
        db.close()


@contextmanager
def postgresql() -> Iterator[Database]:
    """A database of this bench's own on the server; dropped at the end."""
    name = f"povod_bench_{new_id().replace('-', '')}"
    with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        db = Database(sa.make_url(POSTGRES).set(database=name).render_as_string(False))
        try:
            with db.tx() as conn:
                metadata.create_all(conn)
            yield db
        finally:
            db.close()
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            admin.execute(drop.format(sql.Identifier(name)))


def redis_is_there() -> bool:
    """Whether the server mode can be measured."""
    try:
        from redis import RedisError

        from povod.engine.dispatch.rq import connect_impatiently
    except ImportError:
        print("RQ is left out: install the extra `server`")
        return False
    try:
        return bool(connect_impatiently(REDIS).ping())
    except RedisError as error:
        print(f"RQ is left out: {error}")
        return False


def run(quick: bool) -> int:
    """All rounds, the table, and the last line."""
    items, rings, singles = (4000, 300, 100) if quick else (20_000, 1500, 400)
    rates: dict[str, list[float]] = {}
    waits: dict[str, list[list[float]]] = {}
    with ExitStack() as stack:
        databases = {"sqlite": stack.enter_context(sqlite())}
        try:
            databases["postgresql"] = stack.enter_context(postgresql())
        except psycopg.OperationalError as error:
            print(f"PostgreSQL is left out: {error}")
        rq = RqBench(databases["postgresql"]) if "postgresql" in databases else None
        if rq and redis_is_there():
            stack.callback(rq.close)
        else:
            rq = None
        for _ in range(ROUNDS):
            for name, db in databases.items():
                rates.setdefault(f"{name} inline", []).append(inline_rate(db, items))
                waits.setdefault(name, []).append(latencies(db, singles))
            if rq:
                rates.setdefault("postgresql + rq", []).append(rq.ledger_rate(rings))
                rates.setdefault("bare rq", []).append(rq.bare_rate(rings))
    return report(rates, waits)


def report(rates: dict[str, list[float]], waits: dict[str, list[list[float]]]) -> int:
    """Print the medians; 0 when every bar holds."""
    medians = {name: round(statistics.median(found)) for name, found in rates.items()}
    latency = {
        name: {
            f"p{percent}_ms": round(
                statistics.median(
                    statistics.quantiles(found, n=100)[percent - 1] for found in rounds
                ),
                2,
            )
            for percent in (50, 99)
        }
        for name, rounds in waits.items()
    }
    print(f"{'no-op work':<20}{'items/s':>10}{'bar':>8}")
    for name, rate in medians.items():
        print(f"{name:<20}{rate:>10}{BARS.get(name, ''):>8}")
    print(f"{'enqueue to start':<20}{'p50 ms':>10}{'p99 ms':>10}")
    for name, found in latency.items():
        print(f"{name:<20}{found['p50_ms']:>10}{found['p99_ms']:>10}")
    held = all(medians.get(name, 0) >= bar for name, bar in BARS.items())
    print(json.dumps({"items_per_second": medians, "latency": latency, "bars_hold": held}))
    return 0 if held else 1


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="smaller rounds, under a minute")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    configure("WARNING", "json")
    if arguments.worker:
        rq_worker(*arguments.worker)
        return 0
    return run(arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
