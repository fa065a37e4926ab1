"""Which addresses of a list are wanted: shell globs, or regular expressions after `re:` (S39)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from urllib.parse import unquote, urlsplit

import regex

from povod.sites.options import InvalidOption

MATCH_SECONDS = 0.05
MAX_LENGTH = 500
EXCLUDED, NOT_INCLUDED, BINARY = "excluded", "not_included", "binary"

_BINARY = (
    *("*.pdf", "*.jpg", "*.jpeg", "*.png", "*.gif", "*.webp", "*.svg"),
    *("*.css", "*.js", "*.zip", "*.mp4"),
)
DEFAULT_EXCLUDES = ("*/static/*", "*/assets/*", *_BINARY)


@dataclass(frozen=True)
class Masks:
    """Compiled masks; exclusion wins over inclusion, and the usual exclusions always hold."""

    include: Sequence["regex.Pattern[str]"]
    exclude: Sequence["regex.Pattern[str]"]

    @classmethod
    def of(cls, include: Sequence[str], exclude: Sequence[str]) -> "Masks":
        """`InvalidOption` names the mask that cannot be used."""
        return cls(
            [_compiled("include", mask) for mask in include],
            [_compiled("exclude", mask) for mask in exclude],
        )

    def refusal(self, url: str) -> str:
        """Why an address is left out (`excluded`, `not_included`, `binary`); empty: it stays."""
        parts = urlsplit(url)
        text = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if any(pattern.match(parts.path) for pattern in _BINARY_PATTERNS):
            return BINARY
        # People write masks in letters, maps write addresses in per cents.
        spellings = (text, unquote(text)) if "%" in text else (text,)
        if _fits_any((*_USUAL_PATTERNS, *self.exclude), spellings):
            return EXCLUDED
        if self.include and not _fits_any(self.include, spellings):
            return NOT_INCLUDED
        return ""


def _compiled(field: str, mask: str) -> "regex.Pattern[str]":
    if len(mask) > MAX_LENGTH:
        raise InvalidOption(field, f"a mask is longer than {MAX_LENGTH} characters")
    if not mask.startswith("re:"):
        return _glob(mask)
    try:
        return regex.compile(mask[3:], regex.IGNORECASE)
    except regex.error as error:
        raise InvalidOption(field, f"{mask!r} is no regular expression: {error}") from None


def _glob(mask: str) -> "regex.Pattern[str]":
    body = translate(mask).removesuffix(r"\Z").removesuffix(r"\z")
    return regex.compile(rf"\A{body}\Z", regex.IGNORECASE)


def _fits_any(patterns: Sequence["regex.Pattern[str]"], spellings: Sequence[str]) -> bool:
    return any(_matches(pattern, text) for pattern in patterns for text in spellings)


def _matches(pattern: "regex.Pattern[str]", text: str) -> bool:
    """A pattern that takes too long fits nothing: it must not hold up the list."""
    try:
        return pattern.search(text, timeout=MATCH_SECONDS) is not None
    except TimeoutError:
        return False


_BINARY_PATTERNS = [_glob(mask) for mask in _BINARY]
_USUAL_PATTERNS = [_glob(mask) for mask in DEFAULT_EXCLUDES if mask not in _BINARY]
