"""The occasion as it stands in a sentence: «с Днём строителя», «со Светлой Пасхой» (G30)."""

import re

EARLY_KINDS = frozenset(
    {"public", "new_year", "womens_day", "defender_day", "social", "professional"}
)
"""What may be greeted before the day: birthdays and religious days never are."""

_COMING = {"ru": "наступающим", "en": "upcoming"}
_SO = re.compile(r"[взсшщж][бвгджзйклмнпрстфхцчшщ]", re.IGNORECASE)
_ANNOUNCED = re.compile(r"^(?:наступающ|upcoming)", re.IGNORECASE)


def preposition(words: str) -> str:
    """`со` before two consonants of which the first is в, з, с, ш, щ or ж, else `с`."""
    return "со" if _SO.match(words) else "с"


def occasion_with(
    instrumental: str, *, early: bool = False, kind: str = "public", language: str = "ru"
) -> str:
    """The instrumental with its preposition, and «наступающим» once when it comes early.

    Empty for an occasion whose instrumental is unknown: a case is never guessed.
    """
    words = " ".join(instrumental.split())
    if not words:
        return ""
    if early and kind in EARLY_KINDS and not _ANNOUNCED.match(words):
        words = f"{_COMING[language]} {words}"
    if language == "en":
        return f"on {'the ' if _ANNOUNCED.match(words) else ''}{words}"
    return f"{preposition(words)} {words}"
