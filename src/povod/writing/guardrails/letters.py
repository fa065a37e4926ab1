"""What a letter may not do: state what no fact, offer or contact holds (L98).

`check_claims` judges the claims of any text; `check_letter` adds the form of a letter. Both are
pure and give violations with a reason a person understands. Words are compared by stem, because
Russian declines: «Казани» is covered by «Казань».
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz

from povod.kit.text import collapse
from povod.writing import vocabulary
from povod.writing.briefs import CompanyBrief, EmailTemplate, OfferBrief
from povod.writing.guardrails.base import Violation
from povod.writing.guardrails.content import find_meta
from povod.writing.guardrails.privacy import find_numbers
from povod.writing.guardrails.signs import find_controls
from povod.writing.templates import unfilled

BODY_MIN = 300
SUBJECT_MIN, SUBJECT_MAX = 10, 78
MAX_SIMILARITY = 90
BANNED = (
    "уникальная возможность",
    "в разы",
    "революционно",
    "быстро внедрим",
    "конверсия",
    "лиды",
    "воронка",
    "экономия часов",
    "LLM",
    "CRM",
)


def check_claims(text: str, facts: Iterable[Any]) -> list[Violation]:
    """Everything in `text` that its facts do not prove, and marks no text may carry.

    `facts` are texts, or objects or mappings with `quote`, `value` or `text`.
    """
    texts = [text_of(fact) for fact in facts]
    known = vocabulary.Known(texts)
    plain = unicodedata.normalize("NFC", text)
    found = [
        *_unproved("number", "no fact holds this number", known.strange_numbers(plain)),
        *_unproved("quantity", "no fact holds this quantity", known.strange_quantities(plain)),
        *_unproved("link", "the link is not in the facts", known.strange_links(plain)),
        *_unproved("email", "the address is not in the facts", known.strange_emails(plain)),
        *_unproved("date", "no fact holds this date", known.strange_dates(plain)),
        *_unproved("name", "no fact holds this name", known.strange_names(plain)),
        *_unproved("superlative", "praise that no fact proves", known.strange_praise(plain)),
        *_unproved("promise", "a promise that no fact proves", known.strange_promises(plain)),
    ]
    return [*found, *_marks(text), *_common(plain, text, "\n".join(texts))]


def _common(plain: str, text: str, proved: str) -> list[Violation]:
    """What greetings may not do either (G84, G89, G95); a firm may well deal in neural nets."""
    folded = proved.casefold()
    meta = (hit for hit in find_meta(plain) if hit.found.casefold() not in folded)
    hits = [*find_numbers(plain, proved), *meta, *find_controls(text)]
    return [hit.violation("en") for hit in hits]


def text_of(fact: Any) -> str:
    """The words of a fact, whatever shape it came in."""
    if isinstance(fact, str):
        return fact
    names = ("quote", "value", "text", "sentence")
    if isinstance(fact, Mapping):
        return "\n".join(str(fact[name]) for name in names if fact.get(name))
    return "\n".join(str(getattr(fact, name)) for name in names if getattr(fact, name, ""))


def _unproved(code: str, reason: str, found: Iterable[str]) -> list[Violation]:
    return [Violation(code, f"{reason}: {text!r}", text) for text in dict.fromkeys(found)]


def _marks(text: str) -> list[Violation]:
    found = [Violation("unfilled", f"unfilled field {mark}", mark) for mark in unfilled(text)]
    found += [
        Violation("mixed_script", f"Cyrillic and Latin letters in one word: {word!r}", word)
        for word in vocabulary.mixed_script_words(text)
    ]
    if vocabulary.shouts(text):
        found.append(Violation("capitals", "more than 60 % of the letters are capitals"))
    return found


def check_letter(
    letter: EmailTemplate,
    company: CompanyBrief,
    offer: OfferBrief,
    *,
    max_body: int,
    pages: Mapping[str, str] | None = None,
    recent: Iterable[str] = (),
) -> list[Violation]:
    """All rules for one letter; `pages` holds the stored text of each cited page by id.

    `recent` are bodies of the campaign's last letters: a model must not repeat itself.
    """
    allowed = [*(text_of(fact) for fact in company.facts), *offer.texts()]
    allowed += [company.brand, company.city, company.niche, company.site]
    found = check_claims(f"{letter.subject}\n{letter.body}", allowed)
    return [
        *found,
        *_form(letter, max_body),
        *_banned(letter, offer),
        *_claims(letter, company, pages or {}),
        *_repeats(letter, recent),
    ]


def _form(letter: EmailTemplate, max_body: int) -> list[Violation]:
    found = []
    if any(ord(sign) < 32 for sign in letter.subject):
        found.append(Violation("subject", "the subject has a line break or control character"))
    if not SUBJECT_MIN <= len(letter.subject) <= SUBJECT_MAX:
        reason = (
            f"the subject has {len(letter.subject)} characters, not {SUBJECT_MIN}–{SUBJECT_MAX}"
        )
        found.append(Violation("subject", reason))
    if not BODY_MIN <= len(letter.body) <= max_body:
        reason = f"the body has {len(letter.body)} characters, not {BODY_MIN}–{max_body}"
        found.append(Violation("length", reason))
    if vocabulary.language_of(letter.body) != "ru":
        found.append(Violation("language", "the body is not in Russian"))
    return found


def _banned(letter: EmailTemplate, offer: OfferBrief) -> list[Violation]:
    text = f"{letter.subject}\n{letter.body}".casefold()
    words = [*BANNED, *offer.banned_words]
    return [
        Violation("banned", f"banned words: {word!r}", word)
        for word in words
        if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text)
    ]


def _claims(
    letter: EmailTemplate, company: CompanyBrief, pages: Mapping[str, str]
) -> list[Violation]:
    facts = {fact.id: fact for fact in company.facts}
    body = _folded(letter.body)
    found = []
    for claim in letter.claims:
        fact = facts.get(claim.fact_id)
        source = pages.get(fact.page_id, fact.quote) if fact else ""
        if not claim.quote.strip() or _folded(claim.quote) not in _folded(source):
            found.append(Violation("quote", f"not on the cited page: {claim.quote!r}", claim.quote))
        if _folded(claim.sentence) not in body:
            found.append(Violation("claim", f"not in the letter: {claim.sentence!r}"))
    return found


def _folded(text: str) -> str:
    return collapse(text).casefold()


def _repeats(letter: EmailTemplate, recent: Iterable[str]) -> list[Violation]:
    for other in recent:
        if fuzz.ratio(letter.body, other, score_cutoff=MAX_SIMILARITY) >= MAX_SIMILARITY:
            return [Violation("similar", "the body repeats a recent letter of this campaign")]
    return []
