"""The embedded runner: claims, executes and settles work in this process.

One asyncio loop leads. Claims and settlements go through a single ledger thread, so one process
never waits for its own lock on SQLite, and what ends while a settlement is being written is written
together by the next one (group commit without added delay). Handlers run in `concurrency` threads;
an `async def` handler runs on the loop while its thread waits for it.

Short work is claimed ahead, about half a second's worth, which makes thousands a second possible;
long work is claimed only when a thread is free.
"""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog
from sqlalchemy.exc import OperationalError

from povod.engine import work as outcomes
from povod.engine.dispatch.inline import InlineDispatcher
from povod.engine.events import Events
from povod.engine.execution import Executor, Heartbeat, await_on
from povod.engine.handlers import Handler, Handlers, Run
from povod.engine.ledger import Ledger
from povod.engine.schedules import Schedules
from povod.engine.work import Later, Outcome
from povod.kit.clock import Clock
from povod.kit.ids import new_id

__all__ = ["Handler", "Handlers", "Later", "Run", "RunSummary", "Runner", "StopSignal"]

log = structlog.get_logger()

T = TypeVar("T")
POLL_SECONDS = 1.0
GRACE_SECONDS = 8.0  # what runs may still end within this; all in all 10 s to stop (L4)
AHEAD_SECONDS = 0.5
MOST_AHEAD = 200
TROUBLE_SECONDS = 2.0


class StopSignal(Protocol):
    """A `threading.Event` or an `asyncio.Event`."""

    def is_set(self) -> bool:
        """Whether to stop."""


@dataclass
class RunSummary:
    """What a runner did: ended well, ended in failure, tried in vain but to be tried again."""

    done: int = 0
    failed: int = 0
    retried: int = 0
    put_back: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    """Works ended well, by kind."""

    def count(self, outcome: Outcome) -> None:
        """Add one settled outcome."""
        if outcome.state == "done":
            self.done += 1
            self.by_kind[outcome.work.kind] += 1
        elif outcome.state == "failed":
            self.failed += 1
        elif outcome.error:
            self.retried += 1
        elif outcome.state == "queued":
            self.put_back += 1


class Runner:
    """Works the ledger in this process; any number of processes may do so at once."""

    def __init__(
        self,
        ledger: Ledger,
        handlers: Handlers,
        clock: Clock,
        queues: Sequence[str] | None = None,
        concurrency: int = 4,
        events: Events | None = None,
        schedules: Schedules | None = None,
    ) -> None:
        self.ledger = ledger
        self.handlers = handlers
        self.clock = clock
        self.queues = list(queues) if queues else handlers.queues()
        self.concurrency = concurrency
        self.events = events or Events(ledger.db, clock)
        self.schedules = schedules
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-12:]}"

    def run_until_idle(self, kinds: Sequence[str] | None = None) -> RunSummary:
        """Work everything that is due now (of `kinds`, if given), also what that brings about.

        Does not wait for retries, for later work, or for the leases of dead workers.
        """
        return asyncio.run(self.drain(kinds))

    def run_forever(self, stop: StopSignal) -> RunSummary:
        """Work until `stop` is set, then end within 10 s; schedules tick meanwhile."""
        return asyncio.run(self.serve(stop))

    async def drain(self, kinds: Sequence[str] | None = None) -> RunSummary:
        """`run_until_idle` for callers that have a loop."""
        return await _Shift(self, kinds or self.handlers.kinds()).work(None)

    async def serve(self, stop: StopSignal) -> RunSummary:
        """`run_forever` for callers that have a loop."""
        return await _Shift(self, self.handlers.kinds()).work(stop)


