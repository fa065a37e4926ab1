"""Words about a trade: short names of the 88 OKVED-2 classes, wishes of the sections A-S."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_CLASS = re.compile(r"^\d{2}(?=$|\.)")
_SECTIONS = (
    ("A", 1, 3), ("B", 5, 9), ("C", 10, 33), ("D", 35, 35), ("E", 36, 39), ("F", 41, 43),
    ("G", 45, 47), ("H", 49, 53), ("I", 55, 56), ("J", 58, 63), ("K", 64, 66), ("L", 68, 68),
    ("M", 69, 75), ("N", 77, 82), ("O", 84, 84), ("P", 85, 85), ("Q", 86, 88), ("R", 90, 93),
    ("S", 94, 96),
)  # fmt: skip


@cache
def _data(name: str) -> Mapping[str, Any]:
    text = resources.files("povod.writing").joinpath(f"data/{name}.json").read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def class_of(okved: str) -> str:
    """The two digits of the class, empty when the text is no OKVED-2 code."""
    match = _CLASS.match(okved.strip())
    return match[0] if match else ""


def section_of(okved: str) -> str:
    """The letter of the section, `A` to `S`, or empty."""
    number = int(class_of(okved) or 0)
    return next((letter for letter, low, high in _SECTIONS if low <= number <= high), "")


def industry(okved: str, language: str = "ru") -> str:
    """What the company does, in our own words: «строительство зданий»."""
    words = _data("okved_classes").get(class_of(okved))
    return str(words[1 if language == "en" else 0]) if words else ""


def industry_wish(okved: str, language: str = "ru", seed: str = "") -> str:
    """One sentence for the trade; which of the two depends on `seed` alone."""
    wishes = _data("industry_wishes")[language].get(section_of(okved))
    if not wishes:
        return ""
    return str(wishes[hashlib.sha256(f"{seed}|industry".encode()).digest()[0] % len(wishes)])
