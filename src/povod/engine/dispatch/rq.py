"""The doorbell over Redis: RQ carries ids to worker processes on any number of machines.

The ledger stays the memory. An RQ job holds the id of a row and nothing else; a worker asks the
ledger for that row and does nothing if it is not due, done, or held by somebody. RQ's own status
and retries only cover what happens before the ledger can be asked. Every worker process also
sweeps: rows that are due, and rows whose lease ran out, are rung for again, so an emptied or
restarted Redis loses nothing and future work needs no scheduler in Redis.

RQ and redis are the extra `server`; this module is imported in server mode only.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry as RedisRetry
from rq import Queue, Retry, SimpleWorker
from rq.timeouts import TimerDeathPenalty
from sqlalchemy.exc import OperationalError

from povod.engine.events import Events
from povod.engine.execution import Executor, Heartbeat
from povod.engine.handlers import Handlers, Result
from povod.engine.ledger import Ledger
from povod.engine.schedules import Schedules
from povod.engine.work import Outcome
from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.ids import new_id
from povod.kit.masking import mask

log = structlog.get_logger()

PREFIX = "povod"
PERFORM = "povod.engine.dispatch.rq.perform"
SWEEP_SECONDS = 2.0
SICK_SECONDS = 5.0
RING_AGAIN = timedelta(seconds=30)
KEPT_SECONDS = 300  # RQ's own records, for looking into trouble only
_ADVICE = (
    ("protected mode", "Give that Redis a password (requirepass) and write it into the address"),
    ("called without any password", "That Redis has no password: leave it out of the address"),
    ("wrongpass", "Correct user and password: redis://user:password@host:6379/0"),
    ("invalid username-password", "Correct user and password: redis://user:password@host:6379/0"),
    ("auth", "It asks for a password: redis://:password@host:6379/0"),
    ("permission", "Let this user of Redis use the keys rq:* and all commands of lists and hashes"),
)
_USUAL_ADVICE = "Mend that Redis or name another one; without REDIS_URL no Redis is needed"
RETRY = Retry(max=3)  # at once: without intervals RQ needs no scheduler; later the sweeper rings


def connect(url: str) -> Redis:
    """A worker's connection: it survives short interruptions."""
    return Redis.from_url(
        url,
        retry=RedisRetry(ExponentialBackoff(cap=1, base=0.05), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        socket_connect_timeout=3,
        health_check_interval=30,
    )


def connect_impatiently(url: str) -> Redis:
    """A ringer's connection: whoever enqueues must not wait for a sick Redis."""
    return Redis.from_url(
        url, retry=RedisRetry(NoBackoff(), 1), socket_connect_timeout=1, socket_timeout=1
    )


def check(url: str) -> None:
    """Ask Redis for a sign of life; `ConfigurationError` says what it answered instead."""
    try:
        connect_impatiently(url).ping()
    except RedisError as error:
        raise unusable(url, error) from None


def unusable(url: str, error: RedisError) -> ConfigurationError:
    """The address without its password, the answer of Redis, and what to do."""
    said = f"{error}".strip() or type(error).__name__
    advice = next((text for sign, text in _ADVICE if sign in said.casefold()), _USUAL_ADVICE)
    if isinstance(error, RedisConnectionError | RedisTimeoutError) and advice == _USUAL_ADVICE:
        advice = "Check the address and that Redis runs"
    return ConfigurationError(f"REDIS_URL: {mask(url)} answers {said[:200]!r}. {advice}")


class RqDispatcher:
    """Rings for ledger rows through RQ queues named `<prefix>:<queue>`."""

    def __init__(self, url: str, prefix: str = PREFIX) -> None:
        self._redis = connect_impatiently(url)
        self._prefix = prefix
        self._queues: dict[str, Queue] = {}
        self._silent_until = 0.0

    def notify(self, queue: str, work_id: str) -> None:
        """Put the id on the queue; a sick Redis is left alone a while: the sweeper rings again."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._queue(queue).enqueue_call(
                PERFORM,
                args=(work_id,),
                timeout=-1,  # the lease bounds a silent worker, not a clock in RQ
                result_ttl=0,
                failure_ttl=KEPT_SECONDS,
                retry=RETRY,
                description=work_id,
            )
        except RedisError as error:
            self._silent_until = time.monotonic() + SICK_SECONDS
            log.warning("redis does not take rings", work=work_id, error=type(error).__name__)

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(queue_name(name, self._prefix), connection=self._redis)
        return self._queues[name]


def queue_name(queue: str, prefix: str = PREFIX) -> str:
    """What a queue of the ledger is called in RQ."""
    return f"{prefix}:{queue}"


class Sweeper:
    """Rings again for rows that nobody was told of, or that a dead worker left behind."""

    def __init__(
        self, ledger: Ledger, dispatcher: RqDispatcher, schedules: Schedules | None = None
    ) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._schedules = schedules

    def sweep(self) -> int:
        """One round: tick the schedules, ring for what waits; returns the number of rings."""
        if self._schedules is not None:
            self._schedules.tick()
        rings = self._ledger.due_unnotified(RING_AGAIN)
        for queue, work_id in rings:
            self._dispatcher.notify(queue, work_id)
        return len(rings)

    def run(self, stop: threading.Event) -> None:
        """Sweep until `stop` is set; a database in trouble is asked again."""
        while not stop.wait(SWEEP_SECONDS):
            try:
                self.sweep()
            except OperationalError as error:
                log.warning("sweep did not end", error=str(error.orig))


class OneByOne:
    """Executes single ledger rows by id, with the same code as the embedded runner."""

    def __init__(
        self,
        ledger: Ledger,
        handlers: Handlers,
        clock: Clock,
        events: Events,
        stopping: threading.Event,
    ) -> None:
        self._ledger = ledger
        self._kinds = handlers.kinds()
        self._events = events
        self._executor = Executor(ledger, handlers, clock, events, stopping.is_set)
        self._heartbeat = Heartbeat(ledger)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-12:]}"

    def run(self, work_id: str) -> Outcome | None:
        """Claim, execute and settle that row; `None` if there was nothing to do."""
        work = self._ledger.claim_one(self._owner, work_id, self._kinds)
        if work is None:
            return None
        run = self._executor.prepare(work)
        self._heartbeat.hold([run])
        try:
            outcome = self._executor.execute(run, _await)
            if outcome is None or self._ledger.settle([outcome]):
                return None
            return outcome
        finally:
            self._heartbeat.drop([run])
            self._events.flush()


def _await(answer: Awaitable[Result]) -> Result:
    async def finish() -> Result:
        return await answer

    return asyncio.run(finish())


class _Worker(SimpleWorker):
    """RQ's worker without forks (connections live on) and without alarms (leases rule)."""

    death_penalty_class = TimerDeathPenalty
    stopping: threading.Event

    def request_stop(self, signum: int, frame: object) -> None:
        self.stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call] # RQ has no types here


