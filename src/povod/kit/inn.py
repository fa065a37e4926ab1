"""Check digits of Russian taxpayer and registration numbers (G118).

Own code because the usual library takes an INN of zeros and refuses sole traders' numbers whose
remainder is 10, 11 or 12.
"""

import re

_INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
"""Weights of the eleven digits before a 12-digit INN's last; shorter rows use its tail."""

_NOISE = re.compile(r"[\s\u00ad\u200b\ufeff\-\u2010-\u2015\u2212:№]+|инн|inn", re.IGNORECASE)


def is_valid_inn(text: str) -> bool:
    """Whether the text is an INN of a company (10 digits) or of a person (12 digits)."""
    if not _is_digits(text) or text.startswith("00"):
        return False
    if len(text) == 10:
        return _inn_digit(text[:9]) == text[9]
    return (
        len(text) == 12 and _inn_digit(text[:10]) == text[10] and _inn_digit(text[:11]) == text[11]
    )


def is_valid_ogrn(text: str) -> bool:
    """Whether the text is an OGRN (13 digits) or an OGRNIP (15 digits, first 3 or 4)."""
    if not _is_digits(text):
        return False
    if len(text) == 13:
        return text[0] != "0" and int(text[:12]) % 11 % 10 == int(text[12])
    return len(text) == 15 and text[0] in "34" and int(text[:14]) % 13 % 10 == int(text[14])


def normalize_inn(text: str) -> str:
    """The text without blanks, hyphens and the word «ИНН»; it may still be no valid INN."""
    return _NOISE.sub("", text)


def inn_with_check(head: str) -> str:
    """The INN of a company whose first nine digits are `head`: for invented data."""
    return head + _inn_digit(head)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _inn_digit(head: str) -> str:
    """Check digit that follows the 9, 10 or 11 digits of `head`."""
    weights = _INN_WEIGHTS[-len(head) :]
    total = sum(weight * int(digit) for weight, digit in zip(weights, head, strict=True))
    return str(total % 11 % 10)
