"""Own lists of names (G65, G85): full names, diminutives, names of either gender.

A name is looked up in lower case with «ё» written as «е».
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class NameLists:
    """What is known about first names; every set holds `fold`ed words."""

    male: frozenset[str]
    female: frozenset[str]
    male_short: frozenset[str]
    female_short: frozenset[str]
    androgynous: frozenset[str]
    particles: frozenset[str]
    indeclinable: frozenset[str]
    neutral_surnames: frozenset[str]

    def gender(self, folded: str) -> str | None:
        """`m` or `f` of a listed name, else None."""
        if folded in self.male or folded in self.male_short:
            return "m"
        if folded in self.female or folded in self.female_short:
            return "f"
        return None

    def knows(self, folded: str) -> bool:
        """Whether the word is a listed first name of any gender."""
        return folded in self.androgynous or self.gender(folded) is not None


def fold(word: str) -> str:
    """The key of a word in the lists."""
    return word.casefold().replace("ё", "е")


@cache
def lists() -> NameLists:
    """The shipped lists."""
    text = resources.files("povod.writing").joinpath("data/names_ru.json").read_text("utf-8")
    return NameLists(**{name: frozenset(words.split()) for name, words in json.loads(text).items()})
