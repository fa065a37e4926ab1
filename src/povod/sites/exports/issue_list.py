"""A part of the faults of a job, and how many there are (S14)."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from povod.crawl.extract.issue_texts import Language
from povod.crawl.extract.issues import SEVERITIES
from povod.sites.exports.issue_rows import ALL_CODES, Found, found_issues
from povod.sites.exports.rows import OutRow
from povod.sites.states import FINAL
from povod.store.db import Database

REMEMBERED = 100
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


@dataclass
class IssueList:
    """Reads faults a part at a time; of jobs that ended it remembers how many there are."""

    db: Database
    _counted: OrderedDict[tuple[Any, ...], Counter[str]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

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
        job_id, start = str(job["id"]), after[0] if after else ""
        found = found_issues(self.db, job_id, job["domain"], codes=codes, start=start, q=q)
        taken = list(islice((one for one in found if _is_beyond(one, after)), limit + 1))
        shown = taken[:limit]
        more = (shown[-1].key, shown[-1].number) if len(taken) > limit else None
        counts = self._counts(job, q)
        return IssuePart(
            [one.row(language) for one in shown], more, sum(counts[code] for code in codes)
        )

    def _counts(self, job: Mapping[str, Any], q: str) -> Counter[str]:
        """How often each code occurs; of a job that goes on it is counted each time."""
        place = (str(job["id"]), job["status"], job["updated_at"], q)
        with self._lock:
            if place in self._counted:
                self._counted.move_to_end(place)
                return self._counted[place]
        found = found_issues(self.db, str(job["id"]), job["domain"], q=q)
        counts = Counter(one.issue.code for one in found)
        if job["status"] in FINAL:
            self._remember(place, counts)
        return counts

    def _remember(self, place: tuple[Any, ...], counts: Counter[str]) -> None:
        with self._lock:
            self._counted[place] = counts
            while len(self._counted) > REMEMBERED:
                self._counted.popitem(last=False)


def _is_beyond(found: Found, after: Place | None) -> bool:
    """Pages before are not read at all."""
    return after is None or found.key != after[0] or found.number > after[1]
