"""The crawl of one job by one worker: claim, fetch, extract, settle, till nothing is left (S45).

One asyncio loop fetches and extracts; the database is asked from one thread beside it, one turn at
a time (what ended is written and new addresses are claimed together). All that matters is in the
database: a worker may be killed at any instant and another goes on.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
import structlog

from povod.crawl.fetch.fetchers import FetcherSet
from povod.crawl.frontier import (
    Settled,
    Ticket,
    Turn,
    Wish,
    end_pending,
    renew,
    take_turn,
)
from povod.crawl.frontier.model import RENEW_SECONDS
from povod.sites.attempts import given_back
from povod.sites.equipment import open_equipment
from povod.sites.fetching import wait_for
from povod.sites.known import UNKNOWN, Known, load_known
from povod.sites.plan import CrawlJob
from povod.sites.progress import Teller
from povod.store.tables import jobs

log = structlog.get_logger()

T = TypeVar("T")
MOST_IN_FLIGHT = 40
CLAIM = 20
TICK_SECONDS = 1.0
SETTLE_SECONDS = 0.05
"""What has ended waits this long for company before it is written."""

_COUNTED = (
    "success_urls", "failed_urls", "gone_urls", "skipped_urls", "traffic_bytes",
    "residential_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class End:
    """Why the worker leaves; it comes back at `until`, if given."""

    why: Literal["finished", "stopped", "waiting", "left"]
    until: datetime | None = None


class JobCrawl:
    """One worker on one job."""

    def __init__(self, crawl: CrawlJob, pause: Callable[[str, datetime], None]) -> None:
        self._crawl = crawl
        self._ctx = crawl.ctx
        self._deps = crawl.ctx.deps
        self._pause = pause
        self._done: list[Settled] = []
        self._done_since = 0.0
        self._ended = 0
        self._late: asyncio.TimerHandle | None = None
        self._flying: dict[asyncio.Task[Settled], Ticket] = {}
        self._wake = asyncio.Event()
        self._db_thread = ThreadPoolExecutor(1, thread_name_prefix="povod-frontier")
        self._look_at = 0.0
        self._renewed_at = time.monotonic()
        self._hungry = True
        self._leaving = False
        self._got_on = False
        self._batch = max(1, crawl.plan.host_limits.max_concurrency * 4 // 5)
        self._tell = Teller(self._deps.events, self._ctx.job_id, crawl.total, crawl.done)

    async def work(self) -> End:
        """Until nothing is left, the job stops, or there is nothing to do for long."""
        try:
            async with self._deps.open_fetchers(
                self._deps.settings, self._ctx.policies
            ) as fetchers:
                try:
                    return await self._with(fetchers)
                finally:
                    await self._land()
        finally:
            self._db_thread.shutdown(wait=True)

    async def _with(self, fetchers: FetcherSet) -> End:
        self._kit = await open_equipment(self._crawl, fetchers, self._in_thread)
        blocked = await self._kit.ask_first(self._crawl.samples)
        started = time.monotonic()
        if blocked is not None:
            return End("waiting", blocked)
        while True:
            self._collect()
            if self._is_time():
                end = await self._step(started)
                if end is not None:
                    return end
            else:
                await self._rest()

    async def _step(self, started: float) -> End | None:
        """One turn of the frontier and what follows from it."""
        turn = await self._turn()
        if turn.pause is not None:
            await self._in_thread(lambda: self._pause(*turn.pause))  # type: ignore[misc]
        if turn.status == "cancelling" or self._leaving:
            await self._abort()
        if self._flying or self._done:
            return None
        return self._end_of(turn, time.monotonic() - started)

    def _end_of(self, turn: Turn, seconds: float) -> End | None:
        """Whether to leave, now that nothing is in flight."""
        if self._leaving:
            return End("left")
        if turn.standstill in ("stopped", "finished"):
            return End("stopped" if turn.standstill == "stopped" else "finished")
        now = self._deps.now()
        if turn.standstill == "others":
            return End("waiting", now + timedelta(seconds=TICK_SECONDS))
        until = turn.wait_until
        if until is not None and (until - now).total_seconds() > self._deps.patience_s:
            return End("waiting", until)
        if seconds > self._deps.slice_s and self._others_wait(now):
            return End("waiting", now)
        return None

    def _others_wait(self, now: datetime) -> bool:
        """Whether work is due that nobody has taken for two seconds."""
        due = self._deps.ledger.next_due()
        return due is not None and due <= now - timedelta(seconds=2)

    # -- turns ------------------------------------------------------------------------------

    def _is_time(self) -> bool:
        """Whether a turn is worth its cost now."""
        now = time.monotonic()
        if now >= self._look_at:
            return True
        ended = len(self._done) + self._ended
        if ended:
            late = now - self._done_since >= SETTLE_SECONDS
            return ended >= self._batch or late or self._ended == len(self._flying)
        return self._hungry and len(self._flying) < MOST_IN_FLIGHT

    async def _turn(self) -> Turn:
        done, self._done = self._done, []
        want = 0 if self._leaving else min(CLAIM, MOST_IN_FLIGHT - len(self._flying))
        wish = await self._kit.wish(want, [ticket.step.fetcher for ticket in self._flying.values()])
        turn, known, cancelled, counters = await self._in_thread(lambda: self._in_db(done, wish))
        self._look_at = time.monotonic() + self._patience(turn)
        self._leaving = self._leaving or cancelled
        self._hungry = len(turn.tickets) == min(want, CLAIM) > 0
        self._tell.pages(item for item in done if item.ticket.id not in turn.lost)
        self._tell.news(turn.news)
        if counters is not None:
            self._tell.progress(counters, {"in_flight": len(self._flying)})
        for ticket in turn.tickets:
            self._launch(ticket, known.get(ticket.url_key, UNKNOWN))
        if turn.spent is not None:
            self._kit.spent(turn.spent)
        return turn

    def _patience(self, turn: Turn) -> float:
        """Seconds until the frontier is looked at again, if nothing lands before."""
        if turn.wait_until is None:
            return TICK_SECONDS
        wait = (turn.wait_until - self._deps.now()).total_seconds()
        return min(TICK_SECONDS, max(wait, 0.01))

    def _in_db(
        self, done: list[Settled], wish: Wish
    ) -> tuple[Turn, Mapping[str, Known], bool, Mapping[str, Any] | None]:
        """Everything that is asked of the database, in the one thread for it."""
        db = self._deps.db
        self._keep_leases()
        self._end_late()
        turn = take_turn(db, self._crawl.plan, done, wish)
        if not self._got_on and any(item.outcome for item in done):
            self._got_on = True
            self._ctx.run.progressed()
        known: Mapping[str, Known] = {}
        if turn.tickets and self._crawl.uses_known:
            keys = [ticket.url_key for ticket in turn.tickets]
            with db.read() as conn:
                known = load_known(conn, self._ctx.job["domain"], keys)
        return turn, known, self._ctx.run.cancelled(), self._counters()

    def _counters(self) -> Mapping[str, Any] | None:
        if not self._tell.is_due():
            return None
        query = sa.select(*(jobs.c[name] for name in _COUNTED)).where(jobs.c.id == self._ctx.job_id)
        with self._deps.db.read() as conn:
            row = conn.execute(query).mappings().first()
        return dict(row) if row else None

    def _keep_leases(self) -> None:
        if time.monotonic() - self._renewed_at < RENEW_SECONDS:
            return
        self._renewed_at = time.monotonic()
        tokens = {ticket.token for ticket in list(self._flying.values())}
        if tokens:
            renew(self._deps.db, self._ctx.job_id, tokens)

    def _end_late(self) -> None:
        """At the deadline of the job the rest is skipped."""
        deadline = self._ctx.job["deadline_at"]
        now = self._deps.now()
        if deadline is None or now < deadline:
            return
        with self._deps.db.tx() as conn:
            if end_pending(conn, self._ctx.job_id, "skipped", "deadline", now):
                unset = sa.and_(jobs.c.id == self._ctx.job_id, jobs.c.stop_reason == "")
                conn.execute(sa.update(jobs).where(unset).values(stop_reason="deadline"))

    # -- flights ----------------------------------------------------------------------------

    def _launch(self, ticket: Ticket, known: Known) -> None:
        task = asyncio.create_task(self._fly(ticket, known))
        self._flying[task] = ticket
        task.add_done_callback(self._landed)

    async def _fly(self, ticket: Ticket, known: Known) -> Settled:
        wait = wait_for(ticket, self._deps.now())
        if wait > 0.001:
            await asyncio.sleep(wait)
        settled = await self._kit.desk.process(ticket, known, self._kit.ladder)
        debt = self._kit.take_debt()
        return replace(settled, used=settled.used + debt) if debt else settled

    def _landed(self, task: "asyncio.Task[Settled]") -> None:
        """Wake the loop once enough has landed, or the first of it has waited long enough."""
        if task not in self._flying:
            return
        if not self._done and not self._ended:
            self._done_since = time.monotonic()
            loop = asyncio.get_running_loop()
            self._late = loop.call_later(SETTLE_SECONDS, self._wake.set)
        self._ended += 1
        if task.cancelled() or task.exception() is not None or self._is_time():
            self._wake.set()

    def _collect(self, *, leaving: bool = False) -> None:
        """Take what has landed; an address whose flight was broken off is given back.

        A fault of ours in a flight ends the work, unless it is `leaving` anyway.
        """
        for task in [task for task in self._flying if task.done()]:
            ticket = self._flying[task]
            if task.cancelled() or (leaving and task.exception() is not None):
                settled = given_back(ticket, used=ticket.reserved)
            else:
                settled = task.result()
            del self._flying[task]
            self._done.append(settled)
        self._ended = 0
        if self._late is not None:
            self._late.cancel()

    async def _abort(self) -> None:
        """Break off all flights (S46: within two seconds)."""
        for task in self._flying:
            task.cancel()
        if self._flying:
            await asyncio.wait(list(self._flying), timeout=2)
        self._collect(leaving=True)

    async def _land(self) -> None:
        """Whatever ended the work: nothing stays in flight, what has landed is written."""
        await self._abort()
        if self._done:
            done, self._done = self._done, []
            await self._in_thread(
                lambda: take_turn(self._deps.db, self._crawl.plan, done, Wish.nothing())
            )

    async def _rest(self) -> None:
        """Until something lands, or it is time for a turn again."""
        self._wake.clear()
        pause = SETTLE_SECONDS if self._done else max(0.001, self._look_at - time.monotonic())
        try:
            await asyncio.wait_for(self._wake.wait(), pause)
        except TimeoutError:
            return

    def _in_thread(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._db_thread, call)
