"""Words and stems that greetings avoid (G86-G89), looked up word by word.

The lists are data: `word` is one form, `stem*` any word that begins so, `two words` a phrase.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


MAX_REMEMBERED = 50_000


class Word(NamedTuple):
    """A word in lower case, «ё» as «е», and where it stands."""

    folded: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text in their order."""
    folded = text.casefold().replace("ё", "е")
    if len(folded) == len(text):
        return [Word(match[0], *match.span()) for match in _WORD.finditer(folded)]
    return [Word(match[0].casefold().replace("ё", "е"), *match.span())
            for match in _WORD.finditer(text)]  # fmt: skip


@dataclass
class WordList:
    """Exact forms and stems with the code each belongs to."""

    exact: dict[str, str] = field(default_factory=dict)
    stems: dict[int, dict[str, str]] = field(default_factory=dict)
    phrases: list[tuple[frozenset[str], re.Pattern[str], str]] = field(default_factory=list)
    _known: dict[str, str | None] = field(default_factory=dict)

    def add(self, entry: str, code: str) -> None:
        """Take one entry of the data file."""
        folded = entry.casefold().replace("ё", "е")
        if " " in folded:
            parts = [re.escape(part).replace(r"\*", r"\w*") for part in folded.split()]
            joined = r"\W+".join(parts)
            whole = frozenset(part for part in folded.split() if "*" not in part)
            self.phrases.append((whole, re.compile(rf"(?<!\w){joined}(?!\w)"), code))
        elif folded.endswith("*"):
            self.stems.setdefault(len(folded) - 1, {})[folded[:-1]] = code
        else:
            self.exact[folded] = code

    def code_of(self, folded: str) -> str | None:
        """The code of a word, if it is listed."""
        if folded not in self._known:
            if len(self._known) > MAX_REMEMBERED:
                self._known.clear()
            self._known[folded] = self._look_up(folded)
        return self._known[folded]

    def _look_up(self, folded: str) -> str | None:
        found = self.exact.get(folded)
        stems = (stems.get(folded[:length]) for length, stems in self.stems.items())
        return found or next(filter(None, stems), None)

    def find(self, masked: str, words: list[Word]) -> Iterator[tuple[str, int, int]]:
        """Code and place of each listed word and phrase."""
        known = self._known
        for word in words:
            code = known[word.folded] if word.folded in known else self.code_of(word.folded)
            if code:
                yield code, word.start, word.end
        said = {word.folded for word in words}
        likely = [phrase for phrase in self.phrases if phrase[0] <= said]
        folded = masked.casefold().replace("ё", "е") if likely else ""
        for _, pattern, code in likely if len(folded) == len(masked) else ():
            for match in pattern.finditer(folded):
                yield code, match.start(), match.end()


@cache
def guard_data() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The shipped lists: language, code, topic."""
    file = resources.files("povod.writing").joinpath("data/guard_words_greetings.json")
    loaded: Mapping[str, Mapping[str, Mapping[str, str]]] = json.loads(file.read_text("utf-8"))
    return loaded


@cache
def word_list(language: str) -> WordList:
    """All listed words of a language; codes look like `topic:war`."""
    found = WordList()
    for code, groups in guard_data()[language].items():
        for group, entries in groups.items():
            for entry in entries.split(","):
                found.add(entry.strip(), f"{code}:{group}")
    return found
