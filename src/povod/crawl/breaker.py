"""The circuit breaker of one host over one egress tier (S66). Pure; the caller keeps the state.

A host that refuses, or does not answer, several times in a row gets no requests for a while; then
a few trials decide. Addresses wait meanwhile without using attempts up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from povod.crawl.fetch.failures import FailureClass as F
from povod.crawl.policies import BreakerPolicy

REFUSALS = frozenset({F.CONNECT_TIMEOUT, F.CONNECT_REFUSED, F.HTTP_429, F.HTTP_503})
TIMEOUTS = frozenset({F.READ_TIMEOUT, F.TOTAL_TIMEOUT})
UNSAID = frozenset(
    {F.PROXY_ERROR, F.BUDGET, F.DEADLINE, F.ROBOTS, F.GUARD_BLOCKED, F.DNS_ERROR, F.TLS_ERROR}
    | {F.CONNECT_RESET}
)
"""Classes that say nothing about whether the host can serve: neither failure nor success."""

TRIAL_SECONDS = 150
"""Trials whose results never came (their worker died) are given out anew after this long."""

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Breaker:
    """`until`: end of the pause while open, end of patience with the trials while half open."""

    state: State = "closed"
    until: datetime | None = None
    refusals: int = 0
    timeouts: int = 0
    trials: int = 0
    successes: int = 0
    wait_s: float = 0
    opens: int = 0
    job: str = ""
    job_opens: int = 0

    def counts(self) -> dict[str, Any]:
        """What is kept as JSON beside the state."""
        return {
            "refusals": self.refusals,
            "timeouts": self.timeouts,
            "trials": self.trials,
            "successes": self.successes,
            "wait_s": self.wait_s,
            "job": self.job,
            "job_opens": self.job_opens,
        }

    @classmethod
    def of(
        cls, state: State, until: datetime | None, opens: int, counts: Mapping[str, Any]
    ) -> "Breaker":
        """From the columns of a row."""
        return cls(state=state, until=until, opens=opens, **counts)

    def allowed(self, now: datetime, rules: BreakerPolicy) -> int | None:
        """How many more requests may go now; None: as many as one likes."""
        if self.state == "closed":
            return None
        if self.state == "open":
            return rules.trials if self._passed(now) else 0
        return rules.trials if self._passed(now) else max(0, rules.trials - self.trials)

    def taken(self, count: int, now: datetime) -> "Breaker":
        """After `count` requests were let go: past its pause, an open breaker is half open."""
        if self.state == "closed" or not count:
            return self
        if self.state == "open" or self._passed(now):
            until = now + timedelta(seconds=TRIAL_SECONDS)
            return replace(self, state="half_open", until=until, trials=count, successes=0)
        return replace(self, trials=self.trials + count)

    def seen(
        self, failure: F | None, now: datetime, rules: BreakerPolicy, job: str = ""
    ) -> "Breaker":
        """After the result of one request; `failure` None or another class: the host answered."""
        if self.state == "open":
            return self  # a request from before the pause
        if failure in UNSAID:
            return replace(self, trials=max(0, self.trials - 1))
        if self.state == "half_open":
            return self._tried(failure, now, rules, job)
        return self._counted(failure, now, rules, job)

    def opens_in(self, job: str) -> int:
        """How often it opened while `job` ran."""
        return self.job_opens if job == self.job else 0

    def _tried(self, failure: F | None, now: datetime, rules: BreakerPolicy, job: str) -> "Breaker":
        if failure in REFUSALS or failure in TIMEOUTS:
            return self._opened(min(self.wait_s * 2, rules.max_open_s), now, job)
        if self.successes + 1 >= rules.successes:
            return Breaker(opens=self.opens, job=self.job, job_opens=self.job_opens)
        return replace(self, successes=self.successes + 1)

    def _counted(
        self, failure: F | None, now: datetime, rules: BreakerPolicy, job: str
    ) -> "Breaker":
        refusals = self.refusals + 1 if failure in REFUSALS else 0
        timeouts = self.timeouts + 1 if failure in TIMEOUTS else 0
        if failure in TIMEOUTS:
            refusals = self.refusals  # neither kind of silence ends a row of the other
        elif failure in REFUSALS:
            timeouts = self.timeouts
        if refusals >= rules.refusals or timeouts >= rules.timeouts:
            return self._opened(rules.open_s, now, job)
        if refusals == self.refusals and timeouts == self.timeouts:
            return self
        return replace(self, refusals=refusals, timeouts=timeouts)

    def _opened(self, wait_s: float, now: datetime, job: str) -> "Breaker":
        return Breaker(
            state="open",
            until=now + timedelta(seconds=wait_s),
            wait_s=wait_s,
            opens=self.opens + 1,
            job=job,
            job_opens=self.opens_in(job) + 1,
        )

    def _passed(self, now: datetime) -> bool:
        return self.until is not None and now >= self.until
