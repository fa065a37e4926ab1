"""A broken rule, where it stands, and how it is told to people."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

FIX, BLOCK, WARN = "fix", "block", "warn"
BLOCK_CODES = (
    "length", "structure", "placeholder", "pii_card", "pii_snils", "pii_inn", "pii_passport",
    "pii_phone", "email", "url", "foreign_name", "foreign_company", "foreign_number", "money",
    "percent", "age", "relative_day", "promo", "promise", "topic", "meta", "gender_form",
    "you_form", "title_form", "language", "repetition", "emoji",
)  # fmt: skip
"""Codes that refuse a model's text; the others are repaired or shown to a person."""

_WARN_FOR_PEOPLE = frozenset({"promo", "promise", "emoji"})
_FIX = frozenset({"typography", "control"})
_WARN = frozenset({"shouting"})


@dataclass(frozen=True)
class Violation:
    """One broken rule: `code` for programs, `reason` for people, `found` as it stands.

    `start` and `end` are places in the part it was found in (subject, body or wish).
    """

    code: str
    reason: str
    found: str = ""
    severity: str = BLOCK
    start: int = 0
    end: int = 0
    part: str = "body"


@dataclass(frozen=True)
class Hit:
    """A rule's find, before it is put into words."""

    code: str
    start: int = 0
    end: int = 0
    found: str = ""
    severity: str = ""
    detail: str = ""

    def violation(self, language: str, source: str = "template", part: str = "body") -> Violation:
        """The find in the language of the reader."""
        reason = reasons()[self.detail or self.code][language].replace("{found}", self.found)
        severity = self.severity or severity_of(self.code, source)
        return Violation(self.code, reason, self.found, severity, self.start, self.end, part)


def severity_of(code: str, source: str) -> str:
    """What becomes of the text: repaired, refused, or shown to a person first."""
    if code in _FIX:
        return FIX
    if code in _WARN or (source == "human" and code in _WARN_FOR_PEOPLE):
        return WARN
    return BLOCK


def blocking(violations: Iterable[Violation]) -> list[Violation]:
    """Those that refuse the text."""
    return [violation for violation in violations if violation.severity == BLOCK]


@cache
def reasons() -> Mapping[str, Mapping[str, str]]:
    """Sentences for people by code or detail, and language."""
    text = resources.files("povod.writing").joinpath("data/guard_reasons.json").read_text("utf-8")
    loaded: Mapping[str, Mapping[str, str]] = json.loads(text)
    return loaded
