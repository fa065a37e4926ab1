"""What to try next for one address: escalation as a pure function (S57-S59).

All state is the history of that address. Nothing is shared between addresses, so one that was
blocked cannot make another give up, and one that got through at a dear step cannot push others
there (N1-N3); starting higher on purpose is the host hint's work (`hosthint`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from povod.crawl.fetch.failures import FailureClass
from povod.crawl.policies import Policies, shipped_policies
from povod.crawl.steps import EXPENSIVE, Step

Outcome = Literal["ok", "gone", "blocked", "error", "skipped"]
F = FailureClass

_NEXT_TIER = frozenset(
    {
        F.CONNECT_TIMEOUT,
        F.CONNECT_REFUSED,
        F.CONNECT_RESET,
        F.PROXY_ERROR,
        F.READ_TIMEOUT,
        F.TOTAL_TIMEOUT,
    }
)
_SLOW_DOWN = frozenset({F.HTTP_429, F.HTTP_503})
_RENDERS = ("browser", "flaresolverr", "firecrawl")
_OUTCOMES: Mapping[FailureClass, Outcome] = {
    F.GONE: "gone",
    F.BOT_BLOCK: "blocked",
    F.CAPTCHA: "blocked",
    F.SILENT_BLOCK: "blocked",
    F.ROBOTS: "skipped",
    F.CONTENT_TYPE: "skipped",
    F.BUDGET: "skipped",
    F.DEADLINE: "skipped",
}
"""How an address ends when nothing is left to try; all other classes end as an error."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt at an address: where, and how it failed. `text_hash` of a page that came."""

    step: Step
    failure: FailureClass | None = None
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The address is finished; `reason` is the class that ended it, or empty when it is read."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again: at this step, after that many seconds."""

    step: Step
    delay_s: float


Next = Done | Retry


@dataclass(frozen=True, slots=True)
class LadderPolicy:
    """The steps that an address may take now, cheapest first, and the numbers of S57-S59.

    `fetchers` and `tiers` hold only what is configured, allowed and within budget at this moment;
    `residential` and `mobile` stand at the end whatever order was asked for.
    """

    fetchers: tuple[str, ...] = ("http",)
    tiers: tuple[str, ...] = ("direct",)
    max_attempts: int = 6
    delay_base_s: float = 1
    delay_base_429_s: float = 60
    delay_max_s: float = 300
    dns_retry_s: float = 30
    tries: Mapping[FailureClass, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, policies: Policies, *, fetchers: Sequence[str] = (), tiers: Sequence[str] = ()
    ) -> "LadderPolicy":
        """From the policies; `fetchers` and `tiers` replace the default order when given."""
        numbers = policies.ladder
        wanted = tuple(tiers) or tuple(policies.fetch.tiers)
        cheap = tuple(tier for tier in wanted if tier not in EXPENSIVE)
        return cls(
            fetchers=tuple(fetchers) or tuple(policies.fetch.fetchers),
            tiers=cheap + tuple(tier for tier in wanted if tier in EXPENSIVE),
            max_attempts=numbers.max_attempts,
            delay_base_s=numbers.delay_base_s,
            delay_base_429_s=numbers.delay_base_429_s,
            delay_max_s=numbers.delay_max_s,
            dns_retry_s=numbers.dns_retry_s,
            tries=dict(numbers.tries),
        )


def default_policy() -> LadderPolicy:
    """The shipped numbers with the cheapest step only: no optional service, no proxy."""
    return LadderPolicy.of(shipped_policies(), fetchers=("http", "http_tls"), tiers=("direct",))


def first_step(policy: LadderPolicy) -> Step:
    """Where an address begins: the first fetcher, and never from a dear tier (S78)."""
    cheap = [tier for tier in policy.tiers if tier not in EXPENSIVE]
    return Step(policy.fetchers[0], cheap[0] if cheap else "direct")


