"""The sandbox's virtual time: the machine's clock, sped up and shifted, never running backwards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _machine_now() -> datetime:
    return datetime.now(UTC)


class WorldClock:
    """Virtual now = real now + shift; with `scale` > 1 the shift also grows by itself.

    `real` can be replaced in tests. `on_change` receives each new shift, so that a sandbox that
    is killed and started again goes on where it was.
    """

    def __init__(
        self,
        shift_seconds: float = 0,
        scale: float = 1,
        *,
        real: Callable[[], datetime] = _machine_now,
        on_change: Callable[[float], None] | None = None,
    ) -> None:
        self._real = real
        self._scale = scale
        self._on_change = on_change
        self._origin = real()
        self._offset = timedelta(seconds=shift_seconds)

    def real_now(self) -> datetime:
        """The machine's own time, for the ledger."""
        return self._real()

    def now(self) -> datetime:
        """The current virtual instant, timezone-aware, in UTC."""
        real = self._real()
        return real + self._offset + (real - self._origin) * (self._scale - 1)

    @property
    def shift(self) -> timedelta:
        """How far the virtual time is ahead of the machine's."""
        real = self._real()
        return self._offset + (real - self._origin) * (self._scale - 1)

    def advance(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass at once; a negative number changes nothing."""
        if seconds > 0:
            self._offset += timedelta(seconds=seconds)
            self._published()

    def set_shift(self, seconds: float) -> None:
        """Follow another clock that is `seconds` ahead of the machine; never goes backwards."""
        self.advance(seconds - self.shift.total_seconds())

    def _published(self) -> None:
        if self._on_change is not None:
            self._on_change(self.shift.total_seconds())
