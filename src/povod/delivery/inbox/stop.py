"""Does a reply ask us to stop (D89)? Only its new text is read: our footer says STOP too."""

import re

STOP, MAYBE, NO = "stop", "maybe", "no"
_WORDS = frozenset({"stop", "стоп", "unsubscribe", "отписка", "отписаться", "remove"})
_PHRASES = (
    *("удалите меня", "удалите мой адрес", "отпишите", "не пишите", "больше не присылайте"),
    *("прекратите рассылку", "не интересует", "remove me", "take me off"),
)
SHORT = 200
_PUNCTUATION = re.compile(r"[^\w\s]+|_")


def asks_to_stop(text: str) -> str:
    """`stop`, `maybe` (a longer text with such words: a person decides) or `no`."""
    plain = " ".join(text.casefold().replace("ё", "е").split())
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = " ".join(_PUNCTUATION.sub(" ", first.casefold()).split())
    if bare in _WORDS:
        return STOP
    if not any(phrase in plain for phrase in _PHRASES):
        return NO
    return STOP if len(plain) <= SHORT else MAYBE
