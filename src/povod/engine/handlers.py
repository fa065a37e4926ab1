"""What runs for each kind of work, and what a handler is given.

A handler is a plain function (run in a thread) or an `async def` (run on the runner's loop). It is
idempotent: after a crash it is called again with the checkpoint saved last. It returns a result
to keep, `Later` to be called again, or nothing; what it raises fails the try.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from povod.engine.events import Events
from povod.engine.ledger import Ledger
from povod.engine.work import QUEUES, Later, Work
from povod.kit.errors import ConfigurationError, LeaseLostError

LOOK_SECONDS = 0.5

Result = dict[str, Any] | Later | None


class Run:
    """One execution of one work item, from the handler's side."""

    def __init__(
        self, work: Work, ledger: Ledger, events: Events, stopping: Callable[[], bool]
    ) -> None:
        self.work = work
        self.args = work.args
        self.checkpoint = work.checkpoint
        self.stop_asked = False
        self.lost = False
        self.left_early = False
        self._ledger = ledger
        self._events = events
        self._stopping = stopping
        self._looked_at = time.monotonic()

    def save(self, checkpoint: dict[str, Any]) -> None:
        """Keep `checkpoint` for whoever continues this work; `LeaseLostError`: stop at once."""
        try:
            self._ledger.checkpoint(self.work, checkpoint)
        except LeaseLostError:
            self.lost = True
            raise
        self.checkpoint = checkpoint

    def progressed(self) -> None:
        """Say that this try got further, so that the death of its worker is not held against it."""
        self._ledger.progressed(self.work)

    def cancelled(self) -> bool:
        """Whether to save and return now; what the handler then returns does not count.

        True when somebody cancelled the work, when the lease is gone, and when the process shuts
        down (the work then waits for another worker). Cheap enough to ask in a loop.
        """
        if time.monotonic() - self._looked_at >= LOOK_SECONDS and not self.stop_asked:
            self._looked_at = time.monotonic()
            self.stop_asked = self._ledger.is_cancelled(self.work)
        self.left_early = self.stop_asked or self.lost or self._stopping()
        return self.left_early

    def progress(self, data: Mapping[str, Any], topic: str | None = None) -> None:
        """Tell pages and bars how far it is; the topic is the work's kind unless given."""
        self._events.emit(topic or self.work.kind, "progress", data, work_id=self.work.id)


Handler = Callable[[Run], Result | Awaitable[Result]]


@dataclass(frozen=True)
class Registered:
    """A handler and the queue on which its work waits."""

    handler: Handler
    queue: str


class Handlers:
    """Kind of work → handler."""

    def __init__(self) -> None:
        self._known: dict[str, Registered] = {}

    def register(self, kind: str, handler: Handler, queue: str = "default") -> None:
        """`handler` runs all work of `kind`."""
        if kind in self._known:
            raise ConfigurationError(f"two handlers for work of kind {kind}; keep one")
        if queue not in QUEUES:
            raise ConfigurationError(
                f"handler {kind}: there is no queue {queue!r}, use one of {', '.join(QUEUES)}"
            )
        self._known[kind] = Registered(handler, queue)

    def get(self, kind: str) -> Handler:
        """The handler of `kind`."""
        return self._known[kind].handler

    def kinds(self) -> list[str]:
        """Every kind that can be run here."""
        return list(self._known)

    def queues(self) -> list[str]:
        """Every queue on which those kinds wait."""
        return sorted({registered.queue for registered in self._known.values()})
