"""Every request to the imitated services, so that tests can look for what must not go out.

GET /sandbox/journal?service=&contains=, DELETE /sandbox/journal.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
MOST_ENTRIES = 20_000
MOST_TEXT = 64_000
MOST_TEXT_IN_ALL = 64 << 20
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class Journal:
    """The last requests, the oldest first; bodies are kept as text, cut at 64 000 characters."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque()
        self._size = 0

    def watched(self, service: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint with a line in the journal for each request, also for those cut off."""

        async def inner(request: Request) -> Response:
            entry = self.add(service, request, await request.body())
            response = await endpoint(request)
            entry["status"] = response.status_code
            return response

        return inner

    def add(self, service: str, request: Request, raw: bytes) -> dict[str, Any]:
        """Write a request down; the caller may complete the entry."""
        query = f"?{request.url.query}" if request.url.query else ""
        entry: dict[str, Any] = {
            "service": service,
            "at": datetime.now(UTC).isoformat(),
            "method": request.method,
            "path": request.url.path + query,
            "headers": dict(request.headers),
            "body": raw[:MOST_TEXT].decode("utf-8", "replace"),
            "status": 0,
        }
        self._entries.append(entry)
        self._size += len(entry["body"])
        while len(self._entries) > MOST_ENTRIES or self._size > MOST_TEXT_IN_ALL:
            self._size -= len(self._entries.popleft()["body"])
        return entry

    def read(self, service: str = "", contains: str = "") -> list[dict[str, Any]]:
        """The entries of a service (or all) that hold a text anywhere (or all)."""
        return [
            entry
            for entry in self._entries
            if service in {"", entry["service"]} and _holds(entry, contains)
        ]

    def clear(self) -> None:
        """Begin anew."""
        self._entries.clear()
        self._size = 0


def _holds(entry: dict[str, Any], text: str) -> bool:
    if not text:
        return True
    wanted = text.casefold()
    places = [_unescaped(entry["body"]), entry["path"], *entry["headers"].values()]
    return any(wanted in place.casefold() for place in places)


def _unescaped(text: str) -> str:
    """JSON may write letters as numbers; a canary is to be found all the same."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
