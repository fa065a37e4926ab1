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
    others = _running(house)
    pool = ThreadPoolExecutor(1, thread_name_prefix="greetings-run")
    future = pool.submit(house.greetings.run_once, triggered_by, deliver=deliver)
    pool.shutdown(wait=False)
    wait([future], timeout=seconds)
    run_id = "" if future.done() else _begun(house, future, others)
    if future.done():
        done = future.result()
        return Started(str(done["run_id"]), done)
    return Started(run_id)


def _begun(house: "House", future: "Future[dict[str, Any]]", others: set[str]) -> str:
    """The id of the run as soon as its row is there; empty when the run ended before."""
    while not future.done():
        ours = _running(house) - others
        if ours:
            return ours.pop()
        time.sleep(LOOK_SECONDS)
    return ""


def _running(house: "House") -> set[str]:
    return {str(row["id"]) for row in house.greetings.runs(2) if row["status"] == "running"}
