"""Cases of a name, for user templates only (G67): shipped texts avoid them by wording."""

import re
from functools import cache

from pytrovich.enums import Case, NamePart
from pytrovich.enums import Gender as PetrovichGender
from pytrovich.maker import PetrovichDeclinationMaker

from povod.writing.names.gender import gender_with_source
from povod.writing.names.lists import fold, lists
from povod.writing.names.parts import CLAN_WORDS, is_cyrillic, is_patronymic
from povod.writing.names.split import split_name, tokens_of

_CASES = {"genitive": Case.GENITIVE, "dative": Case.DATIVE, "accusative": Case.ACCUSATIVE}
_GENDERS = {"m": PetrovichGender.MALE, "f": PetrovichGender.FEMALE}
_FIXED = re.compile(r"(?:[оеуиюыэё]|[ыи]х|ко|аго|яго|ово)$")
"""Surnames with these endings have one form for all cases."""


@cache
def _maker() -> PetrovichDeclinationMaker:
    return PetrovichDeclinationMaker()


def decline(name: str, case: str, gender: str | None = None) -> str | None:
    """The name in `case` (genitive, dative, accusative), or None when it cannot be told safely."""
    if case not in _CASES:
        raise ValueError(f"unknown case {case!r}; there are: {', '.join(_CASES)}")
    parts = split_name(name)
    words = tokens_of(name)
    if parts.warning or not words or not all(is_cyrillic(word) for word in words):
        return None
    found = gender or gender_with_source(parts.first_name, parts.middle_name, parts.last_name).value
    if found not in _GENDERS:
        return None
    roles = {
        parts.first_name: NamePart.FIRSTNAME,
        parts.middle_name: NamePart.MIDDLENAME,
        parts.last_name: NamePart.LASTNAME,
    }
    forms = [_form(word, roles[word], found, _CASES[case]) for word in words]
    return None if None in forms else " ".join(form for form in forms if form)


def _form(word: str, role: NamePart, gender: str, case: Case) -> str | None:
    if fold(word) in lists().indeclinable or _stays(word, role, gender):
        return word
    try:
        form = _maker().make(role, _GENDERS[gender], case, word)
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return str(form) if form else None


def _stays(word: str, role: NamePart, gender: str) -> bool:
    folded = fold(word)
    if role is NamePart.MIDDLENAME:
        return folded.split()[-1] in CLAN_WORDS or not is_patronymic(word)
    if role is NamePart.LASTNAME:
        consonant = folded[-1] not in "аеиоуыэюя"
        return bool(_FIXED.search(folded)) or (gender == "f" and consonant)
    return folded[-1] in "оеуиыэю" or (gender == "f" and folded[-1] not in "аяь")
