"""The shipped variants (G58, G59): one data file for each language and kind."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

KINDS = {
    "ru": (
        "birthday", "professional", "public", "new_year", "womens_day", "defender_day",
        "religious", "social", "manual", "anniversary", "group",
    ),
    "en": ("birthday", "professional", "public", "new_year", "manual", "group"),
}  # fmt: skip
TONES = ("official", "warm")
VERSION = 1

_BY_CODE = {
    "new_year": "new_year",
    "new_year_eve": "new_year",
    "womens_day": "womens_day",
    "defender_day": "defender_day",
    "orthodox_christmas": "religious",
    "easter": "religious",
}
_BY_RULE_KIND = {
    "professional": "professional",
    "military": "professional",
    "religious": "religious",
    "social": "social",
}


@dataclass(frozen=True)
class GreetingTemplate:
    """One text of a family; `needs` names the fields without which it would have gaps."""

    family: str
    variant: str
    version: int
    subject: str
    body: str
    wish: str
    needs: tuple[str, ...] = ()
    source: str = "builtin"
    status: str = "active"

    @property
    def key(self) -> str:
        """What is remembered as used: `birthday.warm.ru/a`."""
        return f"{self.family}/{self.variant}"


def family_of(kind: str, tone: str, language: str) -> str:
    """`<kind>.<tone>.<lang>`; kinds that a language does not have use `public`."""
    known = KINDS[language]
    return f"{kind if kind in known else 'public'}.{tone}.{language}"


def template_kind(
    event_type: str, *, rule_kind: str = "", rule_code: str = "", group: bool = False
) -> str:
    """Which kind of text serves an event; a company without a person has its own."""
    if group:
        return "group"
    if event_type != "holiday":
        return event_type
    return _BY_CODE.get(rule_code) or _BY_RULE_KIND.get(rule_kind, "public")


@cache
def builtin() -> dict[str, tuple[GreetingTemplate, ...]]:
    """All shipped variants by family."""
    found: dict[str, tuple[GreetingTemplate, ...]] = {}
    for language, kinds in KINDS.items():
        for kind in kinds:
            for template in _load(language, kind):
                found[template.family] = (*found.get(template.family, ()), template)
    return found


def _load(language: str, kind: str) -> Iterable[GreetingTemplate]:
    file = resources.files("povod.writing").joinpath(f"data/greetings_{language}_{kind}.json")
    for tone, variants in json.loads(file.read_text("utf-8")).items():
        for variant, text in variants.items():
            yield GreetingTemplate(
                family=f"{kind}.{tone}.{language}",
                variant=variant,
                version=text.get("version", VERSION),
                subject=text["subject"],
                body="\n\n".join(text["body"]),
                wish=text["wish"],
                needs=tuple(text.get("needs", ())),
            )
