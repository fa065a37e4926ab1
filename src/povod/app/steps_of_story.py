"""One link of the chain behind a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Step:
    """One link of the chain.

    `kind` names it, `text` says what, `quote` is what was read or heard, `notes` are particulars
    by their name (a page can translate the names), `at` is when it happened. `holds` says whether
    what is stored still has the hash it had then; None: no hash covers this link.
    """

    kind: str
    text: str
    quote: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    holds: bool | None = None

    @property
    def detail(self) -> str:
        """The notes in one line."""
        return ", ".join(f"{name} {value}" for name, value in self.notes.items())


def notes_of(**given: Any) -> dict[str, str]:
    """Particulars that there are; empty ones say nothing."""
    return {name: str(value) for name, value in given.items() if value not in (None, "")}
