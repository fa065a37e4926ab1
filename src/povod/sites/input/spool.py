"""Addresses between the map and the frontier: on disk, with only their order in memory.

A list of 200 000 addresses must not take more memory than a small one (S36), yet it is sorted and
cut as a whole (S40).
"""

import tempfile
from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Self

import orjson

DEFAULT_PRIORITY = 0.5
"""What the sitemap protocol says of a page without one."""

FAR_FUTURE = 1e12


class Kept(NamedTuple):
    """One accepted address; `lastmod` as an ISO text, empty if unknown."""

    url: str
    url_key: str
    priority: float | None
    lastmod: str
    source: str

    @property
    def modified(self) -> datetime | None:
        """`lastmod` as an instant."""
        return datetime.fromisoformat(self.lastmod) if self.lastmod else None


class Spool:
    """Use as a context manager; what was added is gone at its end."""

    def __init__(self, sort: str) -> None:
        self._sort = sort
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._places = array("q")
        self._ranks = array("d")
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, kept: Kept) -> None:
        """Put one more at the end."""
        line = orjson.dumps(tuple(kept)) + b"\n"
        self._places.append(self._end)
        self._ranks.append(self._rank(kept))
        self._file.write(line)
        self._end += len(line)

    def ordered(self, start: int, stop: int) -> Iterator[Kept]:
        """The addresses from `start` to `stop` in the order wanted; equal ones as they came."""
        order = array("l", sorted(range(len(self)), key=self._ranks.__getitem__))
        for number in order[start:stop]:
            self._file.seek(self._places[number])
            yield Kept(*orjson.loads(self._file.readline()))

    def _rank(self, kept: Kept) -> float:
        if self._sort == "priority":
            return -(DEFAULT_PRIORITY if kept.priority is None else kept.priority)
        if self._sort == "lastmod":
            return -kept.modified.timestamp() if kept.modified else FAR_FUTURE
        return 0
