"""Whose day it is: trades of clients against trades of holidays (G35, G36). Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from povod.greetings.model import Client, Holiday

PROFESSION_SCORE, ANY_TRADE_SCORE, PINNED_SCORE = 100, 1, 1000
STATE_SERVICE = "84"
_GRADES = frozenset({"главный", "старший", "ведущий", "младший", "заместитель"})
_WORDS = re.compile(r"[\w-]+")
_MEMORY = 20_000


@dataclass(frozen=True, slots=True)
class Match:
    """A holiday that concerns a client, how well, and why in words."""

    holiday: Holiday
    score: int
    reason: str

    @property
    def order(self) -> tuple[int, bool, str]:
        """Best first: score, then confirmed before unconfirmed, then code."""
        return (-self.score, not self.holiday.confirmed, self.holiday.code)


@lru_cache(maxsize=_MEMORY)
def trade_words(text: str) -> tuple[str, ...]:
    """A profession in one form: casefold, ё→е, without words of grade."""
    words = _WORDS.findall(text.casefold().replace("ё", "е"))
    return tuple(word for word in words if word not in _GRADES)


def match_trade(holiday: Holiday, okved: str, profession: str, position: str) -> Match | None:
    """How the trade of a client meets a holiday; None when it does not.

    A class 84 prefix (state service) counts only together with a profession, a word merely
    contained in the position only together with the code.
    """
    prefix = _longest_prefix(holiday.okved, okved)
    whole, part = _profession(holiday, profession, position)
    named = whole or (part if prefix else "")
    if prefix.startswith(STATE_SERVICE) and not named:
        prefix = ""
    if not prefix and not named:
        return None
    score, reasons = 0, []
    if named:
        score += ANY_TRADE_SCORE if "*" in holiday.okved else PROFESSION_SCORE
        reasons.append(f"профессия: {named}")
    if prefix:
        score += sum(char.isdigit() for char in prefix)
        reasons.append(f"ОКВЭД {okved} ⊃ {prefix}")
    return Match(holiday, score, ", ".join(reasons))


def _longest_prefix(prefixes: Sequence[str], okved: str) -> str:
    found = (prefix for prefix in prefixes if prefix != "*" and okved.startswith(prefix))
    return max(found, key=len, default="") if okved else ""


def _profession(holiday: Holiday, profession: str, position: str) -> tuple[str, str]:
    """The word that is the whole profession or position, and one merely contained in it."""
    given = (trade_words(profession), trade_words(position))
    part = ""
    for word in holiday.professions:
        wanted = trade_words(word)
        if not wanted:
            continue
        if wanted in given:
            return word, word
        if not part and any(_contains(words, wanted) for words in given):
            part = word
    return "", part


def _contains(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


class Matcher:
    """The holidays of trades, indexed; what a trade is matched with is worked out once."""

    def __init__(self, holidays: Iterable[Holiday]) -> None:
        self._by_code = {holiday.code: holiday for holiday in holidays if holiday.by_trade}
        self._by_prefix: dict[str, list[str]] = defaultdict(list)
        self._by_words: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for code, holiday in self._by_code.items():
            for prefix in holiday.okved:
                self._by_prefix[prefix].append(code)
            for profession in holiday.professions:
                self._by_words[trade_words(profession)].append(code)
        self._known: dict[tuple[str, str, str], tuple[Match, ...]] = {}

    def of_trade(self, okved: str, profession: str, position: str) -> tuple[Match, ...]:
        """Every holiday of that trade, best first."""
        key = (okved, profession, position)
        known = self._known.get(key)
        if known is None:
            asked = (self._by_code[code] for code in self._may_match(*key))
            found = (match_trade(holiday, *key) for holiday in asked)
            known = tuple(sorted(filter(None, found), key=lambda match: match.order))
            if len(self._known) < _MEMORY:
                self._known[key] = known
        return known

    def _may_match(self, okved: str, profession: str, position: str) -> set[str]:
        """Codes with a prefix of the code, or with the very profession; no others can match."""
        found: set[str] = set()
        for size in range(1, len(okved) + 1):
            found.update(self._by_prefix.get(okved[:size], ()))
        for text in (profession, position):
            if text:
                found.update(self._by_words.get(trade_words(text), ()))
        return found

    def of_client(self, client: Client) -> tuple[Match, ...]:
        """The same for a client, whose pinned holidays come first."""
        found = self.of_trade(client.okved, client.profession, client.position)
        pinned = client.preferences.get("holidays_on") if client.preferences else None
        if not pinned:
            return found
        codes = [code for code in pinned if code in self._by_code]
        first = [Match(self._by_code[code], PINNED_SCORE, "выбран вручную") for code in codes]
        rest = [match for match in found if match.holiday.code not in codes]
        return (*sorted(first, key=lambda match: match.order), *rest)
