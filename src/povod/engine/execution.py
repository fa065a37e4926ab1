"""Running one work item: the boundary at which a handler's error becomes a row of the ledger."""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from povod.engine import work as outcomes
from povod.engine.events import Events
from povod.engine.handlers import Handlers, Result, Run
from povod.engine.ledger import Ledger
from povod.engine.work import Later, Outcome, Work, check_json, storable_text
from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError, InputError, LeaseLostError
from povod.kit.log import mask_email

log = structlog.get_logger()

Await = Callable[[Awaitable[Result]], Result]

PERMANENT = (ConfigurationError, InputError)
"""Errors that another try cannot cure; after the cause is mended the work is resumed by hand."""

ERROR_LENGTH = 2000


class Executor:
    """Turns a claimed `Work` into an `Outcome`; used by the inline runner and by RQ workers."""

    def __init__(
        self,
        ledger: Ledger,
        handlers: Handlers,
        clock: Clock,
        events: Events,
        stopping: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._handlers = handlers
        self._clock = clock
        self._events = events
        self._stopping = stopping

    def prepare(self, work: Work) -> Run:
        """What the handler of `work` will be given."""
        return Run(work, self._ledger, self._events, self._stopping)

    def execute(self, run: Run, await_: Await) -> Outcome | None:
        """Call the handler; `None` if the lease was lost and there is nothing to write."""
        began = time.perf_counter()
        work = run.work
        with structlog.contextvars.bound_contextvars(work=work.id, kind=work.kind):
            try:
                outcome = self._judge(run, self._call(run, await_))
            except LeaseLostError:
                outcome = None
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary of work
                outcome = self._failed(run, error)
            self._log(work, outcome, time.perf_counter() - began)
        return outcome

    def _call(self, run: Run, await_: Await) -> Result:
        answer = self._handlers.get(run.work.kind)(run)
        return await_(answer) if inspect.isawaitable(answer) else answer

    def _judge(self, run: Run, answer: Result) -> Outcome | None:
        if run.lost:
            return None
        if run.stop_asked and run.left_early:
            return outcomes.cancelled(run.work)
        if run.left_early:
            return outcomes.released(run.work, self._clock.now())
        check_json(answer.checkpoint if isinstance(answer, Later) else answer)
        if isinstance(answer, Later):
            return outcomes.put_back(run.work, answer.run_at, answer.checkpoint)
        return outcomes.done(run.work, answer)

    def _failed(self, run: Run, error: BaseException) -> Outcome | None:
        if run.lost:
            return None
        work = run.work
        log.warning("work raised", exc_info=error, attempt=work.attempts)
        text = storable_text(mask_email(f"{type(error).__name__}: {error}"))[:ERROR_LENGTH]
        return outcomes.failed(work, text, self._retry_at(work, error))

    def _retry_at(self, work: Work, error: BaseException) -> datetime | None:
        if isinstance(error, PERMANENT) or work.attempts >= work.max_attempts:
            return None
        return self._clock.now() + outcomes.backoff(work.attempts)

    def _log(self, work: Work, outcome: Outcome | None, seconds: float) -> None:
        log.info(
            "work",
            queue=work.queue,
            outcome=outcome.state if outcome else "lease_lost",
            attempt=work.attempts,
            ms=round(seconds * 1000, 1),
        )


class Heartbeat:
    """A thread that keeps the leases of all runs it holds, three times per lease."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, runs: list[Run]) -> None:
        """Keep the leases of `runs` from now on."""
        with self._lock:
            for run in runs:
                before = self._runs.get(run.work.id)
                if before is not None:
                    before.lost = True  # it froze, its lease ran out, and we took it again
                self._runs[run.work.id] = run
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="povod-heartbeat", daemon=True
                )
                self._thread.start()

    def drop(self, runs: list[Run]) -> None:
        """Stop keeping them."""
        with self._lock:
            for run in runs:
                if self._runs.get(run.work.id) is run:
                    del self._runs[run.work.id]

    def close(self) -> None:
        """End the thread."""
        self._stop.set()

    def _beat(self) -> None:
        while not self._stop.wait(self._ledger.lease_seconds / 3):
            try:
                self.beat_once()
            except OperationalError as error:
                log.warning("leases not extended", error=str(error.orig))

    def beat_once(self) -> None:
        """Extend all leases and tell the runs what became of theirs."""
        with self._lock:
            runs = list(self._runs.values())
        if not runs:
            return
        held = self._ledger.extend_many([run.work for run in runs])
        with self._lock:
            current = set(map(id, self._runs.values()))
        for run in runs:
            if id(run) not in current:
                continue  # settled meanwhile: nothing is lost
            if run.work.id not in held:
                run.lost = True
            elif held[run.work.id]:
                run.stop_asked = True


def await_on(loop: asyncio.AbstractEventLoop) -> Await:
    """Lets a thread wait for a coroutine that runs on `loop`."""

    async def finish(answer: Awaitable[Result]) -> Result:
        return await answer

    def wait(answer: Awaitable[Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(finish(answer), loop).result()

    return wait
