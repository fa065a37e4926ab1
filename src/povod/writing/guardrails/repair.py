"""Repairs of everything whose severity is `fix`: silent and idempotent."""

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails.grammar import find_you_case
from povod.writing.guardrails.mask import mask
from povod.writing.guardrails.signs import CONTROLS
from povod.writing.guardrails.words import words_of
from povod.writing.typography import typeset


def repair(text: str, facts: GreetingFacts) -> str:
    """The text without invisible signs, with «Вы» as its addressee needs it, typeset."""
    plain = typeset(CONTROLS.sub("", text.replace("\r\n", "\n")), facts.language)
    if facts.language != "ru":
        return plain
    signs = list(plain)
    masked = mask(plain, facts)
    for hit in find_you_case(masked, words_of(masked), facts):
        first = plain[hit.start]
        signs[hit.start] = first.lower() if facts.is_group else first.upper()
    return "".join(signs)


def repair_greeting(text: GreetingText, facts: GreetingFacts) -> GreetingText:
    """The same for each part; subject and wish stay on one line."""
    subject, wish = (" ".join(part.split()) for part in (text.subject, text.wish))
    return GreetingText(repair(subject, facts), repair(text.body, facts), repair(wish, facts))
