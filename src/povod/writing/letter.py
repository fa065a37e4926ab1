"""The keyless writer: a letter put together from pieces and facts (L100).

The choice of pieces is a function of (company, campaign, template version): the same input gives
the same bytes, while neighbours in the queue differ.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from povod.writing.briefs import Claim, CompanyBrief, EmailTemplate, Fact, OfferBrief
from povod.writing.templates import render

FACT_ORDER = ("years", "usp", "number", "service", "activity", "news", "city")
T = TypeVar("T")

MIN_QUOTE, MAX_QUOTE = 18, 140
MAX_SUBJECT = 78


@cache
def default_pieces() -> Mapping[str, Any]:
    """The shipped Russian pieces."""
    text = resources.files("povod.writing").joinpath("data/letter_ru.json").read_text("utf-8")
    pieces: Mapping[str, Any] = json.loads(text)
    return pieces


class Choice:
    """An endless stream of decisions that depends on its seed alone."""

    def __init__(self, *seed: str) -> None:
        self._numbers = self._stream("|".join(seed))

    @staticmethod
    def _stream(seed: str) -> Iterator[int]:
        block = hashlib.sha256(seed.encode()).digest()
        while True:
            for start in range(0, 32, 4):
                yield int.from_bytes(block[start : start + 4])
            block = hashlib.sha256(block).digest()

    def of(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[next(self._numbers) % len(options)]


def write_letter(
    company: CompanyBrief,
    offer: OfferBrief,
    campaign: str,
    pieces: Mapping[str, Any] | None = None,
) -> EmailTemplate:
    """A letter that says only what its facts, or else the search itself, prove."""
    parts = pieces or default_pieces()
    choice = Choice(company.company_id, campaign, str(parts["version"]), str(offer.version))
    fact = _best_fact(company, choice)
    idea, gain = choice.of(offer.ideas_for(company.niche) or ((offer.value, offer.value),))
    values = _values(company, offer, fact, idea, gain)
    kind = fact.kind if fact else ("none" if company.niche else "unknown")
    fact_sentence = render(choice.of(parts["facts"][kind]), values)
    subject = render(choice.of(_subjects(parts, company)), values)
    closing = render(choice.of(parts["closings"]), values)
    paragraphs = [
        choice.of(parts["greetings"]),
        f"{render(choice.of(parts['openings']), values)} {fact_sentence}",
        render(choice.of(parts["ideas"]), values),
        f"{render(choice.of(parts['values']), values)} "
        f"{render(choice.of(parts['invitations']), values)}",
        closing,
    ]
    claims = (Claim(fact_sentence, fact.id, fact.quote),) if fact else ()
    return EmailTemplate(_fit_subject(subject, company), "\n\n".join(paragraphs), claims)


def _best_fact(company: CompanyBrief, choice: Choice) -> Fact | None:
    usable = [fact for fact in company.facts if MIN_QUOTE <= len(fact.quote) <= MAX_QUOTE]
    for kind in FACT_ORDER:
        found = [fact for fact in usable if fact.kind == kind]
        if found:
            return choice.of(found)
    return None


def _values(
    company: CompanyBrief, offer: OfferBrief, fact: Fact | None, idea: str, gain: str
) -> dict[str, str]:
    return {
        "brand": company.brand,
        "city": company.city or "не указан",
        "niche": company.niche,
        "site": company.site,
        "quote": " ".join(fact.quote.strip(' .;,«»"').split()) if fact else "",
        "idea": idea.rstrip("."),
        "gain": gain.rstrip("."),
        "value": offer.value.rstrip("."),
        "call_to_action": offer.call_to_action.rstrip("."),
        "sender_name": offer.sender_name,
        "sender_role": offer.sender_role,
        "sender_company": offer.sender_company,
    }


def _subjects(parts: Mapping[str, Any], company: CompanyBrief) -> list[str]:
    subjects: list[str] = parts["subjects"]
    return [text for text in subjects if company.city or "{{city}}" not in text]


def _fit_subject(subject: str, company: CompanyBrief) -> str:
    if len(subject) <= MAX_SUBJECT:
        return subject
    shorter = f"Предложение для {company.site}"
    return shorter if len(shorter) <= MAX_SUBJECT else "Короткое предложение"
