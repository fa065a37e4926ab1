"""UUIDv7 keys (RFC 9562 section 5.7): sortable by time, made in Python.

Keys travel as their canonical text everywhere in the house: JSON, URLs and logs need no conversion.
"""

import os
import struct
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0
_RANDOM = (1 << 62) - 1


def new_id() -> str:
    """A new UUIDv7 as text; strictly increasing within one process."""
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """Many new ids at once, in order: for rows that are written in one statement."""
    first = _reserve(count)
    tails = struct.unpack(f">{count}Q", os.urandom(8 * count))
    made = (f"{_number(first + place, tail):032x}" for place, tail in enumerate(tails))
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in made]


def uuid7() -> UUID:
    """The same as a UUID object."""
    return UUID(new_id())


def _reserve(count: int) -> int:
    """The first of as many ticks, a 60-bit count of 1/4096 ms; none is given twice."""
    global _last  # noqa: PLW0603 - the order of keys within a process is process state
    with _lock:
        first = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = first + count - 1
    return first


def _number(ticks: int, tail: int) -> int:
    """48 bits of Unix milliseconds, 12 bits of sub-millisecond order, 62 random bits."""
    millis, fraction = ticks >> 12, ticks & 0xFFF
    return (millis << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | tail & _RANDOM
