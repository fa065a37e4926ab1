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


class Word(NamedTuple):
    """A word in lower case, «ё» as «е», and where it stands."""

    folded: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text in their order."""
    return [
        Word(match[0].casefold().replace("ё", "е"), match.start(), match.end())
        for match in _WORD.finditer(text)
    ]


@dataclass
class WordList:
    """Exact forms and stems with the code each belongs to."""

    exact: dict[str, str] = field(default_factory=dict)
    stems: dict[int, dict[str, str]] = field(default_factory=dict)
    phrases: list[tuple[re.Pattern[str], str]] = field(default_factory=list)

    def add(self, entry: str, code: str) -> None:
        """Take one entry of the data file."""
        folded = entry.casefold().replace("ё", "е")
        if " " in folded:
            parts = [re.escape(part).replace(r"\*", r"\w*") for part in folded.split()]
            joined = r"\W+".join(parts)
            self.phrases.append((re.compile(rf"(?<!\w){joined}(?!\w)"), code))
        elif folded.endswith("*"):
            self.stems.setdefault(len(folded) - 1, {})[folded[:-1]] = code
        else:
            self.exact[folded] = code

    def code_of(self, folded: str) -> str | None:
        """The code of a word, if it is listed."""
        code = self.exact.get(folded)
        if code:
            return code
        for length, stems in self.stems.items():
            code = stems.get(folded[:length])
            if code:
                return code
        return None

    def find(self, masked: str, words: list[Word]) -> Iterator[tuple[str, int, int]]:
        """Code and place of each listed word and phrase."""
        for word in words:
            code = self.code_of(word.folded)
            if code:
                yield code, word.start, word.end
        folded = masked.casefold().replace("ё", "е")
        if len(folded) == len(masked):
            for pattern, code in self.phrases:
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
