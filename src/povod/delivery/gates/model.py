"""What a gate sees and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from povod.delivery.caps import Caps
from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message
from povod.delivery.office import Office

PASS, SKIP, HOLD, APPROVE, CANCEL = "pass", "skip", "hold", "approve", "cancel"


@dataclass(frozen=True)
class Verdict:
    """What one gate found: `reason` is a code; a hold may know `until` when."""

    result: str = PASS
    reason: str = ""
    until: datetime | None = None
    rule: str = ""


OPEN = Verdict()


@dataclass(frozen=True)
class GateResult:
    """A verdict with the name of its gate, as it is recorded with the attempt."""

    name: str
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The record: name, result, reason, rule id, end of a hold."""
        verdict = self.verdict
        record: dict[str, Any] = {"name": self.name, "result": verdict.result}
        if verdict.reason:
            record["reason"] = verdict.reason
        if verdict.rule:
            record["rule"] = verdict.rule
        if verdict.until:
            record["until"] = verdict.until.isoformat()
        return record


@dataclass(frozen=True)
class Scene:
    """Everything a gate may look at; all reads happen in the transaction of `conn`."""

    office: Office
    conn: Connection
    message: Message
    mailbox: Mailbox
    leaves_host: bool
    now: datetime
    caps: Caps
    at_handoff: bool = False

    @property
    def is_greeting(self) -> bool:
        """Greetings have other windows and switches than letters."""
        return bool(self.message["kind"] == "greeting")

    @property
    def approved_by_person(self) -> bool:
        """True if a person, not the policy, approved exactly this content."""
        same = self.message["approved_hash"] == self.message["content_hash"]
        return same and not self.message["approved_by"].startswith("policy:")


Check = Callable[[Scene], Verdict]


@dataclass(frozen=True)
class Gate:
    """One line of the table of D34; `again` says that it is asked at the handoff too."""

    name: str
    check: Check
    again: bool
