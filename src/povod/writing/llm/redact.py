"""Keeping people out of prompts: names become placeholders, numbers stop the model (G71, G72).

A manual title and the openings of earlier texts are the only free words that may reach a model.
Names are found in any grammatical case by their stems; taking one word too many does no harm.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from povod.kit.phone import find_phones
from povod.kit.text import clean

NAME, COMPANY = "{{NAME}}", "{{COMPANY}}"
MAX_TITLE = 120
MAX_OPENING = 100
SHORTEST_WORD = 2

_BRACES = re.compile(r"[{}\[\]<>`\\]")
_EMAIL = re.compile(r"\S+@\S+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b(?:19|20)\d\d\s?[-–—]\s?(?:19|20)\d\d\b")
_LONG_NUMBER = re.compile(r"(?:\d[\s().\-–—№/]*){8,}\d")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_LEGAL_FORMS = "ооо|оао|зао|пао|ао|ип|нко|ано|фгуп|муп|гуп|нпо|чоп|тоо|ltd|llc|inc|gmbh|jsc|corp|co"
_FORM_WORDS = frozenset(_LEGAL_FORMS.split("|"))
_LETTER = r"[^\W\d_]"
LONGEST_ENDING = 3


@dataclass(frozen=True)
class Personal:
    """What is put in after validation and never sent.

    `name` is the form of address for {{NAME}} and `company` that of {{COMPANY}}; `words` are all
    other parts of the person's name and of the company's names, to be found in free words.
    """

    name: str = ""
    company: str = ""
    words: tuple[str, ...] = ()

    def fill(self, text: str) -> str:
        """The text with both placeholders filled, in one pass: values are never searched."""
        values = {NAME: self.name, COMPANY: self.company}
        return re.sub(r"\{\{(?:NAME|COMPANY)\}\}", lambda match: values[match[0]], text)


@dataclass(frozen=True)
class Title:
    """A manual title fit for a prompt; `pii` says that the model must not be used."""

    text: str
    pii: bool = False


def clean_title(title: str, personal: Personal) -> Title:
    """Controls, braces and line breaks out, at most 120 characters, people as placeholders."""
    plain = clean(_BRACES.sub(" ", unicodedata.normalize("NFC", title)))
    if holds_pii(plain):
        return Title("", pii=True)
    return Title(clean(redact(plain, personal))[:MAX_TITLE].rstrip())


def opening_of(body: str, personal: Personal) -> str:
    """How an earlier text began, with placeholders; empty when it holds anything personal."""
    first = clean(_BRACES.sub(" ", body))[: 2 * MAX_OPENING]
    sentence = re.split(r"(?<=[.!?…])\s", first)[0]
    return "" if holds_pii(sentence) else redact(sentence, personal)[:MAX_OPENING].rstrip()


def holds_pii(text: str) -> bool:
    """True if the words hold a phone, an address, a link, a card or document number."""
    if _EMAIL.search(text) or _LINK.search(text):
        return True
    bare = _DATE.sub(" ", text)
    return bool(_LONG_NUMBER.search(bare) or find_phones(bare))


def redact(text: str, personal: Personal) -> str:
    """The text with the person's and the company's words, in any case, as placeholders."""
    company = _words([personal.company])
    if company:
        phrase = r"[\s«»\"“”„'.,-]+".join(map(_any_case, company))
        text = re.sub(rf"[«\"“„]?\b{phrase}\b[»\"”“]?", COMPANY, text, flags=re.IGNORECASE)
    for word in sorted(_words([personal.name, *personal.words]), key=len, reverse=True):
        text = re.sub(rf"\b{_any_case(word)}\b", NAME, text, flags=re.IGNORECASE)
    return re.sub(rf"{re.escape(NAME)}(?:[\s.-]+{re.escape(NAME)})+", NAME, text)


def _words(texts: Iterable[str]) -> list[str]:
    """The words by which somebody may be known; legal forms and single letters are not."""
    found = [match[0] for text in texts for match in _WORD.finditer(text)]
    unique = dict.fromkeys(word.casefold() for word in found)
    return [word for word in unique if len(word) >= SHORTEST_WORD and word not in _FORM_WORDS]


def _any_case(word: str) -> str:
    """A pattern for a word in any grammatical case, and with ё written as е."""
    gone = 2 if len(word) > 5 else 1 if len(word) > 3 else 0
    stem = word[: len(word) - gone]
    letters = "".join("[её]" if sign in "её" else re.escape(sign) for sign in stem)
    return f"{letters}{_LETTER}{{0,{gone + LONGEST_ENDING}}}"
