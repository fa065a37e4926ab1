"""When an occasion falls: the rule grammar of the calendar (G27).

`fixed 08-12`, `nth 8 7 2`, `yday 256`, `easter 0`, `date 2027-05-14`; one blank between the parts.
Pure: no clock, no database.
"""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from povod.kit.errors import InputError

FORMS = ("fixed", "nth", "yday", "easter", "date")
_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,4}", re.ASCII)
_GREGORIAN_SHIFT = timedelta(days=13)
"""Julian to Gregorian, good for 1900-2099."""

_EASTER_YEARS = range(1900, 2100)
_EXAMPLES = "fixed 08-12, nth 8 7 2, yday 256, easter 0, date 2027-05-14"


class InvalidRule(InputError, ValueError):  # noqa: N818 - the name is a public contract
    """The text is not a calendar rule; the message names the token that is wrong."""

    def __init__(self, text: str, token: str, why: str) -> None:
        super().__init__(f"rule {text!r}: {token!r} {why}; examples: {_EXAMPLES}")
        self.token = token


@dataclass(frozen=True)
class Rule:
    """A parsed rule: its form and up to three numbers."""

    form: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        if self.form == "fixed":
            return "fixed {:02}-{:02}".format(*self.numbers)
        if self.form == "date":
            return "date {:04}-{:02}-{:02}".format(*self.numbers)
        return " ".join([self.form, *map(str, self.numbers)])


def parse_rule(text: str) -> Rule:
    """The rule that `text` describes, or `InvalidRule` naming the bad token."""
    tokens = text.split(" ")
    form = tokens[0]
    if form not in FORMS:
        raise InvalidRule(text, form, f"is no form of rule ({', '.join(FORMS)})")
    wanted = 3 if form == "nth" else 1
    if len(tokens) - 1 < wanted:
        raise InvalidRule(text, form, f"needs {wanted} value(s) after it, one blank between")
    if len(tokens) - 1 > wanted:
        raise InvalidRule(text, tokens[wanted + 1], "is too much")
    return Rule(form, _PARSERS[form](text, tokens[1:]))


@lru_cache(maxsize=8192)
def occurrence(rule: Rule, year: int) -> date | None:
    """The day of `rule` in `year`; None where that year has none."""
    return _FINDERS[rule.form](year, *rule.numbers)


def _fixed(text: str, tokens: list[str]) -> tuple[int, ...]:
    match = _MONTH_DAY.fullmatch(tokens[0])
    if match is None:
        raise InvalidRule(text, tokens[0], "is not a day written MM-DD")
    month, day = int(match[1]), int(match[2])
    # 2000 is a leap year: 29 February is a day that exists sometimes.
    if not _exists(2000, month, day):
        raise InvalidRule(text, tokens[0], "is not a day of any year")
    return month, day


def _once(text: str, tokens: list[str]) -> tuple[int, ...]:
    match = _ISO_DATE.fullmatch(tokens[0])
    if match is None:
        raise InvalidRule(text, tokens[0], "is not a date written YYYY-MM-DD")
    year, month, day = (int(part) for part in match.groups())
    if not _exists(year, month, day):
        raise InvalidRule(text, tokens[0], "is not a day of that year")
    return year, month, day


def _nth(text: str, tokens: list[str]) -> tuple[int, ...]:
    month = _number(text, tokens[0], 1, 12)
    weekday = _number(text, tokens[1], 1, 7)
    place = _number(text, tokens[2], -1, 5)
    if place == 0:
        raise InvalidRule(text, tokens[2], "must be 1..5, or -1 for the last")
    return month, weekday, place


def _yday(text: str, tokens: list[str]) -> tuple[int, ...]:
    return (_number(text, tokens[0], 1, 366),)


def _easter(text: str, tokens: list[str]) -> tuple[int, ...]:
    return (_number(text, tokens[0].removeprefix("+"), -70, 70),)


def _number(text: str, token: str, least: int, most: int) -> int:
    if _NUMBER.fullmatch(token) is None:
        raise InvalidRule(text, token, "is not a whole number")
    if not least <= int(token) <= most:
        raise InvalidRule(text, token, f"is not within {least}..{most}")
    return int(token)


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and year >= 1 and 1 <= day <= calendar.monthrange(year, month)[1]


def _on_fixed(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if _exists(year, month, day) else None


def _on_date(year: int, only: int, month: int, day: int) -> date | None:
    return date(only, month, day) if year == only else None


def _on_nth(year: int, month: int, weekday: int, place: int) -> date | None:
    length = calendar.monthrange(year, month)[1]
    if place == -1:
        last = date(year, month, length)
        return last - timedelta(days=(last.isoweekday() - weekday) % 7)
    first = 1 + (weekday - date(year, month, 1).isoweekday()) % 7
    day = first + 7 * (place - 1)
    return date(year, month, day) if day <= length else None


def _on_yday(year: int, number: int) -> date | None:
    found = date(year, 1, 1) + timedelta(days=number - 1)
    return found if found.year == year else None


def _on_easter(year: int, offset: int) -> date | None:
    if year not in _EASTER_YEARS:
        return None
    return orthodox_easter(year) + timedelta(days=offset)


@lru_cache(maxsize=256)
def orthodox_easter(year: int) -> date:
    """The Sunday of Orthodox Easter in the civil calendar, 1900..2099 (Meeus' Julian rule)."""
    moon = (19 * (year % 19) + 15) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
    month, day = divmod(moon + sunday + 114, 31)
    return date(year, month, day + 1) + _GREGORIAN_SHIFT


_PARSERS = {"fixed": _fixed, "nth": _nth, "yday": _yday, "easter": _easter, "date": _once}
_FINDERS: Mapping[str, Callable[..., date | None]] = {
    "fixed": _on_fixed,
    "nth": _on_nth,
    "yday": _on_yday,
    "easter": _on_easter,
    "date": _on_date,
}
