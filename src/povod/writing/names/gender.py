"""Gender of a person, and what it was read from (G65)."""

from dataclasses import dataclass

from povod.writing.names.lists import fold, lists
from povod.writing.names.parts import (
    first_name_gender,
    is_cyrillic,
    patronymic_gender,
    surname_gender,
)
from povod.writing.names.split import split_name, tokens_of

CONTRADICTION = "the parts of the name contradict each other"


@dataclass(frozen=True)
class Gender:
    """`m`, `f` or None; `source` is given, patronymic, first_name or surname."""

    value: str | None = None
    source: str | None = None
    warning: str = ""


def gender_of(full_name: str) -> str | None:
    """`m`, `f` or None for a full name or one part of it, in any letter case."""
    words = tokens_of(full_name)
    if len(words) == 1:
        return _alone(words[0])
    parts = split_name(full_name)
    if parts.warning:
        return _agreement(words)
    return gender_with_source(parts.first_name, parts.middle_name, parts.last_name).value


def gender_with_source(
    first_name: str = "", middle_name: str = "", last_name: str = "", given: str | None = None
) -> Gender:
    """The first part that decides; None with a warning when parts contradict each other."""
    patronymic = patronymic_gender(middle_name.strip()) if middle_name else None
    if given in ("m", "f"):
        if patronymic not in (None, given):
            return Gender(warning=CONTRADICTION)
        return Gender(given, "given")
    if patronymic:
        return Gender(patronymic, "patronymic")
    first = first_name_gender(first_name.strip()) if first_name.strip() else None
    last = surname_gender(last_name.strip()) if last_name.strip() else None
    if first and last and first != last:
        return Gender(warning=CONTRADICTION)
    if first:
        return Gender(first, "first_name")
    return Gender(last, "surname") if last else Gender()


def _alone(word: str) -> str | None:
    """One word may be any part: a known name, else a patronymic, else what both readings allow."""
    if not is_cyrillic(word):
        return None
    if all(lists().knows(fold(part)) for part in word.split("-")):
        first = first_name_gender(word)
        return None if first == "f" and surname_gender(word) == "m" else first  # Аделин, Кристин
    patronymic = patronymic_gender(word)
    if patronymic:
        return patronymic
    first, last = first_name_gender(word, alone=True), surname_gender(word)
    if first and last and first != last:
        return None
    return first or last


def _agreement(words: list[str]) -> str | None:
    """The gender that every deciding word of an unclear name gives."""
    found = {_alone(word) for word in words} - {None}
    return found.pop() if len(found) == 1 else None
