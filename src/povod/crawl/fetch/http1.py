"""Heads of HTTP/1.1 messages as the egress proxy reads and rewrites them."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_HEAD = 64 * 1024
_HOP_BY_HOP = frozenset({"connection", "proxy-connection", "proxy-authorization", "keep-alive"})


class HeadError(Exception):
    """What came is no head of a message."""


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and fields; empty (falsy) when the connection was closed before one."""

    start: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.start)

    @property
    def method(self) -> str:
        """Of a request."""
        return self.start.partition(" ")[0]

    @property
    def target(self) -> str:
        """Of a request: the second word of its line."""
        return [*self.start.split(" "), ""][1]

    def get(self, name: str) -> str:
        """The first field of that (lower-case) name, or nothing."""
        return next((value for key, value in self.fields if key.lower() == name), "")

    def for_origin(self) -> bytes:
        """The request as the site itself gets it: origin form, no word to the proxy, one shot."""
        parts = urlsplit(self.target)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._written(f"{self.method} {path} HTTP/1.1")

    def closing(self) -> bytes:
        """The answer, telling the client that no other request may follow."""
        return self._written(self.start)

    def _written(self, start: str) -> bytes:
        kept = [
            f"{name}: {value}" for name, value in self.fields if name.lower() not in _HOP_BY_HOP
        ]
        return "\r\n".join([start, *kept, "Connection: close", "", ""]).encode("latin-1")


async def read_head(reader: asyncio.StreamReader, timeout: float) -> Head:
    """The next head; an empty one at the end of the stream."""
    try:
        async with asyncio.timeout(timeout):
            raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise HeadError("cut off within the head") from None
        return Head()
    except asyncio.LimitOverrunError:
        raise HeadError("the head is too long") from None
    lines = raw.decode("latin-1").rstrip("\r\n").lstrip("\r\n").split("\r\n")
    fields = [line.partition(":") for line in lines[1:]]
    return Head(
        lines[0], tuple((name.strip(), value.strip()) for name, _, value in fields), len(raw)
    )
