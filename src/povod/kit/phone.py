"""Phone numbers in running text.

A page has few numbers and much text, and the matcher of `phonenumbers` is slow on text. So a
linear search first finds the windows in which digits stand close together, and the matcher decides
inside them. The windows hold whole candidates, so the answer is that of the whole text. Only ASCII
digits are looked for. Nodes of a page are to be joined by newlines: no number crosses one.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    format_number,
    is_valid_number_for_region,
)

MIN_DIGITS = 6
"""No country has shorter numbers, counted with trunk prefix or country code."""

_BLANKS = b" \t,-\xa0"
_SHAPE = bytes(
    0x30 if 0x30 <= code <= 0x39 else 0x0A if code == 0x0A else 0x20 if code in _BLANKS else 0x78
    for code in range(256)
)
"""Latin-1 bytes to their role in a number: `0` digit, line feed, blank, `x` anything else."""

# Within a number stand at most 4 signs of punctuation; before its extension a label between blanks.
_WINDOW = re.compile(rb"0(?: *+[^\n0]{0,16}? *+0)*+")
_NUMBER = re.compile(rb"0(?:[^\n0]{0,4}0){%d}" % (MIN_DIGITS - 1))
_BEFORE, _AFTER = 12, 2  # signs that the matcher may look at around the digits of a candidate

_EXTENSION = re.compile(
    r"[\s,;]{0,3}\(?(?:доб|добавочный|вн|внутр|внутренний|ext)\b[.:]?\s{0,2}(?:номер|№)?\s{0,2}"
    r"(\d{1,6})\b",
    re.IGNORECASE,
)
_NO_PHONE_BEFORE = re.compile(
    r"(?:\b(?:инн|кпп|огрн|огрнип|бик|окпо|окато|октмо|оквэд|снилс|inn|ogrn|kpp|bik)|"
    r"\b[рк]\s?/\s?сч?|\bсч[её]т\w{0,2})(?:\s?/\s?кпп)?[\s№:.\-–—=]{0,6}$",
    re.IGNORECASE,
)
_NO_PHONE_AFTER = re.compile(r"\s{0,2}(?:₽|руб|р\.)", re.IGNORECASE)


class FoundPhone(NamedTuple):
    """One number of a text: E.164 with `;ext=` if it has an extension, and where it stands."""

    value: str
    start: int
    end: int


def find_phones(text: str, region: str = "RU") -> list[str]:
    """Valid numbers of the text in its order, each once: `+74232022511`, `+74232022511;ext=100`.

    A number without `+` must be valid in `region`; numbers labelled as ИНН, ОГРН, БИК or an
    account, and amounts of roubles, are none (L85).
    """
    return list(dict.fromkeys(found.value for found in iter_phones(text, region)))


def iter_phones(text: str, region: str = "RU") -> Iterator[FoundPhone]:
    """The same numbers with their places, repetitions included."""
    for start, end in _windows(text):
        yield from _phones_between(text, start, end, region)


def with_line(number: str) -> tuple[str, ...]:
    """A stored number and, last, the line that it is an extension of: itself without one."""
    return tuple(dict.fromkeys((number, number.partition(";")[0])))


def _windows(text: str) -> Iterator[tuple[int, int]]:
    shape = text.encode("latin-1", "replace").translate(_SHAPE)
    for match in _WINDOW.finditer(shape):
        start, end = match.span()
        if end - start >= MIN_DIGITS and _NUMBER.search(shape, start, end):
            line_start = shape.rfind(b"\n", max(start - _BEFORE, 0), start) + 1
            line_end = shape.find(b"\n", end, end + _AFTER)
            yield (
                line_start or max(start - _BEFORE, 0),
                line_end if line_end >= 0 else end + _AFTER,
            )


def _phones_between(text: str, start: int, end: int, region: str) -> Iterator[FoundPhone]:
    window = text[start:end]
    for match in PhoneNumberMatcher(window, region, min_candidate_length=MIN_DIGITS):
        first, last = start + match.start, start + match.end
        international = "+" in match.raw_string or "＋" in match.raw_string
        if not international and not is_valid_number_for_region(match.number, region):
            continue
        if _is_something_else(text, first, last):
            continue
        if not match.number.extension and (extension := _EXTENSION.match(text, last)):
            match.number.extension = extension[1]
            last = extension.end()
        yield FoundPhone(_e164(match.number), first, last)


def _is_something_else(text: str, start: int, end: int) -> bool:
    label = _NO_PHONE_BEFORE.search(text[max(start - 24, 0) : start])
    return label is not None or _NO_PHONE_AFTER.match(text, end) is not None


def _e164(number: PhoneNumber) -> str:
    digits = format_number(number, PhoneNumberFormat.E164)
    return f"{digits};ext={number.extension}" if number.extension else digits
