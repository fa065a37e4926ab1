"""A part of the faults of a job, and how many there are (S14)."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from povod.crawl.extract.issue_texts import Language
from povod.crawl.extract.issues import SEVERITIES
from povod.sites.exports.issue_rows import ALL_CODES, Found, found_issues
from povod.sites.exports.rows import OutRow
from povod.sites.exports.shared_texts import SharedTexts, find_shared
from povod.sites.states import FINAL
from povod.store.db import Database

COUNTS, TEXTS = 100, 4
"""Of how many lists the numbers, and of how many jobs the shared texts are kept."""
Place = tuple[str, int]
"""The key of a page and the number of its fault: what was shown last."""


def codes_of(code: str = "", severity: str = "") -> frozenset[str]:
    """The codes that a choice leaves."""
    return frozenset(
        name
        for name in ALL_CODES
        if (not code or name == code) and (not severity or SEVERITIES[name] == severity)
    )


@dataclass(frozen=True, slots=True)
class IssuePart:
    """Rows in order, where they end if there are more, and how many there are in all."""

    items: list[OutRow]
    after: Place | None
    total: int


class _Newest:
    """What was asked for last, by key; safe to use from threads."""

    def __init__(self, most: int) -> None:
        self._most, self._known = most, OrderedDict[Any, Any]()
        self._lock = Lock()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is known of it, else what `make` gives, which is kept."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            self._known[key] = made
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return made


@dataclass
class IssueList:
    """Reads faults a part at a time; of jobs that ended it remembers what all parts need."""

    db: Database
    _counted: _Newest = field(default_factory=lambda: _Newest(COUNTS))
    _shared: _Newest = field(default_factory=lambda: _Newest(TEXTS))

    def part(
        self,
        job: Mapping[str, Any],
        limit: int,
        *,
        after: Place | None = None,
        codes: Collection[str] = ALL_CODES,
        q: str = "",
        language: Language = "ru",
    ) -> IssuePart:
        """At most `limit` faults of the job beyond the place `after`."""
        shared = self._texts(job)
        found = self._found(job, shared, q, codes=codes, start=after[0] if after else "")
        taken = list(islice((one for one in found if _is_beyond(one, after)), limit + 1))
        shown = taken[:limit]
        more = (shown[-1].key, shown[-1].number) if len(taken) > limit else None
        counts = self._counts(job, shared, q)
        total = sum(counts[code] for code in codes)
        return IssuePart([one.row(language) for one in shown], more, total)

    def _counts(self, job: Mapping[str, Any], shared: SharedTexts, q: str) -> Counter[str]:
        """How often each code occurs; of a job that goes on it is counted each time."""

        def count() -> Counter[str]:
            return Counter(one.issue.code for one in self._found(job, shared, q))

        key = (*_version(job), q)
        found: Counter[str] = self._counted.get(key, count) if _has_ended(job) else count()
        return found

    def _texts(self, job: Mapping[str, Any]) -> SharedTexts:
        def find() -> SharedTexts:
            return find_shared(self.db, str(job["id"]), job["domain"], ALL_CODES)

        found: SharedTexts = self._shared.get(_version(job), find) if _has_ended(job) else find()
        return found

    def _found(
        self, job: Mapping[str, Any], shared: SharedTexts, q: str, **more: Any
    ) -> Iterator[Found]:
        return found_issues(self.db, str(job["id"]), job["domain"], q=q, shared=shared, **more)


def _has_ended(job: Mapping[str, Any]) -> bool:
    return job["status"] in FINAL


def _version(job: Mapping[str, Any]) -> tuple[Any, ...]:
    """Another one whenever the job was changed."""
    return str(job["id"]), job["status"], job["updated_at"]


def _is_beyond(found: Found, after: Place | None) -> bool:
    """Pages before are not read at all."""
    return after is None or found.key != after[0] or found.number > after[1]
