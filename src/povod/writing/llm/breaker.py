"""When a run stops asking a model that does not answer (G77).

Open for the rest of the run after five failures in a row, or at once when the money or the key
is gone. While the service is not known to answer, no more calls are under way than failures are
left, so that a dead service costs at most five calls however many threads ask.
"""

import threading

from povod.writing.llm.base import ModelAuthError, ModelError

MOST_FAILURES = 5


class BreakerOpenError(ModelError):
    """The run has given the model up."""

    def __init__(self) -> None:
        super().__init__("the model failed too often in this run; templates write the rest")
        self.code = "breaker"


class Breaker:
    """Counts failures in a row over all threads of a run."""

    def __init__(self, most: int = MOST_FAILURES) -> None:
        self._most = most
        self._failures = 0
        self._under_way = 0
        self._proved = False
        self._open = False
        self._moved = threading.Condition()

    @property
    def is_open(self) -> bool:
        """True once no call may leave any more."""
        return self._open

    def enter(self) -> None:
        """Before a call: waits for the outcome of others if need be; `BreakerOpenError`."""
        with self._moved:
            self._moved.wait_for(lambda: self._open or self._has_room())
            if self._open:
                raise BreakerOpenError
            self._under_way += 1

    def _has_room(self) -> bool:
        sure = self._proved and self._failures == 0
        return sure or self._failures + self._under_way < self._most

    def answered(self) -> None:
        """After a call that the service answered, whatever the answer is worth."""
        with self._moved:
            self._under_way -= 1
            self._failures = 0
            self._proved = True
            self._moved.notify_all()

    def failed(self, error: ModelError) -> None:
        """After a call without a usable answer."""
        with self._moved:
            self._under_way -= 1
            self._failures += 1
            pointless = isinstance(error, ModelAuthError)
            self._open = self._open or pointless or self._failures >= self._most
            self._moved.notify_all()

    def left(self) -> None:
        """After a call that says nothing about the service: it was never made, or broke off."""
        with self._moved:
            self._under_way -= 1
            self._moved.notify_all()
