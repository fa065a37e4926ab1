"""Signs that do not belong into a text: controls, emoji, shouting, loose typography (G94, G95)."""

import re
from collections.abc import Iterator

from povod.writing.guardrails.base import Hit
from povod.writing.typography import NBSP, typeset

MAX_EXCLAMATIONS = 3
CONTROLS = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufffd\ufff9-\ufffb]"
)
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\ufe0f\u20e3\U0001f000-\U0001faff]"
    r"|(?<!\w)[:;]-?[)(DP](?!\w)"
)
_LOOSE_SIGNS = (
    '"', "“", "”", "„", "‟", "\t", "\r", "\u202f", "\u2009", "  ", " \n", "\n ", "\n\n\n", "...",
    " -", " –", " −", " ,", " ;", " :", " !", " ?", " …", " .", "\n-", "\n—", "\n–", "\n−",
)  # fmt: skip
_LOOSE = re.compile("«[^»]*«|»[^«]*»|^[\\s»–−—-]|\\s$")
"""What may be set better; texts without any of it are cleared at once."""
_CAPITALS = re.compile(r"(?<![\w-])[А-ЯЁA-Z]{5,}(?![\w-])")
_ABBREVIATIONS_TEXT = (
    "ГИБДД ЕГРЮЛ ЕГРИП ОКВЭД ОКПО НИОКР ЮНЕСКО ФГБОУ ФГАОУ ФГУП ЗАГС СНИЛС ВЦИОМ МАГАТЭ ОБСЕ "
    "UNESCO UNICEF ROSNEFT GAZPROM IKEA HTML JSON"
)
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())


def find_controls(text: str) -> Iterator[Hit]:
    """Control and invisible characters."""
    for match in CONTROLS.finditer(text):
        yield Hit("control", match.start(), match.end(), f"U+{ord(match[0]):04X}")


def find_shouting(text: str, masked: str) -> Iterator[Hit]:
    """Too many exclamation marks, and words in capitals."""
    if text.count("!") > MAX_EXCLAMATIONS:
        marks = [place for place, sign in enumerate(text) if sign == "!"]
        yield Hit("shouting", marks[MAX_EXCLAMATIONS], marks[-1] + 1, "!", detail="exclamations")
    for match in _CAPITALS.finditer(masked):
        if match[0] not in _ABBREVIATIONS:
            yield Hit("shouting", match.start(), match.end(), match[0])


def find_emoji(masked: str) -> Iterator[Hit]:
    """Emoji, arrows, dingbats and smileys."""
    for match in _EMOJI.finditer(masked):
        yield Hit("emoji", match.start(), match.end(), match[0])


def find_typography(text: str, language: str) -> Iterator[Hit]:
    """The first place where quotation marks, dashes or blanks are not as they should be.

    A missing no-break space is set on rendering and not reported.
    """
    have = text.replace(NBSP, " ")
    if not any(sign in have for sign in _LOOSE_SIGNS) and not _LOOSE.search(have):
        return
    want = typeset(text, language).replace(NBSP, " ")
    if have == want:
        return
    place = next(
        (at for at, pair in enumerate(zip(have, want, strict=False)) if len({*pair}) > 1),
        min(len(have), len(want)),
    )
    yield Hit("typography", place, min(place + 1, len(text)), text[place : place + 1])
