"""The imitated service's own quotas (Y60): sliding windows on the virtual clock."""

from collections import deque

from povod.sandbox.yandex.errors import RESOURCE_EXHAUSTED, ApiRefusal

# The network squeezes calls together: ten sent within a second may arrive within 0.9 s.
JITTER_SECONDS = 0.1

LIMITS: dict[str, list[tuple[int, float]]] = {
    "create": [(10, 1), (35_000, 3600)],
    "read": [(10, 1)],
    "search_now": [(10, 1), (10_000, 3600)],
    "regions": [(10, 86_400)],
}


class Quotas:
    """Counts accepted calls per kind; `limits` are (count, seconds) pairs."""

    def __init__(self, limits: dict[str, list[tuple[int, float]]] | None = None) -> None:
        self.limits = limits or dict(LIMITS)
        self._calls: dict[str, deque[float]] = {}

    def take(self, kind: str, now: float) -> None:
        """Count a call at virtual second `now`; `ApiRefusal` 429/8 with Retry-After if too many."""
        limits = self.limits.get(kind, [])
        if not limits:
            return
        calls = self._calls.setdefault(kind, deque())
        longest = max(seconds for _, seconds in limits)
        while calls and calls[0] <= now - longest:
            calls.popleft()
        for count, seconds in limits:
            if len(calls) >= count and calls[-count] > now - seconds + JITTER_SECONDS:
                wait = max(1.0, calls[-count] + seconds - now)
                raise ApiRefusal(
                    RESOURCE_EXHAUSTED,
                    f"Quota exceeded: {kind} {count}/{seconds:g}s",
                    retry_after=wait,
                )
        calls.append(now)

    def clear(self) -> None:
        """Forget all counted calls."""
        self._calls.clear()
