"""A worker process for the tests: `worker_process.py inline|rq DATABASE [REDIS PREFIX]`.

Its work is slow enough to be killed in, and leaves one event per execution that got to its end.
"""

import os
import signal
import sys
import threading
import time
from datetime import timedelta

from povod.engine.ledger import Ledger
from povod.engine.runner import Handlers, Run, Runner
from povod.kit.clock import SystemClock
from povod.kit.log import configure
from povod.store.db import Database

LEASE_SECONDS = 1.5
clock = SystemClock()


def step(run: Run) -> dict[str, int]:
    """Half of the work, a checkpoint, the other half."""
    done = run.checkpoint.get("done", 0)
    for part in range(done, 2):
        time.sleep(run.args["seconds"] / 2)
        run.save({"done": part + 1})
    run.progress({"n": run.args["n"]}, topic="ended")
    return {"n": run.args["n"], "pid": os.getpid()}


def main() -> None:
    configure("WARNING", "json")
    mode, url, *redis = sys.argv[1:]
    db = Database(url, clock)
    ledger = Ledger(db, clock, lease_seconds=LEASE_SECONDS)
    handlers = Handlers()
    handlers.register("step", step)
    if mode == "rq":
        from povod.engine.dispatch import rq

        rq.SWEEP_SECONDS, rq.RING_AGAIN = 0.3, timedelta(seconds=1)
        rq.run_rq_worker(
            redis[0],
            ["default"],
            ledger,
            handlers,
            clock,
            prefix=redis[1],
        )
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Runner(ledger, handlers, clock, concurrency=2).run_forever(stop)


if __name__ == "__main__":
    main()
