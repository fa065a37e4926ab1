"""The doorbell inside one process: wakes the runners that live in it."""

from collections.abc import Callable


class InlineDispatcher:
    """Calls every subscribed runner. Other processes find the work at their next poll."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, wake: Callable[[], None]) -> None:
        """`wake` is called at each ring, from whatever thread rings: it must only set a flag."""
        self._listeners = [*self._listeners, wake]

    def unsubscribe(self, wake: Callable[[], None]) -> None:
        """Stop calling `wake`."""
        self._listeners = [other for other in self._listeners if other != wake]

    def notify(self, queue: str, work_id: str) -> None:
        """Wake the runners of this process."""
        for wake in self._listeners:
            wake()
