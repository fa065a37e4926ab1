"""Which days are working days (G32, G33).

Three sources, the first that knows decides: the operator's own file, the published calendar of
the package `holidays`, and article 112 of the Labour Code for years whose moved days are not
published yet. What rests on the last one is provisional.
"""

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from povod.kit.errors import ConfigurationError

RUSSIA = "RU"
_DAY = timedelta(days=1)
_SATURDAY = 5
_STATUTORY = (
    *((1, day) for day in range(1, 9)),
    (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4),
)  # fmt: skip
_NEW_YEAR_LASTS = date(2000, 1, 8).timetuple().tm_yday
_NOTHING: Mapping[date, bool] = MappingProxyType({})
_YES = frozenset({"1", "true", "yes", "да", "working", "рабочий"})
_NO = frozenset({"0", "false", "no", "нет", "off", "выходной"})


class WorkCalendar:
    """Answers for any date; `overrides` are the operator's own days."""

    def __init__(self, overrides: Mapping[date, bool] = _NOTHING) -> None:
        self._overrides = overrides
        self._known: dict[tuple[date, str], bool] = {}

    def is_workday(self, day: date, country: str = RUSSIA) -> bool:
        """True if people work on that day in `country`."""
        known = self._known.get((day, country))
        if known is None:
            known = self._known[day, country] = self._ask(day, country)
        return known

    def _ask(self, day: date, country: str) -> bool:
        own = self._overrides.get(day)
        if own is not None:
            return own
        if country and country != RUSSIA:
            return _of_package(day, country)
        if is_published(day.year):
            return _of_package(day, RUSSIA)
        return day.weekday() < _SATURDAY and day not in _days_off(day.year)

    def is_provisional(self, day: date, country: str = RUSSIA) -> bool:
        """True if nobody has published the moved days of that year yet."""
        return country in ("", RUSSIA) and not is_published(day.year) and not self._own(day.year)

    def _own(self, year: int) -> bool:
        return any(day.year == year for day in self._overrides)


@lru_cache(maxsize=64)
def is_published(year: int) -> bool:
    """True if the package knows moved days of that year, not only the days of the law."""
    days = _package(RUSSIA, year)
    legal = {date(year, month, day) for month, day in _STATUTORY}
    return bool(days.weekend_workdays) or any(day not in legal for day in days)


@lru_cache(maxsize=64)
def _days_off(year: int) -> frozenset[date]:
    """Art. 112: a holiday on a weekend moves to the next working day, except those of New Year."""
    legal = [date(year, month, day) for month, day in _STATUTORY]
    off = set(legal)
    for holiday in legal:
        if holiday.weekday() < _SATURDAY or holiday.timetuple().tm_yday <= _NEW_YEAR_LASTS:
            continue
        moved = holiday + _DAY
        while moved.weekday() >= _SATURDAY or moved in off:
            moved += _DAY
        off.add(moved)
    return frozenset(off)


def _of_package(day: date, country: str) -> bool:
    try:
        return bool(_package(country, day.year).is_working_day(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY


@lru_cache(maxsize=64)
def _package(country: str, year: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import holidays  # half a second, needed only where working days are asked for

    return holidays.country_holidays(country, years=year)


def load_overrides(path: Path | None) -> Mapping[date, bool]:
    """The operator's days from a CSV with the columns `date,working`."""
    if path is None:
        return _NOTHING
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"WORKDAYS_FILE: {path} cannot be read: {error.strerror}"
        ) from None
    rows = list(csv.DictReader(text.splitlines()))
    return {_date(path, number, row): _works(path, number, row) for number, row in _numbered(rows)}


def _numbered(rows: list[dict[str, str]]) -> list[tuple[int, dict[str, str]]]:
    return list(enumerate(rows, start=2))


def _date(path: Path, number: int, row: Mapping[str, str | None]) -> date:
    text = (row.get("date") or "").strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _bad(path, number, f"date {text!r} is not written YYYY-MM-DD") from None


def _works(path: Path, number: int, row: Mapping[str, str | None]) -> bool:
    text = (row.get("working") or "").strip().casefold()
    if text not in _YES | _NO:
        raise _bad(path, number, f"working {text!r} is neither true nor false")
    return text in _YES


def _bad(path: Path, number: int, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"WORKDAYS_FILE: {path}, line {number}: {what}. Example: date,working / 2028-11-06,false"
    )
