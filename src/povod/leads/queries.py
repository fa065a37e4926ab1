"""From a niche to the texts that are searched: pure rules (L18-L22)."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from povod.kit.errors import InputError
from povod.kit.text import collapse, lookup_key

TEMPLATE = "{niche} {place}"
TRIGGERS = (
    "оставить заявку",
    "онлайн запись",
    "рассчитать стоимость",
    "коммерческое предложение",
    "бриф",
)
"""What further queries of a niche add, in this order (L19)."""

MAX_CHARS = 400
MAX_WORDS = 40

_OPERATORS = re.compile(r'//|["|()\[\]!~^]')
_LEADING_SIGN = re.compile(r"(?<!\S)[-+]+")


class QueryTooLong(InputError):  # noqa: N818 - names the fault, like InvalidUrl
    """Niche and place do not fit into one query of the service."""

    def __init__(self, chars: int, words: int) -> None:
        super().__init__(
            f"niche and place make {chars} characters and {words} words; the search takes at most "
            f"{MAX_CHARS} characters and {MAX_WORDS} words"
        )


@dataclass(frozen=True, slots=True)
class QueryStyle:
    """How queries are worded: settings of L18-L20. `negatives` are domains to leave out."""

    template: str = TEMPLATE
    template_version: int = 1
    variants: int = 1
    triggers: Sequence[str] = TRIGGERS
    prefix: str = ""
    negatives: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QueryText:
    """One text to search; `selection` tells whether it was narrowed by a trigger or negatives."""

    text: str
    trigger: str = ""
    selection: Literal["strict", "balanced"] = "balanced"


def build_queries(niche: str, city: str, country: str, style: QueryStyle) -> list[QueryText]:
    """The texts for one niche: the plain one first, then one per trigger.

    Raises `QueryTooLong` when niche and place alone are beyond the service's limits.
    """
    plain = _plain_text(niche, city or country, style)
    triggers = ["", *style.triggers[: style.variants - 1]]
    return [_variant(plain, trigger, style.negatives) for trigger in triggers]


def query_hash(text: str, lr: int) -> str:
    """SHA-1 of text and region: the key under which a query exists once per page and period."""
    return hashlib.sha1(f"{text}|{lr}".encode(), usedforsecurity=False).hexdigest()


def without_operators(text: str) -> str:
    """Words only: the service's operators become blanks, a leading sign of a word goes (L21)."""
    return collapse(_LEADING_SIGN.sub("", _OPERATORS.sub(" ", text)))


def _plain_text(niche: str, place: str, style: QueryStyle) -> str:
    niche, place = without_operators(niche), without_operators(place)
    if _contains(niche, place):
        place = ""
    text = collapse(f"{style.prefix} {style.template.format(niche=niche, place=place)}")
    words = len(text.split())
    if len(text) > MAX_CHARS or words > MAX_WORDS:
        raise QueryTooLong(len(text), words)
    return text


def _contains(niche: str, place: str) -> bool:
    """Whether the niche names the place already, as whole words."""
    return f" {lookup_key(place)} " in f" {lookup_key(niche)} "


def _variant(plain: str, trigger: str, negatives: Iterable[str]) -> QueryText:
    text = _append(plain, f'"{trigger}"') if trigger else plain
    for domain in negatives:
        longer = _append(text, f"-site:{domain}")
        if longer == text:
            break
        text = longer
    return QueryText(text, trigger, "balanced" if text == plain else "strict")


def _append(text: str, part: str) -> str:
    """The text with one more part, or as it was when that would break the limits."""
    longer = f"{text} {part}"
    fits = len(longer) <= MAX_CHARS and len(longer.split()) <= MAX_WORDS
    return longer if fits else text
