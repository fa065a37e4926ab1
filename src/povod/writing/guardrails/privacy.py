"""Numbers and addresses of people that no greeting carries (G84)."""

import re
from collections.abc import Iterator

from povod.kit.inn import is_valid_inn
from povod.kit.phone import iter_phones
from povod.writing.guardrails.base import Hit

_DIGIT = re.compile(r"\d")
_DOTTED = re.compile(r"\w\.\w|://|\bt\.me")
_DIGITS = re.compile(r"(?<![\d+])\d(?:[ \u00a0\u202f-]{0,2}\d){8,22}(?!\d)")
_SNILS = re.compile(r"(?<!\d)\d{3}[- ]?\d{3}[- ]?\d{3}[- ]?\d{2}(?!\d)")
_PASSPORT = re.compile(
    r"(?:паспорт|сери[яию]|номер|passport)\D{0,24}?(\d{2}\s?\d{2}\D{0,12}?\d{6})(?!\d)",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\d+])(?:\+7|8)[\s\u00a0(-]{0,2}\d{3}[\s\u00a0)-]{0,2}\d{3}[\s\u00a0-]?\d{2}"
    r"[\s\u00a0-]?\d{2}(?!\d)|\+\d{1,3}[\s(-]{0,2}\d{2,4}(?:[\s)-]{0,2}\d{2,4}){2,4}(?!\d)"
)
_EMAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_URL = re.compile(
    r"(?:https?|ftp)://\S+|\bwww\.\S+|\b(?:t\.me|vk\.com|wa\.me|vk\.cc|bit\.ly)\b/?\S*"
    r"|(?<![@\w.-])[\w-]+(?:\.[\w-]+)*\.(?:ru|рф|su|com|net|org|info|biz|io|me|by|kz|ua|pro|online"
    r"|site|shop|store|app|dev|ai|club|moscow|москва)(?![\w-])(?:/\S*)?",
    re.IGNORECASE,
)


def find_pii(text: str) -> Iterator[Hit]:
    """Cards, СНИЛС, INN, passports, phones, addresses and links."""
    yield from find_numbers(text)
    yield from _addresses(text)


def find_numbers(text: str, known: str = "") -> Iterator[Hit]:
    """Numbers of people and firms; one whose digits stand in `known` is no find."""
    if not _DIGIT.search(text):
        return
    taken: list[tuple[int, int]] = []
    known_digits = re.sub(r"\D", "", known)
    for hit in _numbers(text):
        digits = re.sub(r"\D", "", hit.found)
        if known_digits and digits[-9:] in known_digits:
            continue
        if not any(hit.start < end and start < hit.end for start, end in taken):
            taken.append((hit.start, hit.end))
            yield hit


def _numbers(text: str) -> Iterator[Hit]:
    for match in _PASSPORT.finditer(text):
        yield Hit("pii_passport", match.start(1), match.end(1), match[1])
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 13 <= len(digits) <= 19 and _luhn(digits):
            yield Hit("pii_card", match.start(), match.end(), match[0])
    for match in _SNILS.finditer(text):
        if _is_snils(re.sub(r"\D", "", match[0])):
            yield Hit("pii_snils", match.start(), match.end(), match[0])
    for match in _PHONE.finditer(text):
        yield Hit("pii_phone", match.start(), match.end(), match[0])
    for match in _DIGITS.finditer(text):
        if is_valid_inn(re.sub(r"\D", "", match[0])):
            yield Hit("pii_inn", match.start(), match.end(), match[0])
    for phone in iter_phones(text):
        yield Hit("pii_phone", phone.start, phone.end, text[phone.start : phone.end])


def _addresses(text: str) -> Iterator[Hit]:
    mails = [*_EMAIL.finditer(text)] if "@" in text or "(at)" in text or "[at]" in text else []
    for match in mails:
        yield Hit("email", match.start(), match.end(), match[0])
    for match in _URL.finditer(text) if _DOTTED.search(text) else ():
        if not any(mail.start() <= match.start() < mail.end() for mail in mails):
            yield Hit("url", match.start(), match.end(), match[0])


def _luhn(digits: str) -> bool:
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _is_snils(digits: str) -> bool:
    total = sum(int(sign) * (9 - place) for place, sign in enumerate(digits[:9])) % 101
    return total % 100 == int(digits[9:]) and int(digits[:9]) > 0
