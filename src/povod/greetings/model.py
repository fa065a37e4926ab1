"""The values that detecting works with: a client, a rule of the calendar, a candidate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from povod.greetings.calendar.rules import Rule
from povod.greetings.calendar.workdays import WorkCalendar

EMPTY: Mapping[str, Any] = MappingProxyType({})
BIRTHDAY, HOLIDAY, MANUAL, ANNIVERSARY = "birthday", "holiday", "manual", "anniversary"
RANKS = {
    BIRTHDAY: 1,
    MANUAL: 2,
    "site_change": 2,
    ANNIVERSARY: 3,
    "professional": 4,
    "military": 4,
    "religious": 5,
    "public": 6,
    "social": 7,
}
"""Which occasion wins a day, by event type or kind of holiday (G40)."""

TRADE_KINDS = ("professional", "military")
SEGMENT_ORDER = {"vip": 0, "loyal": 1, "new": 2, "standard": 3}
"""Who comes first where not all can be greeted (G46)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What delivery says about writing to this client: refusals, channel, ground, faith."""

    suppressed: bool = False
    channel: str = "email"
    verdict: str = "allow"
    religious: bool = False


UNTROUBLED = Standing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What detecting knows of a client."""

    id: str
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    company_name: str = ""
    gender: str | None = None
    birth_day: int | None = None
    birth_month: int | None = None
    birth_year: int | None = None
    okved: str = ""
    profession: str = ""
    position: str = ""
    segment: str = "standard"
    country: str = "RU"
    email: str = ""
    phone: str = ""
    preferred_channel: str = "email"
    preferences: Mapping[str, Any] = field(default_factory=dict)
    registered_on: date | None = None
    do_not_greet: bool = False
    age_suspicious: bool = False
    is_demo: bool = False
    deleted: bool = False
    erased: bool = False
    standing: Standing = UNTROUBLED

    @property
    def is_group(self) -> bool:
        """A company without a person."""
        return not (self.first_name or self.last_name)

    @property
    def full_name(self) -> str:
        """Last, first and middle name, as lists show it."""
        parts = (self.last_name, self.first_name, self.middle_name)
        return " ".join(part for part in parts if part) or self.company_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A rule of the calendar with its meaning."""

    code: str
    title: str
    kind: str
    rule: Rule
    id: str | None = None
    title_instrumental: str = ""
    short_instrumental: str = ""
    status: str = ""
    okved: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    tone: str = ""
    checked: str = ""
    audience: str = "all"
    opt_in: bool = False
    shift: str = ""
    enabled: bool = True

    @property
    def by_trade(self) -> bool:
        """True if only people of some trades are meant."""
        return self.kind in TRADE_KINDS or "*" not in self.okved

    @property
    def confirmed(self) -> bool:
        """False while nobody has found its date in a second source."""
        return self.checked != "knowledge-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How far to look and how days are counted; everything but the clients and the rules."""

    lookahead_days: int = 7
    max_late_days: int = 1
    leap_day: str = "feb28"
    holiday_day_off: str = "before"
    birthday_day_off: str = "same"
    anniversaries: bool = False
    max_professional: int = 1
    missed_since: date | None = None
    """Occasions from this day on that nobody looked for are reported as late (G44)."""

    calendar: WorkCalendar = field(default_factory=WorkCalendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One occasion of one client; `reason` says why it will not be greeted, empty if it may."""

    client_id: str
    event_type: str
    event_key: str
    occasion_date: date
    deliver_on: date
    title: str
    rank: int
    title_instrumental: str = ""
    tone: str = ""
    kind: str = ""
    code: str = ""
    holiday_id: str | None = None
    score: int = 0
    match_reason: str = ""
    reason: str = ""
    natural_on: date | None = None
    provisional: bool = False

    @property
    def occasion_year(self) -> int:
        """Part of the key under which an occasion is greeted once."""
        return self.occasion_date.year
