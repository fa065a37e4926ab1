"""The words that facts allow, and what a text says beyond them.

Names are judged by a heuristic: a capitalised word inside a sentence, or a name in quotation
marks, must share its stem with a word of the facts. Ordinary capitals (a polite «Вы», a greeting)
are known.
"""

import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources

_SHIPPED = resources.files("povod.writing").joinpath("data/guard_words_ru.json")
_LISTS = {name: words.split() for name, words in json.loads(_SHIPPED.read_text("utf-8")).items()}
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d+)?\s?%?")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>«»\"']+"
    r"|(?<![@\w.-])[\w-]+(?:\.[\w-]+)*\.(?:ru|рф|su|com|net|org|info|biz|io|me|by|kz|ua|pro|online"
    r"|site|shop|store|app|dev|ai)(?![\w.-]*\w)(?:/[^\s<>«»\"']*)?",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_QUOTED = re.compile(r"[«\"“„]([^»\"”]{2,80})[»\"”]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MIXED = re.compile(r"\b(?=\w*[а-яё])(?=\w*[a-z])[a-zа-яё]+\b", re.IGNORECASE)
_MONTHS = _LISTS["months"]
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:-?го)?\s+(?:{'|'.join(_MONTHS)})\w*|\b\d{{1,2}}\.\d{{1,2}}\.\d{{2,4}}\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…:;\n—–\-•]\s*$|^\s*$")
_QUANTITIES = _LISTS["quantities"]
_EXACT_QUANTITIES = frozenset({"сто", "сорок"})
_PRAISE = _LISTS["praise"]
_PROMISES = _LISTS["promises"]
_FAMILIAR = frozenset(_LISTS["familiar"])


def stem(word: str) -> str:
    """The part of a word that declension leaves alone: all but its last three letters."""
    folded = word.casefold().replace("ё", "е")
    return (
        folded[: max(4, len(folded) - 3)] if len(folded) > 4 else folded[: max(3, len(folded) - 1)]
    )


def _number_key(text: str) -> str:
    digits = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    return digits.rstrip(".")


def _bare(text: str) -> str:
    """The text without addresses, links and dates, whose digits are judged apart."""
    return _DATE.sub(" ", _EMAIL.sub(" ", _LINK.sub(" ", text)))


def mixed_script_words(text: str) -> list[str]:
    """Words that mix Cyrillic and Latin letters, as a lookalike does."""
    return [text[start:end] for start, end in mixed_script_spans(text)]


def mixed_script_spans(text: str) -> list[tuple[int, int]]:
    """Where such words stand."""
    return [match.span() for match in _MIXED.finditer(text)]


def shouts(text: str) -> bool:
    """True if more than 60 % of at least 20 letters are capitals."""
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= 20 and sum(sign.isupper() for sign in letters) > 0.6 * len(letters)


def language_of(text: str) -> str:
    """`ru` when most letters are Cyrillic, else `en`; empty without letters."""
    letters = [sign for sign in text if sign.isalpha()]
    if not letters:
        return ""
    cyrillic = sum("а" <= sign <= "я" or sign == "ё" for sign in "".join(letters).lower())
    return "ru" if cyrillic > len(letters) / 2 else "en"


class Known:
    """What a set of facts says: numbers, words, links."""

    def __init__(self, facts: Iterable[str]) -> None:
        self.text = "\n".join(facts)
        self.folded = self.text.casefold().replace("ё", "е")
        self.numbers = {_number_key(match[0]) for match in _NUMBER.finditer(_bare(self.text))}
        self.stems = {stem(match[0]) for match in _WORD.finditer(self.text)}

    def strange_numbers(self, text: str) -> Iterator[str]:
        """Numbers and percentages that stand in no fact (links and dates are judged apart)."""
        for match in _NUMBER.finditer(_bare(text)):
            if _number_key(match[0]) not in self.numbers:
                yield match[0].strip()

    def strange_quantities(self, text: str) -> Iterator[str]:
        """Quantities in words: «пятнадцать», «сотни», «вдвое»."""
        for match in _WORD.finditer(text):
            word = match[0].casefold().replace("ё", "е")
            exact = word in _EXACT_QUANTITIES
            known = any(
                word.startswith(root) for root in _QUANTITIES if root not in _EXACT_QUANTITIES
            )
            if (exact or known) and stem(word) not in self.stems:
                yield match[0]

    def strange_links(self, text: str) -> Iterator[str]:
        """Links and bare domains that stand in no fact."""
        for match in _LINK.finditer(_EMAIL.sub(" ", text)):
            link = match[0].rstrip(".,;:!?)")
            bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", link.casefold()).rstrip("/")
            if bare not in self.folded:
                yield link

    def strange_emails(self, text: str) -> Iterator[str]:
        """Addresses that stand in no fact."""
        for match in _EMAIL.finditer(text):
            if match[0].rstrip(".").casefold() not in self.folded:
                yield match[0]

    def strange_dates(self, text: str) -> Iterator[str]:
        """Days of the calendar that stand in no fact."""
        known = {self._date_key(match[0]) for match in _DATE.finditer(self.text)}
        for match in _DATE.finditer(text):
            if self._date_key(match[0]) not in known:
                yield match[0]

    @staticmethod
    def _date_key(text: str) -> str:
        day, *rest = re.findall(r"\w+", text.casefold())
        return f"{int(re.sub(r'[^0-9]', '', day))} {' '.join(word[:3] for word in rest)}"

    def strange_names(self, text: str) -> Iterator[str]:
        """Names of people, firms and products that stand in no fact."""
        for match in _QUOTED.finditer(text):
            if not self._covers(match[1]):
                yield match[1]
        bare = _QUOTED.sub(" ", _EMAIL.sub(" ", _LINK.sub(" ", text)))
        for match in _WORD.finditer(bare):
            if self._is_name(match[0], bare[: match.start()]) and stem(match[0]) not in self.stems:
                yield match[0]

    def _covers(self, phrase: str) -> bool:
        return all(stem(match[0]) in self.stems for match in _WORD.finditer(phrase))

    @staticmethod
    def _is_name(word: str, before: str) -> bool:
        if not word[0].isupper() or len(word) < 2 or word.casefold() in _FAMILIAR:
            return False
        return not _SENTENCE_END.search(before.rstrip(' \t\u00a0(«"')[-2:])

    def _stand_out(self, text: str, roots: Iterable[str]) -> Iterator[str]:
        starts = tuple(roots)
        for match in _WORD.finditer(text):
            word = match[0].casefold().replace("ё", "е")
            if word.startswith(starts) and stem(word) not in self.stems:
                yield match[0]

    def strange_praise(self, text: str) -> Iterator[str]:
        """Superlatives that stand in no fact."""
        yield from self._stand_out(text, _PRAISE)
        if re.search(r"№\s?1\b", text) and "№1" not in self.folded.replace(" ", ""):
            yield "№1"

    def strange_promises(self, text: str) -> Iterator[str]:
        """Guarantees, savings and discounts that stand in no fact."""
        yield from self._stand_out(text, _PROMISES)
