"""What a greeting may know (G71): the values of its fields and the facts of its guardrails."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from povod.writing.greetings.industry import industry, industry_wish
from povod.writing.greetings.occasion import occasion_with
from povod.writing.names import address_name, decline, salutation

FIELDS = (
    "salutation", "name", "first_name", "company", "occasion", "own_occasion", "occasion_with",
    "industry_wish", "sender_name", "sender_company", "name_dat", "name_acc",
)  # fmt: skip
"""Names that a template may use (G60, G67); `own_occasion` is empty on days of the calendar."""


@dataclass(frozen=True, kw_only=True)
class GreetingFacts:
    """One greeting to one person or company; unknown is empty."""

    kind: str = "greeting"
    occasion_kind: str = "public"
    tone: str = "warm"
    language: str = "ru"
    addressee: str = "one"
    gender: str | None = None
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    short_name: str = ""
    salutation: str = ""
    company_name: str = ""
    occasion: str = ""
    occasion_instrumental: str = ""
    short_instrumental: str = ""
    occasion_code: str = ""
    early: bool = False
    year: int | None = None
    okved: str = ""
    client_id: str = ""
    sender_name: str = ""
    sender_position: str = ""
    sender_company: str = ""
    source: str = "template"
    placeholders: tuple[str, ...] = ()
    recent_texts: tuple[str, ...] = ()
    run_texts: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    echo_keys: tuple[str, ...] = ()
    ui_language: str = "ru"

    @classmethod
    def of(cls, source: Any) -> "GreetingFacts":
        """From a mapping or object with these names; what it lacks keeps its default."""
        if isinstance(source, cls):
            return source
        names = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(source, Mapping):
            source = {name: getattr(source, name, None) for name in names}
        given = ((name, source.get(name)) for name in names)
        found: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given
            if value is not None
        }
        return cls(**found)

    @property
    def is_group(self) -> bool:
        """Whether several people are addressed: «вы» in lower case."""
        return self.addressee == "group"

    @property
    def industry(self) -> str:
        """Words of our own table for the client's OKVED class."""
        return industry(self.okved, self.language)

    @property
    def salutation_line(self) -> str:
        """The first line of the text; a company without a person is «Уважаемые коллеги!»."""
        if self.is_group and not self.salutation.strip():
            group = {"company_name": self.company_name or "-", "language": self.language}
            return salutation(group, self.tone)
        return salutation(self, self.tone)

    def occasion_phrase(self, *, short: bool = False) -> str:
        """`occasion_with`, by the short form of a long title if asked and known."""
        words = (self.short_instrumental if short else "") or self.occasion_instrumental
        kind, language = self.occasion_kind, self.language
        if kind == "group" and self.occasion_code in ("easter", "orthodox_christmas"):
            kind = "religious"
        if kind == "group":
            kind = "public"
        return occasion_with(words, early=self.early, kind=kind, language=language)

    def fields(self, *, declined: bool = True) -> dict[str, str]:
        """The values of `FIELDS`; without the declined names, which take long, if not needed."""
        values = self._plain_fields()
        if declined:
            parts = (self.first_name, self.middle_name, self.last_name)
            person = " ".join(part for part in parts if part)
            for name, case in (("name_dat", "dative"), ("name_acc", "accusative")):
                values[name] = (decline(person, case, self.gender) or "") if person else ""
        return values

    def _plain_fields(self) -> dict[str, str]:
        return {
            "salutation": self.salutation_line,
            "name": address_name(self, self.tone),
            "first_name": self.short_name or self.first_name,
            "company": self.company_name,
            "occasion": self.occasion,
            "own_occasion": "" if self.occasion_code else self.occasion,
            "occasion_with": self.occasion_phrase(),
            "industry_wish": industry_wish(self.okved, self.language, self.client_id),
            "sender_name": self.sender_name,
            "sender_company": self.sender_company,
        }
