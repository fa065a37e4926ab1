"""Gender of one part of a name: patronymic, first name, surname (G65).

Wrong is worse than unknown: a part decides only where its kind of word is known to. First names
come from our own lists, then from pytrovich; surnames from pytrovich. A word that stands alone may
be either, so shapes that only surnames have are never taken for first names.
"""

import logging
import re
from functools import cache, lru_cache

from pytrovich.detector import PetrovichGenderDetector
from pytrovich.enums import Gender as PetrovichGender

from povod.writing.names.lists import fold, lists

CLAN_WORDS = frozenset({"оглы", "оглу", "угли", "кызы", "гызы"})
_CYRILLIC = re.compile(r"[Ѐ-ӿ’'\- .]+")
_PATRONYMIC_M = re.compile(
    r"[а-я](?:[аеоюя]вич|[аеи]ич|ьм?ич|[лнмрств]ыч)$|[\s-](?:оглы|оглу|угли)$"
)
_PATRONYMIC_F = re.compile(r"(?:[ое]вна|ична)$|[\s-](?:кызы|гызы)$")
_MALE_ICH_TEXT = (
    "ильич кузьмич фомич лукич никитич саввич фокич силич минич зосимич данилич гаврилич "
    "вавилич ермилич михайлич аникитич савич климич титыч карпыч"
)
_MALE_ICH = frozenset(_MALE_ICH_TEXT.split())
_SURNAME_ONLY = re.compile(
    r"(?:ук|юк|[^аеиоуыэюя]ак|як|ок|чик|щик|ник|ман|чан|сон|берг|бург|штейн|штерн|штадт|[аиоу]нг"
    r"|фельд|баум|гаузен|хаузен|бах|ух|[ыи]х|ко|ло|ро|то|[аклмнстч]ян|унц|нн?ер|к?кер|г?гер|лл?ер"
    r"|дзе|швили|[аи]ди|ец|кевич|[тн]ис|скас|дт|ский|[лн]ка|яга|ота|ода|йда|ыга|уля|ыш|рф|оф|фф)$"
)
_FOND = re.compile(
    r"(?:очк|ечк|еньк|оньк|ушк|юшк|ышк|ишк|ьк|к|ул|юл|уш|юш|ус|юс|ун|юн|ах|ух|юх)[ая]$"
)
"""Suffixes of diminutives: «Розочка», «Митенька», «Колюша»."""
_GENDERS = {PetrovichGender.MALE: "m", PetrovichGender.FEMALE: "f"}

logging.getLogger("pytrovich").setLevel(logging.ERROR)


@cache
def _detector() -> PetrovichGenderDetector:
    return PetrovichGenderDetector()


def is_cyrillic(text: str) -> bool:
    """Whether the whole text is written in Cyrillic."""
    return bool(_CYRILLIC.fullmatch(text))


def patronymic_gender(word: str) -> str | None:
    """`m` or `f` of a patronymic, None when the word does not look like one."""
    folded = fold(word)
    if _PATRONYMIC_F.search(folded):
        return "f"
    return "m" if _PATRONYMIC_M.search(folded) or folded in _MALE_ICH else None


def is_patronymic(word: str) -> bool:
    """Whether the word is formed like a patronymic."""
    return patronymic_gender(word) is not None


def first_name_gender(word: str, *, alone: bool = False) -> str | None:
    """`m` or `f` of a first name; a word that stands `alone` must not look like a surname."""
    found = {_first_part(part, alone) for part in word.split("-") if part}
    return found.pop() if len(found) == 1 else None


def _first_part(word: str, alone: bool) -> str | None:
    folded, names = fold(word), lists()
    if folded in names.androgynous:
        return None
    listed = names.gender(folded) or _fond_gender(folded)
    if listed or not is_cyrillic(word):
        return listed
    if alone and surname_like(word):
        return None
    return _detected(word.lower(), "firstname") or _detected(folded, "firstname")


def _fond_gender(folded: str) -> str | None:
    """Gender of a diminutive by the listed name it is made of; None when both are possible."""
    fond = _FOND.search(folded)
    if not fond or fond.start() < 2:
        return None
    base = folded[: fond.start()]
    return lists().gender(base + "а") or lists().gender(base + "я") or lists().gender(base)


def surname_gender(word: str) -> str | None:
    """`m` or `f` of a surname that changes with gender; None for Шевченко, Седых, Ковальчук."""
    if not is_cyrillic(word) or fold(word) in lists().neutral_surnames:
        return None
    last = word.replace("-", " ").split()[-1]
    return _detected(last.lower(), "lastname") or _detected(fold(last), "lastname")


def surname_like(word: str) -> bool:
    """Whether the word has the shape of a surname that tells no gender."""
    folded = fold(word)
    if folded.endswith(("ин", "ын", "ов", "ев")) and surname_gender(word) is None:
        return True  # Пэйлин, Грин: foreign surnames that only look Russian
    return folded in lists().neutral_surnames or bool(_SURNAME_ONLY.search(folded))


@lru_cache(maxsize=8192)
def _detected(word: str, part: str) -> str | None:
    if not word.strip():
        return None
    return _GENDERS.get(_detector().detect(**{part: word}))  # type: ignore[no-untyped-call]
