"""What stands in the facts is no fault (G81): it is blanked out before words are judged."""

import re
from functools import lru_cache

from povod.writing.greetings.facts import GreetingFacts

BLANK = "\ue000"
"""Stands for every character of a fact: no letter, no digit, no blank."""

_MIN_LENGTH = 2
_LEGAL_FORM = re.compile(
    r"^\s*(?:ООО|АО|ПАО|ЗАО|ОАО|НКО|АНО|ИП|LLC|Ltd)\s+|,?\s+(?:LLC|Ltd|Inc)\.?$"
)


def mask(text: str, facts: GreetingFacts) -> str:
    """The text with every fact blanked out, places unchanged."""
    folded = text.casefold()
    said = tuple(known for known in known_texts(facts) if _first_word(known) in folded)
    pattern = _pattern(said)
    if pattern is None:
        return text
    return pattern.sub(lambda match: BLANK * len(match[0]), text)


@lru_cache(maxsize=4096)
def _first_word(text: str) -> str:
    """What must stand in a text for the fact to stand there; quotation marks may differ."""
    word = re.search(r"\w+", text)
    return word[0].casefold() if word else ""


def known_texts(facts: GreetingFacts) -> tuple[str, ...]:
    """Everything that the facts say in words, longest first."""
    own = {
        facts.first_name, facts.middle_name, facts.last_name, facts.short_name, facts.salutation,
        facts.company_name, facts.occasion, facts.occasion_instrumental, facts.short_instrumental,
        facts.sender_name, facts.sender_position, facts.sender_company, *facts.known,
    }  # fmt: skip
    own |= {_bare_company(facts.company_name), _bare_company(facts.sender_company)}
    if facts.occasion_kind == "new_year" and facts.year:
        own.add(str(facts.year))
    if facts.occasion_code == "womens_day" or facts.occasion_kind == "womens_day":
        own |= {"8 Марта", "8 марта", "March 8", "8 March"}
    if facts.occasion_code == "defender_day" or facts.occasion_kind == "defender_day":
        own |= {"23 Февраля", "23 февраля", "February 23", "23 February"}
    return tuple(sorted((text.strip() for text in own if _usable(text)), key=len, reverse=True))


def _bare_company(name: str) -> str:
    """The name as people say it: «Ромашка» of ООО «Ромашка»."""
    return _LEGAL_FORM.sub("", name).strip(' «»"„“”')


def _usable(text: str) -> bool:
    plain = text.strip()
    return len(plain) >= _MIN_LENGTH and any(sign.isalnum() or sign in "{}" for sign in plain)


@lru_cache(maxsize=256)
def _pattern(texts: tuple[str, ...]) -> re.Pattern[str] | None:
    if not texts:
        return None
    return re.compile("|".join(_loose(text) for text in texts), re.IGNORECASE)


def _loose(text: str) -> str:
    """The text with any blanks, quotation marks and dashes where it has some."""
    words = [re.escape(word) for word in text.split()]
    loose = r"[\s\u00a0]+".join(words)
    loose = re.sub('["«»„“”]', '["«»„“”]', loose)
    loose = re.sub(r"\\-|[–—]", "[-–—]", loose)
    start = r"(?<!\w)" if text.strip()[0].isalnum() else ""
    end = r"(?!\w)" if text.strip()[-1].isalnum() else ""
    return f"{start}{loose}{end}"
