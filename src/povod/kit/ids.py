"""UUIDv7 keys (RFC 9562 section 5.7): sortable by time, made in Python.

Keys travel as their canonical text everywhere in the house: JSON, URLs and logs need no conversion.
"""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """A new UUIDv7 as text; strictly increasing within one process."""
    digits = f"{_number():032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7() -> UUID:
    """The same as a UUID object."""
    return UUID(int=_number())


def _number() -> int:
    """48 bits of Unix milliseconds, 12 bits of sub-millisecond order, 62 random bits."""
    global _last  # noqa: PLW0603 - the order of keys within a process is process state
    with _lock:
        # 60-bit counter: milliseconds * 4096 + 1/4096 ms, never repeated
        ticks = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = ticks
    millis, fraction = divmod(ticks, 4096)
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return (millis << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | tail
