"""One access token for the whole run, whoever asks first (G77, G79).

OAuth is called once per token life, renewed a minute before the end, and once after a 401 - not
once for each of the threads that met it.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from povod.kit.clock import Clock

EARLY = timedelta(seconds=60)
NEVER = datetime.max.replace(tzinfo=UTC)


def expiry(milliseconds: int) -> datetime:
    """The service gives milliseconds since 1970; 0 means a token without an end."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else NEVER


class Token:
    """Keeps the token; `fetch` calls OAuth and gives (token, end)."""

    def __init__(self, fetch: Callable[[], tuple[str, datetime]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._value = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def get(self) -> str:
        """The token, fetched when there is none or its end is near."""
        with self._lock:
            if not self._value or (
                self._until != NEVER and self._clock.now() >= self._until - EARLY
            ):
                self._value, self._until = self._fetch()
            return self._value

    def renew(self, refused: str) -> str:
        """A token other than the one that was refused; others may have fetched it meanwhile."""
        with self._lock:
            if self._value == refused:
                self._value, self._until = self._fetch()
            return self._value
