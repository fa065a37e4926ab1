"""Starting a run from the console: in a thread, so that a long one holds no page (G117)."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from povod.app.house import House

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Started:
    """A run: its id, and its counters when it has ended."""

    run_id: str
    done: dict[str, Any] | None = None


def start_run(
    house: "House", triggered_by: str, *, deliver: bool, seconds: float = WAIT_SECONDS
) -> Started:
    """Start a run and wait at most `seconds`; `RunActiveError` while another is at work."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="greetings-run")
    future = pool.submit(house.greetings.run_once, triggered_by, deliver=deliver)
    pool.shutdown(wait=False)
    wait([future], timeout=seconds)
    run_id = "" if future.done() else _begun(house, future)
    if future.done():
        done = future.result()
        return Started(str(done["run_id"]), done)
    return Started(run_id)


def _begun(house: "House", future: "Future[dict[str, Any]]") -> str:
    """The id of the run as soon as its row is there."""
    while not future.done():
        running = [row for row in house.greetings.runs(1) if row["status"] == "running"]
        if running:
            return str(running[0]["id"])
        time.sleep(LOOK_SECONDS)
    return ""
