"""One reader of the events of a process, for all open streams (S112)."""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from povod.engine.events import Event, Events

log = structlog.get_logger()

POLL_SECONDS = 0.3
TROUBLE_SECONDS = 2.0
QUEUED = 2000
"""A stream that falls so far behind is ended; its client comes back with the last id."""


class Hub:
    """Hands new events to those who listen to their topic; asks the table only then."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._listeners: dict[str, set[asyncio.Queue[Event | None]]] = {}
        self._task: asyncio.Task[None] | None = None
        self.open = 0

    @contextmanager
    def listen(self, topic: str) -> Iterator[asyncio.Queue[Event | None]]:
        """News of a topic from now on; None in the queue: too slow, the stream is over."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.setdefault(topic, set()).add(queue)
        self.open += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read())
        try:
            yield queue
        finally:
            self.open -= 1
            listeners = self._listeners[topic]
            listeners.discard(queue)
            if not listeners:
                del self._listeners[topic]

    async def _read(self) -> None:
        last = -1
        while self._listeners:
            try:
                if last < 0:
                    last = await asyncio.to_thread(self._events.latest_id)
                last = await self._turn(last)
            except SQLAlchemyError as error:
                log.warning("events cannot be read", error=type(error).__name__)
                await asyncio.sleep(TROUBLE_SECONDS)
            await asyncio.sleep(POLL_SECONDS)

    async def _turn(self, last: int) -> int:
        for event in await asyncio.to_thread(self._events.read, last):
            last = event.id
            for queue in self._listeners.get(event.topic, ()):
                _put(queue, event)
        return last

    async def close(self) -> None:
        """End the reader."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def _put(queue: asyncio.Queue[Event | None], event: Event) -> None:
    if queue.qsize() < QUEUED:
        queue.put_nowait(event)
    elif queue.qsize() == QUEUED:
        queue.put_nowait(None)
