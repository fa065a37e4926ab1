"""One greeting per client and day, pauses between them, how many a year (G40, G41, G45). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from povod.greetings.model import BIRTHDAY, MANUAL

PLANNED, COMPOSED, CLOSED = "planned", "composed", "closed"
SUPERSEDED, SKIPPED = "superseded", "skipped"
COOLDOWN, YEAR_CAP, NOT_BEST, BETTER = "cooldown", "year_cap", "not_best_match", "better_occasion"
EXEMPT = (BIRTHDAY, MANUAL, "site_change")
"""Not held back by pauses and yearly limits; they count for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A stored event as ranking sees it."""

    id: str
    event_type: str
    event_key: str
    occasion_year: int
    deliver_on: date
    rank: int
    score: int
    status: str
    by_trade: bool = False
    final: bool = False
    """Sent, or already in a worker's hands: nothing can take its day any more."""

    forced: bool = False
    """A person asked for it although another occasion was better."""

    @property
    def order(self) -> tuple[int, int, str]:
        """Best first (G40)."""
        return (self.rank, -self.score, self.event_key)

    @property
    def exempt(self) -> bool:
        """True for birthdays and what a person ordered."""
        return self.forced or self.event_type in EXEMPT


@dataclass(frozen=True, slots=True)
class Limits:
    """How often one client may be greeted."""

    cooldown_days: int = 3
    per_year: int = 8
    trade_days_per_year: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an event, and why."""

    status: str
    reason: str
    superseded_by: str | None = None


def arrange(events: Sequence[Occasion], limits: Limits) -> dict[str, Change]:
    """Changes that make one client's live events keep the rules; nothing for those that may stay.

    `events` are all planned, composed and closed ones near each other and of the same years.
    """
    changes: dict[str, Change] = {}
    winners = _one_a_day(events, changes)
    kept: list[Occasion] = []
    for event in sorted(winners, key=_seating):
        reason = "" if _is_fixed(event) or event.exempt else _objection(event, kept, limits)
        if reason:
            changes[event.id] = Change(SKIPPED, reason)
        else:
            kept.append(event)
    return changes


def _is_fixed(event: Occasion) -> bool:
    return event.final or event.status != PLANNED


def _seating(event: Occasion) -> tuple[bool, bool, tuple[int, int, str], date]:
    """Who is seated first: what is settled, what is exempt, then by rank."""
    return (not _is_fixed(event), not event.exempt, event.order, event.deliver_on)


def _one_a_day(events: Iterable[Occasion], changes: dict[str, Change]) -> list[Occasion]:
    days: dict[date, list[Occasion]] = {}
    for event in events:
        days.setdefault(event.deliver_on, []).append(event)
    winners: list[Occasion] = []
    for together in days.values():
        ranked = sorted(together, key=lambda event: (not event.final, event.order))
        best = ranked[0]
        winners.append(best)
        for other in ranked[1:]:
            if other.final or other.forced:
                winners.append(other)
            else:
                changes[other.id] = Change(SUPERSEDED, BETTER, best.id)
    return winners


def _objection(event: Occasion, kept: Sequence[Occasion], limits: Limits) -> str:
    trade = [k for k in kept if k.by_trade and k.occasion_year == event.occasion_year]
    if event.by_trade and not event.forced and len(trade) >= limits.trade_days_per_year:
        return NOT_BEST
    pause = timedelta(days=limits.cooldown_days)
    near = (k for k in kept if abs(k.deliver_on - event.deliver_on) < pause)
    if next(near, None) is not None:
        return COOLDOWN
    counted = sum(not k.exempt and k.occasion_year == event.occasion_year for k in kept)
    return YEAR_CAP if counted >= limits.per_year else ""
