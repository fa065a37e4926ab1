"""Colours as (red, green, blue), their mixtures, and whether text can be read on a ground."""

import re

from povod.kit.errors import InputError

Colour = tuple[int, int, int]

TEXT_CONTRAST = 4.5
TITLE_CONTRAST = 3.0

_HEX = re.compile(r"#([0-9a-fA-F]{6})")


def colour(text: str) -> Colour:
    """`#1a2b3c` as a colour; `InputError` for anything else."""
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a colour; write it as #1a2b3c")
    number = int(match[1], 16)
    return number >> 16, number >> 8 & 255, number & 255


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def luminance(tone: Colour) -> float:
    """Relative luminance as WCAG 2 defines it."""
    red, green, blue = (_linear(part / 255) for part in tone)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: Colour, second: Colour) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
