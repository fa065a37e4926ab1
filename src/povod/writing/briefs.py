"""What a writer is told: the company, the offer, the contact; and what it gives back (L92)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fact:
    """One thing a page says; `quote` stands verbatim in the stored text of page `page_id`."""

    id: str
    kind: str
    value: str
    quote: str
    page_id: str = ""


@dataclass(frozen=True)
class CompanyBrief:
    """What is known about the addressee; no addresses, phones, personal names or tax numbers."""

    company_id: str
    brand: str
    city: str
    niche: str
    site: str
    facts: tuple[Fact, ...] = ()
    excerpt: str = ""


@dataclass(frozen=True)
class OfferBrief:
    """Who writes and what for. `ideas` maps a niche, or `*`, to (idea, gain) pairs."""

    key: str
    version: int
    sender_name: str
    sender_role: str
    sender_company: str
    value: str
    call_to_action: str
    benefits: tuple[str, ...] = ()
    ideas: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    cases_link: str = ""
    language: str = "ru"
    tone: str = "neutral"
    banned_words: tuple[str, ...] = ()

    @classmethod
    def from_data(cls, key: str, version: int, data: Mapping[str, Any]) -> "OfferBrief":
        """Build from the JSON of an `offers` row."""
        ideas = {
            niche: tuple((pair["idea"], pair["gain"]) for pair in pairs)
            for niche, pairs in data.get("ideas", {}).items()
        }
        return cls(
            key=key,
            version=version,
            sender_name=data["sender_name"],
            sender_role=data.get("sender_role", ""),
            sender_company=data["sender_company"],
            value=data["value"],
            call_to_action=data["call_to_action"],
            benefits=tuple(data.get("benefits", ()))[:5],
            ideas=ideas,
            cases_link=data.get("cases_link", ""),
            language=data.get("language", "ru"),
            tone=data.get("tone", "neutral"),
            banned_words=tuple(data.get("banned_words", ())),
        )

    def ideas_for(self, niche: str) -> tuple[tuple[str, str], ...]:
        """The ideas of that niche, else those for everyone."""
        wanted = niche.casefold()
        for name, pairs in self.ideas.items():
            if name != "*" and name.casefold() in wanted:
                return pairs
        return self.ideas.get("*", ())

    def texts(self) -> list[str]:
        """Everything the offer itself says: what a letter may repeat."""
        pairs = [text for ideas in self.ideas.values() for pair in ideas for text in pair]
        own = [self.sender_name, self.sender_role, self.sender_company, self.value]
        return [*own, self.call_to_action, *self.benefits, *pairs, self.cases_link]


@dataclass(frozen=True)
class ContactBrief:
    """To whom: the class of the address, never the address."""

    role_class: str = ""
    has_person_name: bool = False


@dataclass(frozen=True)
class Claim:
    """A sentence of the letter and the quote that proves it."""

    sentence: str
    fact_id: str
    quote: str


@dataclass(frozen=True)
class EmailTemplate:
    """A finished text: what goes to approval."""

    subject: str
    body: str
    claims: tuple[Claim, ...] = ()
