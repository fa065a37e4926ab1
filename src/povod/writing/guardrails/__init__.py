"""What a text may not do, checked alike for models, templates and people (L98, G81-G97).

`check(text, facts)` picks its rules by the facts: those of a greeting, or texts that prove the
claims of a letter.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails.base import BLOCK_CODES, Violation, blocking
from povod.writing.guardrails.content import is_promotional
from povod.writing.guardrails.greeting import check_greeting, check_part
from povod.writing.guardrails.letters import (
    BANNED,
    BODY_MIN,
    check_claims,
    check_letter,
    text_of,
)
from povod.writing.guardrails.repair import repair, repair_greeting

__all__ = [
    "BANNED",
    "BLOCK_CODES",
    "BODY_MIN",
    "Violation",
    "blocking",
    "check",
    "check_greeting",
    "check_letter",
    "is_promotional",
    "repair",
    "repair_greeting",
    "text_of",
]


def check(text: str | GreetingText, facts: Any) -> list[Violation]:
    """Every broken rule of `text`; empty when all is well.

    With the facts of a greeting (kind `greeting`) the rules of G82-G95: a `GreetingText` is judged
    whole, a plain text by its contents. With anything else the rules of a letter: `facts` are then
    the texts that prove it.
    """
    if _is_greeting(facts):
        known = GreetingFacts.of(facts)
        if isinstance(text, GreetingText):
            return check_greeting(text.subject, text.body, text.wish, known)
        return check_part(text, known)
    plain = text if isinstance(text, str) else "\n".join(text)
    return check_claims(plain, _proofs(facts))


def _is_greeting(facts: Any) -> bool:
    kind = facts.get("kind") if isinstance(facts, Mapping) else getattr(facts, "kind", None)
    return kind == "greeting"


def _proofs(facts: Any) -> Iterable[Any]:
    if isinstance(facts, Mapping):
        return [str(value) for value in facts.values()]
    return [facts] if isinstance(facts, str) else list(facts or ())
