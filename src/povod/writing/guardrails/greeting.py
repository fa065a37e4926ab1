"""All rules of a greeting, part by part (G82-G95)."""

import re
from collections.abc import Iterator

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails.base import Hit, Violation
from povod.writing.guardrails.claims import find_claims
from povod.writing.guardrails.content import find_content
from povod.writing.guardrails.form import find_length, find_placeholders, find_structure
from povod.writing.guardrails.grammar import find_forms, find_title
from povod.writing.guardrails.language import find_language, find_repetition
from povod.writing.guardrails.mask import BLANK, mask
from povod.writing.guardrails.privacy import find_pii
from povod.writing.guardrails.signs import (
    find_controls,
    find_emoji,
    find_shouting,
    find_typography,
)
from povod.writing.guardrails.words import words_of

_PLACEHOLDER = re.compile(r"\{\{[A-Z_]+\}\}")


def check_greeting(subject: str, body: str, wish: str, facts: GreetingFacts) -> list[Violation]:
    """Every broken rule of the three parts together, in the order of the text."""
    text = GreetingText(subject, body, wish)
    seen: dict[str, int] = {}
    found = [
        hit.violation(facts.ui_language, facts.source, part)
        for part, hit in find_length(text, facts)
    ]
    for part, words in text._asdict().items():
        hits = list(_hits(words, facts, seen, whole=True))
        if part == "body":
            hits += find_repetition(words, facts.recent_texts, facts.run_texts)
        found += _in_words(hits, facts, part)
    return found


def check_part(text: str, facts: GreetingFacts, part: str = "body") -> list[Violation]:
    """The rules of contents for any piece of text; lengths and repetition are not judged."""
    return _in_words(list(_hits(text, facts, {}, whole=False)), facts, part)


def _blank(match: re.Match[str]) -> str:
    return BLANK * len(match[0])


def _in_words(hits: list[Hit], facts: GreetingFacts, part: str) -> list[Violation]:
    hits.sort(key=lambda hit: (hit.start, hit.end))
    return [hit.violation(facts.ui_language, facts.source, part) for hit in hits]


def _hits(text: str, facts: GreetingFacts, seen: dict[str, int], *, whole: bool) -> Iterator[Hit]:
    masked = mask(text, facts)
    words = words_of(masked)
    pii = [hit for hit in find_pii(text) if BLANK not in masked[hit.start : hit.end]]
    bare = _without(_PLACEHOLDER.sub(_blank, masked), pii)
    bare_words = words if bare == masked else words_of(bare)
    yield from pii
    yield from find_structure(masked, text, whole=whole)
    yield from find_placeholders(masked, facts, seen)
    yield from find_claims(_without(masked, pii), text, facts)
    yield from find_content(masked, words, facts)
    yield from find_forms(masked, words, facts)
    yield from find_title(text, facts)
    yield from find_language(bare, bare_words, facts.language)
    yield from find_shouting(text, bare)
    yield from find_emoji(masked)
    yield from find_typography(text, facts.language)
    yield from find_controls(text)


def _without(masked: str, hits: list[Hit]) -> str:
    """The text without what is already found, so that one fault has one code."""
    for hit in hits:
        masked = masked[: hit.start] + BLANK * (hit.end - hit.start) + masked[hit.end :]
    return masked
