"""Finds the occasions of clients in a span of days (G34-G37, G42, G44). Pure.

Rules are turned into dates once, clients are met through indexes: birthdays by day and month,
trades by what was matched before. Most clients cost two look-ups.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from povod.greetings.calendar.rules import occurrence
from povod.greetings.calendar.shift import AFTER, BEFORE, SAME, deliver_on
from povod.greetings.eligibility import eligible_otherwise, first_objection
from povod.greetings.matching import Match, Matcher
from povod.greetings.model import (
    ANNIVERSARY,
    BIRTHDAY,
    HOLIDAY,
    RANKS,
    Candidate,
    Client,
    Holiday,
    Options,
)

LATE, NOT_BEST = "late", "not_best_match"
REACH = timedelta(days=16)
"""Further than any row of days off may move a delivery away from its occasion."""

ROUND_YEARS = 5
_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class When:
    """An occasion's day, the day of delivery by the calendar, and the one to be kept now."""

    occasion: date
    natural: date
    deliver: date
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An occasion of a client before anybody asked whether the client may be greeted."""

    client: Client
    when: When
    event_type: str
    holiday: Holiday | None = None
    match: Match | None = None
    reason: str = ""
    title: str = ""


class Span:
    """The days in which deliveries are planned, and those that were missed before."""

    def __init__(self, today: date, options: Options) -> None:
        self.today = today
        self.options = options
        self.last = today + timedelta(days=options.lookahead_days)
        self.first = today - timedelta(days=options.max_late_days)
        self.earliest = min(self.first, options.missed_since or self.first)

    def place(self, occasion: date, shift: str, country: str) -> When | None:
        """When that occasion is to be delivered; None outside the span."""
        natural = deliver_on(occasion, shift, self.options.calendar, country)
        if natural < self.today <= occasion:
            return When(occasion, natural, self.today)
        if self.first <= natural <= self.last:
            return When(occasion, natural, natural)
        if self.earliest <= natural < self.first:
            return When(occasion, natural, natural, missed=True)
        return None

    def days(self) -> Iterator[date]:
        """Every day an occasion of this span may fall on."""
        day = self.earliest - REACH
        while day <= self.last + REACH:
            yield day
            day += timedelta(days=1)


def acting(rules: Iterable[Holiday]) -> list[Holiday]:
    """The rules that are switched on; nobody is congratulated on a memorial day."""
    return [rule for rule in rules if rule.enabled and rule.kind != "memorial"]


class Finder:
    """The rules of one span, ready to be met by any number of clients."""

    def __init__(
        self,
        rules: Iterable[Holiday],
        today: date,
        options: Options,
        matcher: Matcher | None = None,
    ) -> None:
        self._span = Span(today, options)
        self._options = options
        self._rules = acting(rules)
        self._matcher = matcher or Matcher(self._rules)
        self._birthdays = self._birthday_index()
        self._days: dict[tuple[str, str], tuple[When, ...]] = {}
        self._everybodys: dict[str, tuple[tuple[Holiday, When], ...]] = {}
        self._for_all = [rule for rule in self._rules if not rule.by_trade]
        self._by_trade = {r.code for r in self._rules if r.by_trade and self._when(r, "RU")}
        self._best: dict[tuple[tuple[Match, ...], int], frozenset[str]] = {}

    @property
    def birthdays(self) -> Sequence[tuple[int, int]]:
        """The (month, day) pairs of this span."""
        return tuple(self._birthdays)

    @property
    def trade_rules(self) -> list[Holiday]:
        """Rules of trades that fall into this span."""
        return [rule for rule in self._rules if rule.code in self._by_trade]

    @property
    def concerns_all(self) -> bool:
        """True if some holiday of this span is everybody's."""
        return any(self._when(rule, "RU") for rule in self._for_all)

    def found(self, client: Client) -> Iterator[Found]:
        """The occasions of one client in this span."""
        for occasion in self._birthdays.get((client.birth_month, client.birth_day), ()):  # type: ignore[arg-type]
            yield from self._at(client, occasion, self._options.birthday_day_off, BIRTHDAY)
        for rule, when in self._of_everybody(client.country):
            yield Found(client, when, HOLIDAY, rule)
        if self._by_trade and _has_trade(client):
            yield from self._trades(client)
        if self._options.anniversaries and client.registered_on is not None:
            yield from self._anniversaries(client, client.registered_on)

    def _of_everybody(self, country: str) -> tuple[tuple[Holiday, When], ...]:
        known = self._everybodys.get(country)
        if known is None:
            days = ((rule, when) for rule in self._for_all for when in self._when(rule, country))
            known = self._everybodys[country] = tuple(days)
        return known

    def _at(
        self, client: Client, occasion: date, shift: str, event_type: str, title: str = ""
    ) -> Iterator[Found]:
        when = self._span.place(occasion, shift, client.country)
        if when is not None:
            yield Found(client, when, event_type, title=title)

    def _trades(self, client: Client) -> Iterator[Found]:
        matches = self._matcher.of_client(client)
        for match in matches:
            if match.holiday.code not in self._by_trade:
                continue
            for when in self._when(match.holiday, client.country):
                best = self._best_of(client, matches, when.occasion.year)
                reason = "" if match.holiday.code in best else NOT_BEST
                yield Found(client, when, HOLIDAY, match.holiday, match, reason)

    def _best_of(self, client: Client, matches: tuple[Match, ...], year: int) -> frozenset[str]:
        """The rules of trades that this client is greeted on in that year (G36)."""
        refused = client.preferences.get("holidays_off") if client.preferences else None
        if refused:
            matches = tuple(m for m in matches if m.holiday.code not in refused)
        known = self._best.get((matches, year))
        if known is None:
            with_day = [m.holiday.code for m in matches if occurrence(m.holiday.rule, year)]
            known = frozenset(with_day[: self._options.max_professional])
            self._best[matches, year] = known
        return known

    def _anniversaries(self, client: Client, since: date) -> Iterator[Found]:
        for occasion in self._birthdays.get((since.month, since.day), ()):
            years = occasion.year - since.year
            if years > 0 and years % ROUND_YEARS == 0:
                title = f"{years}-летие компании"
                shift = self._options.holiday_day_off
                yield from self._at(client, occasion, shift, ANNIVERSARY, title)

    def _birthday_index(self) -> dict[tuple[int, int], list[date]]:
        """Month and day → dates of the span; 29 February moves in other years (G37)."""
        index: dict[tuple[int, int], list[date]] = defaultdict(list)
        moved = (2, 28) if self._options.leap_day == "feb28" else (3, 1)
        for day in self._span.days():
            index[day.month, day.day].append(day)
            if (day.month, day.day) == moved and not _is_leap(day.year):
                index[_LEAP_DAY].append(day)
        near = {key: [d for d in days if self._is_near(d)] for key, days in index.items()}
        return {key: days for key, days in near.items() if days}

    def _is_near(self, day: date) -> bool:
        shifts = (self._options.birthday_day_off, self._options.holiday_day_off)
        return any(self._span.place(day, shift, "RU") for shift in (*shifts, SAME))

    def _when(self, rule: Holiday, country: str) -> tuple[When, ...]:
        key = (rule.code, country)
        known = self._days.get(key)
        if known is None:
            years = range((self._span.earliest - REACH).year, (self._span.last + REACH).year + 1)
            days = filter(None, (occurrence(rule.rule, year) for year in years))
            placed = (self._span.place(day, self.shift_of(rule), country) for day in days)
            known = self._days[key] = tuple(when for when in placed if when is not None)
        return known

    def shift_of(self, rule: Holiday) -> str:
        """The rule's own shift, else that of its kind: religious days are kept to the day."""
        if rule.shift in (SAME, BEFORE, AFTER):
            return rule.shift
        return SAME if rule.kind == "religious" or rule.opt_in else (self._options.holiday_day_off)

    def objection(self, found: Found) -> str:
        """The first reason not to greet on this occasion; empty when there is none."""
        client, when, rule = found.client, found.when, found.holiday
        if found.event_type == ANNIVERSARY:
            reason = eligible_otherwise(client, when.deliver)
        else:
            reason = first_objection(client, rule, when.deliver)
        return reason or found.reason or (LATE if when.missed else "")

    def judge(self, found: Found) -> Candidate:
        """The candidate, with the first reason not to greet."""
        client, when, rule = found.client, found.when, found.holiday
        reason = self.objection(found)
        kind = rule.kind if rule else found.event_type
        return Candidate(
            client_id=client.id,
            event_type=found.event_type,
            event_key=f"holiday:{rule.code}" if rule else found.event_type,
            holiday_id=rule.id if rule else None,
            code=rule.code if rule else "",
            kind=kind,
            occasion_date=when.occasion,
            deliver_on=when.deliver,
            natural_on=when.natural,
            title=rule.title if rule else found.title or "День рождения",
            title_instrumental=rule.title_instrumental if rule else _instrumental(found),
            tone=rule.tone if rule else "",
            rank=RANKS["religious" if rule and rule.opt_in else kind],
            score=found.match.score if found.match else 0,
            match_reason=found.match.reason if found.match else "",
            reason=reason,
            provisional=when.occasion != when.natural and self._is_provisional(when, client),
        )

    def _is_provisional(self, when: When, client: Client) -> bool:
        return self._options.calendar.is_provisional(when.occasion, client.country)


def detect(
    clients: Iterable[Client], rules: Iterable[Holiday], today: date, options: Options
) -> Iterator[Candidate]:
    """Every occasion of the clients that is to be delivered within the options' span."""
    finder = Finder(rules, today, options)
    for client in clients:
        for found in finder.found(client):
            yield finder.judge(found)


def _has_trade(client: Client) -> bool:
    named = client.okved or client.profession or client.position
    return bool(named or (client.preferences and client.preferences.get("holidays_on")))


def _instrumental(found: Found) -> str:
    return "Днём рождения" if found.event_type == BIRTHDAY else ""


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