class _Shift:
    """One call of a runner: its threads, what it holds, and what it did."""

    def __init__(self, runner: Runner, kinds: Sequence[str]) -> None:
        self.runner = runner
        self.ledger = runner.ledger
        self.kinds = [kind for kind in kinds if kind in runner.handlers.kinds()]
        self.summary = RunSummary()
        self.stopping = False
        self.executor = Executor(
            runner.ledger, runner.handlers, runner.clock, runner.events, lambda: self.stopping
        )
        self.heartbeat = Heartbeat(runner.ledger)
        self.held: set[Run] = set()
        self.pending: deque[Run] = deque()
        self.ended: deque[tuple[Run, Outcome | None]] = deque()
        self.lanes = 0
        self.lanes_lock = threading.Lock()
        self.mean_seconds = AHEAD_SECONDS
        self.next_tick = 0.0
        self.wake = asyncio.Event()
        self.ledger_thread = ThreadPoolExecutor(1, thread_name_prefix="povod-ledger")

    async def work(self, stop: StopSignal | None) -> RunSummary:
        """Until `stop` is set; without one, until nothing is due."""
        self.loop = asyncio.get_running_loop()
        self.await_on_loop = await_on(self.loop)
        dispatcher = self.ledger.dispatcher
        bell = dispatcher if isinstance(dispatcher, InlineDispatcher) else None
        if bell:
            bell.subscribe(self._ring)
        try:
            await self._pump(stop)
        finally:
            if bell:
                bell.unsubscribe(self._ring)
            try:
                await self._leave()
            finally:
                self.heartbeat.close()
                self.ledger_thread.shutdown(wait=False)
                await asyncio.to_thread(self.runner.events.flush)
        return self.summary

    async def _pump(self, stop: StopSignal | None) -> None:
        while stop is None or not stop.is_set():
            self.wake.clear()
            try:
                moved = await self._turn(ticking=stop is not None)
            except OperationalError as error:
                if stop is None:
                    raise
                log.warning("the database is in trouble, trying again", error=str(error.orig))
                await asyncio.sleep(TROUBLE_SECONDS)
                continue
            if not moved and not self.held and stop is None:
                return
            if not moved:
                await self._rest(POLL_SECONDS)

    async def _turn(self, *, ticking: bool) -> bool:
        """Settle what ended, tick what is due, claim what fits; whether anything was done."""
        settled = await self._settle()
        if ticking and self.runner.schedules and time.monotonic() >= self.next_tick:
            self.next_tick = time.monotonic() + POLL_SECONDS
            await self._in_ledger_thread(self.runner.schedules.tick)
        claimed = await self._claim()
        self._start_lanes()
        return settled or claimed

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)

    async def _claim(self) -> bool:
        ahead = self._ahead()
        self._release([self.pending.pop() for _ in range(len(self.pending) - ahead)])
        held = len(self.held)
        if held >= self.runner.concurrency and held > ahead // 2:
            return False
        works = await self._in_ledger_thread(
            lambda: self.ledger.claim(
                self.runner.owner, self.runner.queues, ahead - held, self.kinds
            )
        )
        runs = [self.executor.prepare(work) for work in works]
        self.held.update(runs)
        self.heartbeat.hold(runs)
        self.pending.extend(runs)
        return bool(runs)

    def _ahead(self) -> int:
        """How many works to hold: about half a second's worth, at least one a thread."""
        worth = int(AHEAD_SECONDS * self.runner.concurrency / max(self.mean_seconds, 1e-6))
        return max(self.runner.concurrency, min(worth, MOST_AHEAD))

    def _start_lanes(self) -> None:
        with self.lanes_lock:
            wanted = min(self.runner.concurrency - self.lanes, len(self.pending))
            self.lanes += max(0, wanted)
        for _ in range(wanted):
            threading.Thread(target=self._lane, name="povod-work", daemon=True).start()

    def _lane(self) -> None:
        """One thread's life: work until nothing is pending."""
        try:
            while (run := self._next()) is not None:
                began = time.monotonic()
                outcome = self.executor.execute(run, self.await_on_loop)
                self.mean_seconds += (time.monotonic() - began - self.mean_seconds) * 0.2
                self.ended.append((run, outcome))
                self._ring()
        finally:
            with self.lanes_lock:
                self.lanes -= 1
            self._ring()

    def _next(self) -> Run | None:
        try:
            return None if self.stopping else self.pending.popleft()
        except IndexError:
            return None

    async def _settle(self) -> bool:
        batch = list(self.ended)
        if not batch:
            return False
        written = [outcome for _, outcome in batch if outcome]
        lost = await self._in_ledger_thread(lambda: self.ledger.settle(written))
        for run, outcome in batch:
            self.ended.popleft()
            self.held.discard(run)
            if outcome and outcome.work.id not in lost:
                self.summary.count(outcome)
        self.heartbeat.drop([run for run, _ in batch])
        return True

    def _release(self, runs: Iterable[Run]) -> None:
        now = self.runner.clock.now()
        self.ended.extend((run, outcomes.released(run.work, now)) for run in runs)

    async def _leave(self) -> None:
        """Give back what has not begun, let the rest end, and give it back too if it does not."""
        self.stopping = True
        self._release(self._drain_pending())
        deadline = time.monotonic() + GRACE_SECONDS
        while await self._settle() or (self.held and time.monotonic() < deadline):
            self.wake.clear()
            if self.held and not self.ended:
                await self._rest(max(0.0, deadline - time.monotonic()))
        if self.held:
            log.warning("work did not stop in time and is given back", works=len(self.held))
            self._release(self.held - {run for run, _ in self.ended})
            await self._settle()

    def _drain_pending(self) -> Iterator[Run]:
        with contextlib.suppress(IndexError):
            while True:
                yield self.pending.popleft()

    async def _in_ledger_thread(self, call: Callable[[], T]) -> T:
        return await self.loop.run_in_executor(self.ledger_thread, call)

    def _ring(self) -> None:
        if not self.wake.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is waiting
                self.loop.call_soon_threadsafe(self.wake.set)
