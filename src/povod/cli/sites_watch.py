"""Following a job: a bar on a terminal, plain lines in a pipe; working on it when asked to."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from povod.cli.output import complain, facts

if TYPE_CHECKING:
    from povod.app.house import House

LOOK_SECONDS = 0.3
LINE_SECONDS = 5.0
STOP_SECONDS = 10.0
FINAL = ("cancelled", "succeeded", "partial", "failed")


def follow(house: "House", job_id: str, *, quiet: bool, work: bool) -> dict[str, Any]:
    """The job when it has ended (or rests); with `work` this process runs its work."""
    house.sites.jobs.get_job(job_id)
    with _working(house) if work else _idle(), _Shown(quiet) as shown:
        while True:
            job = house.sites.response(job_id)
            shown.tell(job)
            if job["status"] in (*FINAL, "paused"):
                return job
            time.sleep(LOOK_SECONDS)


@contextmanager
def _idle() -> Iterator[None]:
    yield


@contextmanager
def _working(house: "House") -> Iterator[None]:
    """A worker for the queue of sites in a thread of its own."""
    stop = threading.Event()
    runner = house.runner(["scraping"])
    thread = threading.Thread(target=runner.run_forever, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)


class _Shown:
    """Progress on standard error, so that what is printed stays clean."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._is_terminal = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._told, self._said = 0.0, ""

    def __enter__(self) -> "_Shown":
        if self._is_terminal and not self._quiet:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, job: dict[str, Any]) -> None:
        """How far it is."""
        done = job["total_urls"] - job["pending_urls"]
        if self._bar is not None:
            text = f"{job['domain']} {job['phase']}"
            total = job["total_urls"] or None
            self._bar.update(self._task, completed=done, total=total, description=text)
            return
        line = f"  {job['status']:<10} {job['phase']:<8} {done}/{job['total_urls']}"
        due = time.monotonic() - self._told >= LINE_SECONDS
        if not self._quiet and line != self._said and (due or job["status"] in FINAL):
            self._told, self._said = time.monotonic(), line
            complain(line)


def show_job(job: dict[str, Any]) -> None:
    """A job for people."""
    names = (
        *("id", "domain", "status", "phase", "stop_reason", "error_message", "total_urls"),
        *("success_urls", "failed_urls", "gone_urls", "skipped_urls", "coverage"),
        *("traffic_mb_used", "created_at", "finished_at"),
    )
    shown = {name: job[name] for name in names if job[name] not in ("", None)}
    diff = ", ".join(f"{name} {count}" for name, count in job["diff"].items() if name != "state")
    facts({**shown, "diff": f"{job['diff']['state']}: {diff}"})
    for warning in job["warnings"]:
        complain(f"  {warning}")


def outcome_of(job: dict[str, Any]) -> int:
    """0 for a job that ended well, else 1."""
    return 0 if job["status"] == "succeeded" else 1
