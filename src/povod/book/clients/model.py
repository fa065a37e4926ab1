"""What a client consists of, what was said about one, and the helpers the book is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from povod.kit.clock import Clock

LENGTHS = {
    "first_name": 100,
    "middle_name": 100,
    "last_name": 100,
    "salutation": 120,
    "short_name": 60,
    "company_name": 300,
    "position": 200,
    "profession": 80,
    "last_interaction_summary": 2000,
    "external_id": 100,
    "do_not_greet_reason": 40,
    "country": 2,
}
"""Longest text of each field, in characters."""

OWN = frozenset({"salutation", "short_name", "preferences", "do_not_greet", "do_not_greet_reason"})
"""Fields that only people fill: no file and no CRM overwrites them (G20)."""

PREFERENCES = ("tone", "birthday", "holidays_on", "holidays_off", "card", "max_per_year")


class NameTools(Protocol):
    """What the room of texts knows about names; handed down by the composition root."""

    def normalize(self, text: str) -> str:
        """The name as it is written: «ИВАНОВА» → «Иванова»."""

    def split(self, full: str) -> Mapping[str, str]:
        """`first_name`, `middle_name`, `last_name` of a full name, and a `warning`."""

    def gender(self, first: str, middle: str, last: str, given: str | None) -> tuple[str, str]:
        """`m`, `f` or empty, and by what it was told."""


Listener = Callable[[Connection, str, str], None]
"""Told of a client's id and of what happened: `changed`, `deleted`, `restored`."""


@dataclass(frozen=True)
class ClientDeps:
    """What writing clients needs; `hash_value(kind, value)` is the hash refusals are kept under."""

    clock: Clock
    names: NameTools
    hash_value: Callable[[str, str], str]
    listeners: list[Listener] = field(default_factory=list)

    def tell(self, conn: Connection, client_id: str, what: str) -> None:
        """Let the jobs above follow, in the same transaction."""
        for listener in self.listeners:
            listener(conn, client_id, what)


@dataclass(frozen=True)
class Author:
    """Who writes: a person locks what they touch, a file or a CRM does not (G20)."""

    name: str
    source: str = "ui"

    @property
    def is_person(self) -> bool:
        """True for the console and the API."""
        return self.source in ("ui", "api")


@dataclass(frozen=True)
class Ground:
    """On what basis a client may be written to, and what proves it (D12, G22)."""

    basis: str = "none"
    evidence: str = ""
    obtained_at: datetime | None = None
    purpose: str = "greeting"


Values = Mapping[str, Any]
