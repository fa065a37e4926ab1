"""A repeating step of the house."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from povod.kit.clock import Clock


@dataclass(frozen=True)
class Step:
    """A kind of work that repeats; `next_due` is None while it has nothing in sight."""

    kind: str
    queue: str
    role: str
    interval_seconds: int
    next_due: Callable[[], datetime | None]

    def is_due(self, clock: Clock) -> bool:
        """True if it has something to do by now; the clock is read after the step was asked."""
        due = self.next_due()
        return due is not None and due <= clock.now()
