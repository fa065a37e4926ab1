"""Time comes from one injected place, so that a test or the demo can let a night pass.

`now()` is always timezone-aware UTC. Windows are computed in named zones elsewhere.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the rooms need to know about time."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock plus a shift that only grows: time flows, and can be made to jump.

    `publish` is called before each jump with the new shift, so that another process
    (the sandbox) can follow.
    """

    def __init__(
        self, shift: timedelta = timedelta(), publish: Callable[[timedelta], None] | None = None
    ) -> None:
        self._shift = shift
        self._publish = publish

    @property
    def shift(self) -> timedelta:
        """How far this clock is ahead of the machine's."""
        return self._shift

    def now(self) -> datetime:
        """The machine's time plus the shift."""
        return datetime.now(UTC) + self._shift

    def advance_to(self, moment: datetime) -> None:
        """Jump forward so that `now()` is at least `moment`; never backward."""
        ahead = moment - self.now()
        if ahead <= timedelta():
            return
        shift = self._shift + ahead
        if self._publish is not None:
            self._publish(shift)
        self._shift = shift


class FixedClock:
    """A clock for tests: stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant at which this clock stands."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`."""
        self._now += step