_current: list[OneByOne] = []


def perform(work_id: str) -> None:
    """What RQ calls, inside a process started by `run_rq_worker`."""
    if not _current:
        raise RuntimeError("this RQ worker is not Povod's: start workers with `povod work`")
    _current[-1].run(work_id)


def run_rq_worker(
    url: str,
    queues: Sequence[str],
    ledger: Ledger,
    handlers: Handlers,
    clock: Clock,
    *,
    events: Events | None = None,
    schedules: Schedules | None = None,
    prefix: str = PREFIX,
    burst: bool = False,
) -> None:
    """Work rows of `queues` until a signal stops it; `burst`: until Redis has no more rings.

    One row at a time: start as many processes as there should be works at once. A Redis that
    cannot be used is a `ConfigurationError`; short interruptions are lived through.
    """
    check(url)
    stop = threading.Event()
    events = events or Events(ledger.db, clock)
    redis = connect(url)
    heard = [Queue(queue_name(queue, prefix), connection=redis) for queue in queues]
    worker = _Worker(heard, connection=redis)
    worker.stopping = stop
    sweeper = Sweeper(ledger, RqDispatcher(url, prefix), schedules)
    sweeping = threading.Thread(target=sweeper.run, args=(stop,), daemon=True, name="povod-sweeper")
    _current.append(OneByOne(ledger, handlers, clock, events, stop))
    try:
        sweeper.sweep()
        sweeping.start()
        worker.work(burst=burst, logging_level="WARNING")
    except RedisError as error:
        raise unusable(url, error) from None
    finally:
        stop.set()
        _current.pop()
        events.flush()
