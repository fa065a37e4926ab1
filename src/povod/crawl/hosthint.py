"""What a host has taught: where to start with it, and when to leave it alone (S61, S62). Pure.

Both are small values that live as JSON beside the host; the caller stores what comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from povod.crawl.ladder import LadderPolicy, first_step
from povod.crawl.policies import AntibotPolicy, HintPolicy
from povod.crawl.steps import EXPENSIVE, Step


@dataclass(frozen=True, slots=True)
class HostHint:
    """`start` until `until`; `candidate` is the dearer step that has worked `in_row` times."""

    start: Step | None = None
    until: datetime | None = None
    candidate: Step | None = None
    in_row: int = 0
    urls: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "HostHint":
        """What `to_json` gave; a fresh hint for nothing."""
        data = data or {}
        return cls(
            _step(data.get("start")),
            _moment(data.get("until")),
            _step(data.get("candidate")),
            int(data.get("in_row", 0)),
            int(data.get("urls", 0)),
        )

    def to_json(self) -> dict[str, Any]:
        """The hint for the store; empty when there is nothing to remember."""
        data = {
            "start": str(self.start) if self.start else None,
            "until": self.until.isoformat() if self.until else None,
            "candidate": str(self.candidate) if self.candidate else None,
            "in_row": self.in_row,
            "urls": self.urls,
        }
        return {key: value for key, value in data.items() if value}

    def begin(
        self, policy: LadderPolicy, now: datetime, rules: HintPolicy
    ) -> "tuple[Step, HostHint]":
        """Where the next address of the host begins, and the hint with that address counted."""
        cheapest = first_step(policy)
        if self.start is None or self.until is None or now >= self.until:
            return cheapest, HostHint(candidate=self.candidate, in_row=self.in_row)
        counted = HostHint(self.start, self.until, self.candidate, self.in_row, self.urls + 1)
        usable = self.start.fetcher in policy.fetchers and (
            self.start.tier in policy.tiers or self.start.tier == cheapest.tier
        )
        if not usable or counted.urls % rules.cheapest_every == 0:
            return cheapest, counted
        return self.start, counted

    def seen(
        self, worked: Step, failed: Sequence[Step], cheapest: Step, now: datetime, rules: HintPolicy
    ) -> "HostHint":
        """The hint after an address was read at `worked`, having failed at `failed` before."""
        if worked == cheapest:
            return HostHint()
        if worked.tier in EXPENSIVE or cheapest not in failed:
            return self
        in_row = self.in_row + 1 if worked == self.candidate else 1
        if in_row < rules.urls_in_row:
            return HostHint(self.start, self.until, worked, in_row, self.urls)
        return HostHint(worked, now + timedelta(hours=rules.hours), worked, in_row, 0)


@dataclass(frozen=True, slots=True)
class Antibot:
    """Bypasses that failed in a row; after some of them the host is left alone until `until`."""

    failed: int = 0
    until: datetime | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "Antibot":
        """What `to_json` gave."""
        data = data or {}
        return cls(int(data.get("failed", 0)), _moment(data.get("until")))

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        return {"failed": self.failed} | ({"until": self.until.isoformat()} if self.until else {})

    def bypass(self, ok: bool, now: datetime, rules: AntibotPolicy) -> "Antibot":
        """After a step dearer than `http` met (or passed) the host's protection."""
        if ok:
            return Antibot()
        if self.failed + 1 < rules.failed_bypasses:
            return Antibot(self.failed + 1, self.until)
        return Antibot(0, now + timedelta(seconds=rules.cooldown_s))

    def wait(self, now: datetime) -> float:
        """Seconds for which nothing is asked of the host."""
        return max((self.until - now).total_seconds(), 0.0) if self.until else 0.0


def _step(text: str | None) -> Step | None:
    return Step.parse(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
