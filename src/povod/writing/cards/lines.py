"""Breaking a text into balanced lines that fit a width (G108)."""

import re
from collections.abc import Callable

Measure = Callable[[str], float]
Widths = Callable[[int], list[float]]

NBSP = "\u00a0"
INFINITE = float("inf")
LONELY = 1e7  # what a single word on the last line costs: taken only when nothing else fits

_SHORT_WORD = re.compile(r"(?<!\S)(\w{1,2}) (?=\S)")
_DASH = re.compile(r" (?=[—–](?:\s|$))")
_AFTER_HYPHEN = re.compile(r"(?<=\w-)(?=\w{3})")
_SENTENCE_END = re.compile(r"[.!?…]+[»\"”)]*(?=\s|$)")


def tied(text: str) -> str:
    """Short words hold on to the next word, dashes to the one before."""
    return _SHORT_WORD.sub(rf"\1{NBSP}", _DASH.sub(NBSP, " ".join(text.split(" "))))


def wrap(
    text: str, measure: Measure, widths: Widths, most: int, *, hyphens: bool = False
) -> list[str] | None:
    """As few lines as possible, as even as possible; None when `most` lines do not suffice.

    `widths` gives the room of each line when there are so many of them.
    """
    words = _pieces(text, hyphens)
    blank = measure("а а") - 2 * measure("а")
    sizes = [measure(word) for word in words]
    gaps = [0.0 if word.endswith("-") and hyphens else blank for word in words]
    needed = sum(sizes) + sum(gaps)
    for count in range(1, min(most, len(words)) + 1):
        rooms = widths(count)
        if needed - max(gaps) * count > sum(rooms):
            continue
        breaks = _balanced(sizes, gaps, rooms)
        if breaks is not None:
            return [_joined(words[a:b], hyphens) for a, b in breaks]
    return None


def _pieces(text: str, hyphens: bool) -> list[str]:
    words = tied(text).split(" ")
    if not hyphens:
        return words
    return [piece for word in words for piece in _AFTER_HYPHEN.split(word)]


def _joined(pieces: list[str], hyphens: bool) -> str:
    if not hyphens:
        return " ".join(pieces)
    glued = "".join(piece if piece.endswith("-") else f"{piece} " for piece in pieces)
    return glued.rstrip(" ")


def split_words(text: str, measure: Measure, width: float) -> str:
    """The text with every word cut to pieces that fit: for names that no line can hold."""
    pieces: list[str] = []
    for word in text.replace(NBSP, " ").split(" "):
        rest = word
        while measure(rest) > width:
            cut = next(
                n for n in range(len(rest) - 1, 0, -1) if n == 1 or measure(rest[:n]) <= width
            )
            pieces.append(rest[:cut])
            rest = rest[cut:]
        pieces.append(rest)
    return " ".join(pieces)


def shorter(text: str) -> str:
    """The text without its last sentence; without its last word and with an ellipsis, if one."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    kept = [end for end in ends if end < len(text.rstrip())]
    if kept:
        return text[: kept[-1]]
    words = text.rstrip(" …").replace(NBSP, " ").split(" ")
    if len(words) > 1:
        return " ".join(words[:-1]).rstrip(" ,;:—–-") + "…"
    return text.rstrip("… ")[:-2] + "…" if len(text) > 3 else ""


def _balanced(
    sizes: list[float], gaps: list[float], widths: list[float]
) -> list[tuple[int, int]] | None:
    """Where to break so that the sum of squared gaps is least; None when it cannot be done."""
    total, count = len(sizes), len(widths)
    sums = [0.0]
    for size, gap in zip(sizes, gaps, strict=True):
        sums.append(sums[-1] + size + gap)

    def cost(a: int, b: int, line: int) -> float:
        wide = sums[b] - sums[a] - gaps[b - 1]
        if wide > widths[line]:
            return INFINITE
        lonely = line == count - 1 and count > 1 and b - a == 1
        return (widths[line] - wide) ** 2 + (LONELY if lonely else 0)

    best = [INFINITE] + [cost(0, b, 0) for b in range(1, total + 1)]
    back: list[list[int]] = []
    for line in range(1, count):
        rows = [
            min(((best[a] + cost(a, b, line), a) for a in range(1, b)), default=(INFINITE, 0))
            for b in range(total + 1)
        ]
        best = [found for found, _ in rows]
        back.append([a for _, a in rows])
    if best[total] == INFINITE:
        return None
    breaks, end = [], total
    for row in reversed(back):
        breaks.append((row[end], end))
        end = row[end]
    return [(0, end), *reversed(breaks)]
