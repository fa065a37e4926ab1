"""Script and repetition (G92, G93)."""

import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache

from povod.writing.guardrails.base import Hit
from povod.writing.guardrails.words import Word
from povod.writing.vocabulary import mixed_script_spans

MIN_LETTERS = 20
MIN_SHARE = 0.9
SHINGLE = 5
RECENT_MAX, RUN_MAX = 0.6, 0.85
_WORD = re.compile(r"\w+")


def find_language(masked: str, words: list[Word], language: str) -> Iterator[Hit]:
    """A text in another script than its own, and words that mix two."""
    latin = sum(word.end - word.start for word in words if word.folded[0] <= "z")
    cyrillic = sum(word.end - word.start for word in words if "а" <= word.folded[0] <= "я")
    own = cyrillic if language == "ru" else latin
    if cyrillic + latin >= MIN_LETTERS and own < MIN_SHARE * (cyrillic + latin):
        yield Hit("language", 0, len(masked), language)
    for start, end in mixed_script_spans(masked) if latin and cyrillic else ():
        yield Hit("language", start, end, masked[start:end], detail="mixed_script")


@lru_cache(maxsize=1024)
def shingles(text: str, size: int = SHINGLE) -> frozenset[tuple[str, ...]]:
    """All runs of `size` words of the text."""
    words = _WORD.findall(text.casefold().replace("ё", "е"))
    return frozenset(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def similarity(one: Set[tuple[str, ...]], other: Set[tuple[str, ...]]) -> float:
    """Share of common shingles, 0 to 1."""
    common = len(one & other)
    union = len(one) + len(other) - common
    return common / union if union else 0.0


def find_repetition(body: str, recent: Iterable[str], run: Iterable[str]) -> Iterator[Hit]:
    """A body too like one of the client's last texts, or nearly equal to one of this run."""
    own = shingles(body)
    kinds = ((recent, RECENT_MAX, "repeats_recent"), (run, RUN_MAX, "repeats_run"))
    for others, limit, detail in kinds:
        if any(_alike(own, shingles(other), limit) for other in others):
            yield Hit("repetition", 0, len(body), "", detail=detail)
            return


def _alike(one: Set[tuple[str, ...]], other: Set[tuple[str, ...]], limit: float) -> bool:
    """Texts of very different length cannot be: then nothing is counted."""
    low, high = sorted((len(one), len(other)))
    return low >= limit * high and similarity(one, other) >= limit
