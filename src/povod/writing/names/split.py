"""A full name in its parts (G66).

The patronymic decides the order. What stays unclear is left whole, with a warning, for a person.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from povod.writing.names.lists import fold, lists
from povod.writing.names.normal import normalize_name
from povod.writing.names.parts import (
    CLAN_WORDS,
    is_cyrillic,
    is_patronymic,
    surname_gender,
    surname_like,
)

UNCLEAR = "the order of the name is unclear"
TOO_LONG = "the name has too many parts"
_INITIALS = re.compile(r"^(?:[^\W\d_]\.?-?){1,3}$")
_GLUED = re.compile(r"(?<=\.)(?=[^\W\d_]{2})")


@dataclass(frozen=True)
class FullName:
    """The parts of a name; all empty but `full` when they could not be told apart."""

    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    full: str = ""
    warning: str = ""


def is_initials(token: str) -> bool:
    """Whether the token stands for names without being one: «И.», «И.И.», «И»."""
    return len(token) == 1 or ("." in token and bool(_INITIALS.match(token)))


def tokens_of(text: str) -> list[str]:
    """Words of a normalised name: no initials, particles joined to what they belong to."""
    plain = _GLUED.sub(" ", normalize_name(text.replace(",", " ")))
    words: list[str] = []
    joining = False
    for word in plain.split():
        if is_initials(word):
            continue
        if (fold(word) in CLAN_WORDS and words) or joining:
            words[-1] = f"{words[-1]} {word}"
        else:
            words.append(word)
        joining = fold(word) in lists().particles - CLAN_WORDS
    return words


@lru_cache(maxsize=4096)
def split_name(text: str) -> FullName:
    """First name, patronymic and surname of «Иванова Наталья Олеговна» in any usual order."""
    full = normalize_name(text)
    words = tokens_of(text)
    if not words:
        return FullName(full=full)
    if len(words) > 3:
        return FullName(full=full, warning=TOO_LONG)
    if not any(is_cyrillic(word) for word in words):
        return _latin(words, full)
    parts = (_one, _two, _three)[len(words) - 1](words)
    if parts is None:
        return FullName(full=full, warning=UNCLEAR)
    first, middle, last = parts
    return FullName(first, middle, last, full)


Parts = tuple[str, str, str] | None


def _latin(words: list[str], full: str) -> FullName:
    if len(words) == 1:
        return FullName(first_name=words[0], full=full)
    return FullName(words[0], " ".join(words[1:-1]), words[-1], full)


def _one(words: list[str]) -> Parts:
    word = words[0]
    if is_patronymic(word):
        return "", word, ""
    if fold(word.split()[0]) in lists().particles:
        return "", "", word
    if _is_first(word):
        return word, "", ""
    return ("", "", word) if surname_gender(word) or surname_like(word) else (word, "", "")


def _two(words: list[str]) -> Parts:
    head, tail = words
    if is_patronymic(tail) and not _is_surname_after(head, tail):
        known_surname = surname_gender(head) and not _is_first(head)
        return ("", tail, head) if known_surname else (head, tail, "")
    if _is_first(head) != _is_first(tail):
        return (head, "", tail) if _is_first(head) else (tail, "", head)
    if _is_first(head):
        return _surer(head, tail)
    heads, tails = _is_surname(head), _is_surname(tail)
    if heads == tails:
        return None
    return (tail, "", head) if heads else (head, "", tail)


def _is_surname_after(head: str, tail: str) -> bool:
    """Whether «Абрамович» is a surname here: no patronymic stands after «Анна» or «Саша»."""
    folded, known = fold(head), lists()
    is_short = folded in known.androgynous | known.male_short | known.female_short
    return fold(tail).endswith("вич") and (is_short or known.gender(folded) == "f")


def _surer(head: str, tail: str) -> Parts:
    """Of two words that may be first names the one whose gender is known: «Мария Ким»."""
    sure = [lists().gender(fold(word)) is not None for word in (head, tail)]
    if sure[0] == sure[1]:
        return None
    return (head, "", tail) if sure[0] else (tail, "", head)


def _three(words: list[str]) -> Parts:
    one, two, three = words
    middle, last = is_patronymic(two), is_patronymic(three)
    if middle and (not last or _is_first(one)):
        return one, two, three
    if last:
        return two, three, one
    return None


def _is_first(word: str) -> bool:
    return all(lists().knows(fold(part)) for part in word.split("-"))


def _is_surname(word: str) -> bool:
    return surname_gender(word) is not None or surname_like(word)
