"""Which part of a file is asked for (RFC 9110, section 14): one range, or all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


@dataclass(frozen=True)
class Part:
    """Bytes from `start` up to, not with, `stop` of `size`."""

    start: int
    stop: int
    size: int

    @property
    def status(self) -> int:
        """206 for a part, 200 for the whole."""
        return 200 if (self.start, self.stop) == (0, self.size) else 206

    def headers(self) -> dict[str, str]:
        """What the answer says of itself."""
        length = {"Content-Length": str(self.stop - self.start)}
        if self.status == 200:
            return length
        return {**length, "Content-Range": f"bytes {self.start}-{self.stop - 1}/{self.size}"}


def wanted_part(headers: Mapping[str, str], size: int, etag: str) -> Part | None:
    """The part; the whole for a header that is absent, odd or about another version.

    None: no byte of the file lies in the range.
    """
    whole = Part(0, size, size)
    found = _RANGE.match(headers.get("range", "").strip())
    if found is None or headers.get("if-range", etag) != etag:
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        return Part(max(0, size - int(last)), size, size) if int(last) and size else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return whole
    return Part(start, stop, size) if start < size else None
