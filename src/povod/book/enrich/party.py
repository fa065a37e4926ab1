"""What the register says about one company, and how a provider is asked (G119)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Protocol

from povod.kit.errors import ExternalError

STATES = ("ACTIVE", "LIQUIDATING", "LIQUIDATED", "BANKRUPT", "REORGANIZING", "UNKNOWN")


class UnavailableError(ExternalError):
    """The provider cannot be asked now; `retry_after` in seconds when it said so.

    `lasting` means that the next question will fail too: a batch stops.
    """

    def __init__(
        self, reason: str, retry_after: float | None = None, *, lasting: bool = False
    ) -> None:
        self.retry_after, self.lasting = retry_after, lasting
        super().__init__(reason)


@dataclass(frozen=True)
class Party:
    """A company or sole trader of the register; dates as ISO text, empty when unknown."""

    inn: str
    name: str = ""
    full_name: str = ""
    kind: str = "LEGAL"
    ogrn: str = ""
    kpp: str = ""
    okved: str = ""
    okved_edition: str = "2014"
    director: str = ""
    director_post: str = ""
    status: str = "UNKNOWN"
    registered_on: str = ""
    address: str = ""
    source: str = ""

    @property
    def is_active(self) -> bool:
        """False only when the register says that the company is no longer at work."""
        return self.status in ("ACTIVE", "UNKNOWN")

    @property
    def okved_2014(self) -> str:
        """The main code of today's edition; codes of 2001 mean something else (G35)."""
        return self.okved if self.okved_edition == "2014" else ""

    def as_json(self) -> dict[str, Any]:
        """For the cache."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Party":
        """From the cache; names of later versions are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


class Provider(Protocol):
    """A source of parties."""

    name: str

    def lookup(self, inn: str) -> Party | None:
        """The party, or None when the source knows none; `UnavailableError` when it cannot say."""


def state_of(text: str) -> str:
    """A state of the list; what is not in it is unknown."""
    word = text.strip().upper()
    return word if word in STATES else "UNKNOWN"


def iso_day(text: str) -> str:
    """`2005-03-01` of the ways registers and files write a day; empty for anything else."""
    plain = text.strip()[:10]
    parts = plain.split(".")
    if len(parts) == 3:
        plain = "-".join(reversed(parts))
    try:
        return date.fromisoformat(plain).isoformat()
    except ValueError:
        return ""
