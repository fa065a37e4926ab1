"""The text of a letter about changes on a site: only what was seen, in the words of a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from povod.writing.templates import render

SHOWN = 3
"""So many changes stand in the letter; more would be a price list."""


@dataclass(frozen=True)
class SiteChangeFacts:
    """What the letter may say; `changes` are mappings with name, field, before, after, currency."""

    domain: str
    day: date
    count: int
    changes: Sequence[Mapping[str, str]]
    salutation: str
    signature: str = ""
    language: str = "ru"


@dataclass(frozen=True)
class SiteChangeText:
    """Subject and body, and which version of the template gave them."""

    subject: str
    body: str
    template_version: int


def write_site_change(facts: SiteChangeFacts) -> SiteChangeText:
    """Fill the template; values are never read as templates themselves."""
    data = _templates()
    words = data[facts.language]
    values = {
        "domain": facts.domain,
        "salutation": facts.salutation,
        "count": format_decimal(facts.count, locale=facts.language),
        "day": format_date(facts.day, "d MMMM", locale=facts.language),
    }
    lines = [f"— {_line(words, change, facts.language)}" for change in facts.changes[:SHOWN]]
    parts = [render(words["opening"], values), "\n".join(lines), words["closing"]]
    if facts.signature:
        parts.append(facts.signature)
    return SiteChangeText(
        render(words["subject"], values), "\n\n".join(parts), int(data["version"])
    )


def _line(words: Mapping[str, Any], change: Mapping[str, str], language: str) -> str:
    if change["field"] == "availability":
        state = words["states"].get(change["after"], change["after"])
        return render(words["availability"], {"name": change["name"], "after": state})
    values = {
        "name": change["name"],
        "before": _money(change["before"], change["currency"], language),
        "after": _money(change["after"], change["currency"], language),
    }
    return render(words["price"], values)


def _money(amount: str, currency: str, language: str) -> str:
    if not amount:
        return "—"
    if not currency:
        return format_decimal(amount, locale=language)
    return format_currency(amount, currency, locale=language)


@cache
def _templates() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(
        files("povod.writing").joinpath("data/site_change.json").read_bytes()
    )
    return found
