"""How a person is addressed (G68): the nominative, never a guessed form.

A person is any object or mapping with first_name, middle_name, last_name, gender, salutation,
short_name, company_name, language; what is missing is empty. A text is split as a full name.
"""

from collections.abc import Mapping
from typing import Any

from povod.kit.text import clean
from povod.writing.names.gender import gender_with_source
from povod.writing.names.normal import normalize_name
from povod.writing.names.parts import is_cyrillic, is_patronymic
from povod.writing.names.split import is_initials, split_name

OFFICIAL = "official"
_FIELDS = ("first_name", "middle_name", "last_name", "gender", "salutation", "short_name")


def salutation(person: Any, tone: str) -> str:
    """The first line of a text: «Уважаемая Наталья Олеговна!», «Наталья, здравствуйте!»."""
    known = _Known(person)
    if known.override:
        return known.override
    if known.language == "en":
        return _english(known, tone)
    if not known.first:
        return "Уважаемые коллеги!" if known.is_group else "Здравствуйте!"
    if known.gender is None:
        return f"Здравствуйте, {known.familiar(tone)}!"
    if tone != OFFICIAL:
        return f"{known.familiar(tone)}, здравствуйте!"
    word = "Уважаемая" if known.gender == "f" else "Уважаемый"
    return f"{word} {known.formal()}!"


def address_line(person: Any, tone: str) -> str:
    """The line of a card: the name, with «Уважаемый» only in official texts; may be empty."""
    known = _Known(person)
    if known.override:
        return known.override
    if not known.first:
        return salutation(person, tone) if known.is_group else ""
    if tone == OFFICIAL:
        return salutation(person, tone) if known.gender else known.first
    return f"{known.familiar(tone)}{',' if known.language == 'en' else '!'}"


def address_name(person: Any, tone: str) -> str:
    """The bare name by which a text may call the person; empty for a company."""
    known = _Known(person)
    return known.formal() if tone == OFFICIAL else known.familiar(tone)


def _english(known: "_Known", tone: str) -> str:
    if not known.first:
        return "Dear colleagues," if known.is_group else "Hello,"
    if tone == OFFICIAL:
        return f"Dear {' '.join(filter(None, (known.first, known.last)))},"
    return f"Hello {known.familiar(tone)},"


class _Known:
    """What may be said of a person, in its written form."""

    def __init__(self, person: Any) -> None:
        raw = {name: _text(person, name) for name in (*_FIELDS, "company_name", "language")}
        if isinstance(person, str):
            parts = split_name(person)
            raw |= {name: getattr(parts, name) for name in _FIELDS[:3]}
        self.first = _name(raw["first_name"])
        middle = _name(raw["middle_name"])
        self.middle = middle if is_patronymic(middle) and is_cyrillic(middle) else ""
        self.last = _name(raw["last_name"])
        self.short = normalize_name(raw["short_name"])
        self.override = clean(raw["salutation"])
        self.language = raw["language"] or "ru"
        self.is_group = bool(raw["company_name"].strip()) and not self.last
        self.gender = gender_with_source(
            self.first, self.middle, self.last, raw["gender"] or None
        ).value

    def formal(self) -> str:
        """First name and patronymic, else first name and surname: never both with the surname."""
        return " ".join(filter(None, (self.first, self.middle or self.last))) if self.first else ""

    def familiar(self, tone: str) -> str:
        """The short name in warm texts, else the first name."""
        return (self.short if tone != OFFICIAL else "") or self.first


def _text(person: Any, name: str) -> str:
    value = person.get(name) if isinstance(person, Mapping) else getattr(person, name, "")
    return value if isinstance(value, str) else ""


def _name(text: str) -> str:
    """The normalised name, empty for initials."""
    name = normalize_name(text)
    return "" if name and all(is_initials(word) for word in name.split()) else name