def next_step(
    history: Sequence[Tried],
    failure_class: FailureClass,
    policy: LadderPolicy,
    *,
    retry_after: float | None = None,
    jitter: float = 1.3,
) -> Next:
    """What follows the last attempt of `history`, which failed with `failure_class`.

    `retry_after` is the site's wish in seconds if it gave one; `jitter` a number from 1.1 to 1.5
    drawn by the caller. Ends after `max_attempts` attempts whatever happens.
    """
    if failure_class is F.SILENT_BLOCK and _is_confirmed(history):
        return Done("ok")
    if len(history) >= policy.max_attempts:
        return _end(failure_class)
    step = history[-1].step
    if _tries(history, failure_class) <= policy.tries.get(failure_class, 0):
        return Retry(step, _delay(len(history), failure_class, policy, retry_after, jitter))
    higher = _higher(step, failure_class, policy)
    if higher is None:
        return _end(failure_class)
    return Retry(higher, _delay(len(history), failure_class, policy, None, jitter))


def _end(failure_class: FailureClass) -> Done:
    return Done(_OUTCOMES.get(failure_class, "error"), failure_class.value)


def _tries(history: Sequence[Tried], failure_class: FailureClass) -> int:
    """Attempts at the last step that failed like this, the last one included."""
    step = history[-1].step
    before = sum(item.step == step and item.failure is failure_class for item in history[:-1])
    return before + 1


def _is_confirmed(history: Sequence[Tried]) -> bool:
    """Whether another fetcher has brought the very text that is suspected: then it is the page."""
    last = history[-1]
    return bool(last.text_hash) and any(
        item.text_hash == last.text_hash and item.step.fetcher != last.step.fetcher
        for item in history[:-1]
    )


def _higher(step: Step, failure_class: FailureClass, policy: LadderPolicy) -> Step | None:
    """The dearer step that this class calls for, or None."""
    if failure_class in _NEXT_TIER:
        tier = _next_tier(step, policy)
        return Step(step.fetcher, tier) if tier else None
    if failure_class is F.TLS_ERROR:
        can = step.fetcher == "http" and "http_tls" in policy.fetchers
        return Step("http_tls", step.tier) if can else None
    if failure_class is F.BOT_BLOCK:
        return _next_fetcher(step, policy) or _again_from_next_tier(step, policy)
    if failure_class is F.SILENT_BLOCK:
        return _next_fetcher(step, policy)
    if failure_class is F.JS_REQUIRED:
        return _next_rendering(step, policy)
    return None


def _next_tier(step: Step, policy: LadderPolicy) -> str | None:
    return _after(step.tier, policy.tiers)


def _next_fetcher(step: Step, policy: LadderPolicy) -> Step | None:
    fetcher = _after(step.fetcher, policy.fetchers)
    return Step(fetcher, step.tier) if fetcher else None


def _again_from_next_tier(step: Step, policy: LadderPolicy) -> Step | None:
    """The next tier, beginning at `http_tls`: plain http was refused there too, most likely."""
    tier = _next_tier(step, policy)
    if tier is None:
        return None
    begin = "http_tls" if "http_tls" in policy.fetchers else policy.fetchers[0]
    return Step(begin, tier)


def _next_rendering(step: Step, policy: LadderPolicy) -> Step | None:
    """The next fetcher that runs scripts."""
    done = _RENDERS.index(step.fetcher) + 1 if step.fetcher in _RENDERS else 0
    for fetcher in _RENDERS[done:]:
        if fetcher in policy.fetchers:
            return Step(fetcher, step.tier)
    return None


def _after(current: str, order: Sequence[str]) -> str | None:
    """The one after `current`; the first one when `current` is no longer on the list."""
    if current not in order:
        return next((item for item in order if item != current), None)
    return next(iter(order[order.index(current) + 1 :]), None)


def _delay(
    attempts: int,
    failure_class: FailureClass,
    policy: LadderPolicy,
    retry_after: float | None,
    jitter: float,
) -> float:
    if failure_class in _SLOW_DOWN and retry_after is not None:
        return retry_after
    if failure_class is F.DNS_ERROR:
        return policy.dns_retry_s
    slow = failure_class is F.HTTP_429
    base = policy.delay_base_429_s if slow else policy.delay_base_s
    return min(policy.delay_max_s, base * 2.0 ** (attempts - 1)) * jitter
