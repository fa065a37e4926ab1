"""Birth dates as people and spreadsheets write them (G7, G14)."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from povod.book.clients.words import fault
from povod.kit.errors import InputError
from povod.kit.text import clean

LEAP_YEAR = 2000
FIRST_YEAR = 1900
MINOR, VERY_OLD = 18, 100
YOUNGEST_OF_TWO_DIGITS = 14
MAC_EPOCH_DAYS = 1462
"""Between the two epochs of workbooks, 1899-12-30 and 1904-01-01."""

_MONTHS = (
    *("январь января", "февраль февраля", "март марта", "апрель апреля", "май мая"),
    *("июнь июня", "июль июля", "август августа", "сентябрь сентября"),
    *("октябрь октября", "ноябрь ноября", "декабрь декабря"),
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ]\d.*)?")
_NO_YEAR = re.compile(r"--(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(
    r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2})(?: ?г\.?)?)?\.?(?: \d{1,2}:.*)?"
)
_WORDS = re.compile(r"(\d{1,2})(?:-?го)? ([а-яё]+)\.?(?: (\d{4}|\d{2})(?: ?г(?:ода|\.)?)?)?")
_SERIAL = re.compile(r"\d{3,5}(?:\.0+)?")


@dataclass(frozen=True)
class BirthDate:
    """A day and a month, with the year if it is known; `notes` say what was guessed."""

    day: int
    month: int
    year: int | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        year = f"{self.year:04}" if self.year else "-"
        return f"{year}-{self.month:02}-{self.day:02}"

    def age(self, today: date) -> int | None:
        """Full years on `today`; None without a year. 29 February counts from 1 March."""
        if self.year is None:
            return None
        return today.year - self.year - ((today.month, today.day) < (self.month, self.day))

    def is_suspicious(self, today: date) -> bool:
        """Under 18 or over 100: stored, never greeted automatically."""
        age = self.age(today)
        return age is not None and not MINOR <= age <= VERY_OLD


def parse_birth_date(text: str, today: date, *, epoch_1904: bool = False) -> BirthDate | None:
    """The date that `text` means; None when it is empty, `InputError` when there is none.

    Known forms: 1985-05-17 (with a time too), --05-17, 17.05.1985, 17/05/85, 17.05, 17 мая 1985,
    and the serial number of a workbook's day.
    """
    plain = clean(text).casefold()
    if not plain:
        return None
    if match := _ISO.fullmatch(plain):
        year, month, day = map(int, match.groups())
        return _checked(text, today, day, month, year)
    if match := _NO_YEAR.fullmatch(plain):
        return _checked(text, today, int(match[2]), int(match[1]), None)
    if match := _NUMBERS.fullmatch(plain):
        return _of_numbers(text, today, match)
    if match := _WORDS.fullmatch(plain):
        return _of_words(text, today, match)
    # A number that looks like a year is a year, and a year alone is no birthday.
    if _SERIAL.fullmatch(plain) and not FIRST_YEAR <= float(plain) <= today.year:
        return _of_serial(text, today, int(float(plain)), epoch_1904)
    raise _unreadable(text)


def _of_numbers(text: str, today: date, match: re.Match[str]) -> BirthDate:
    first, second = int(match[1]), int(match[2])
    year, notes = _year(match[3], today)
    if second > 12 >= first:
        return _checked(text, today, second, first, year, (*notes, "month_first"))
    return _checked(text, today, first, second, year, notes)


def _of_words(text: str, today: date, match: re.Match[str]) -> BirthDate:
    month = next((n for n, forms in enumerate(_MONTHS, 1) if _is_month(match[2], forms)), 0)
    if not month:
        raise _unreadable(text)
    year, notes = _year(match[3], today)
    return _checked(text, today, int(match[1]), month, year, notes)


def _is_month(word: str, forms: str) -> bool:
    """One of the forms of a month's name, or its beginning of at least three letters."""
    return len(word) >= 3 and any(form.startswith(word) for form in forms.split())


def _of_serial(text: str, today: date, serial: int, epoch_1904: bool) -> BirthDate:
    days = serial + (MAC_EPOCH_DAYS if epoch_1904 else 0)
    found = date(1899, 12, 30) + timedelta(days=days)
    return _checked(text, today, found.day, found.month, found.year)


def _year(text: str | None, today: date) -> tuple[int | None, tuple[str, ...]]:
    """A year of two digits is the one that gives an age of at least 14 (G7)."""
    if text is None:
        return None, ()
    if len(text) == 4:
        return int(text), ()
    near = 2000 + int(text)
    year = near if today.year - near >= YOUNGEST_OF_TWO_DIGITS else near - 100
    return year, ("century_guessed",)


def _checked(
    text: str, today: date, day: int, month: int, year: int | None, notes: tuple[str, ...] = ()
) -> BirthDate:
    if not 1 <= month <= 12:
        raise fault("birth_date", f"{text!r}: there is no month {month}")
    if not 1 <= day <= monthrange(year or LEAP_YEAR, month)[1]:
        raise fault("birth_date", f"{text!r}: there is no such day in that month")
    if year is not None and (year < FIRST_YEAR or date(year, month, day) > today):
        raise fault("birth_date", f"{text!r}: the year must be from {FIRST_YEAR} to today")
    return BirthDate(day, month, year, notes)


def _unreadable(text: str) -> InputError:
    return fault("birth_date", f"{text[:40]!r} is no date; write 17.05.1985, 17.05 or 1985-05-17")
