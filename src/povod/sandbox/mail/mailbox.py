"""The sender's mailbox: what came back so far, and what the server keeps under Sent.

Both folders follow from the ledger and the clock alone, so a restarted sandbox shows the same
messages under the same numbers.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from povod.kit.clock import Clock
from povod.sandbox.mail.behaviour import behaviour_of
from povod.sandbox.mail.ledger import Ledger
from povod.sandbox.mail.replies import answers_to
from povod.sandbox.world.model import World

INBOX = "INBOX"
SENT = "Sent"


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in a folder; `at` is the virtual instant it came in."""

    uid: int
    at: datetime
    raw: bytes


class Account:
    """One mailbox with two folders; letters to anybody lead to answers in its INBOX."""

    def __init__(self, world: World, clock: Clock, ledger: Ledger, folder: Path) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._seen = 0
        self._waiting: list[tuple[datetime, int, bytes]] = []
        self._inbox: list[Stored] = []
        self.uidvalidity = _uidvalidity(folder / "uidvalidity")

    def folder(self, name: str) -> list[Stored] | None:
        """Messages of a folder by rising UID; `None` when there is no such folder."""
        if name.upper() == INBOX:
            self._deliver()
            return list(self._inbox)
        if name == SENT:
            return [Stored(item.number, item.at, item.raw) for item in self._ledger.accepted]
        return None

    def _deliver(self) -> None:
        """Give a UID to every answer that is due, in the order of their times."""
        for item in self._ledger.accepted[self._seen :]:
            kind = behaviour_of(self._world, item.rcpt)
            for answer in answers_to(item, kind):
                self._waiting.append((answer.at, item.number, answer.raw))
        self._seen = len(self._ledger.accepted)
        self._waiting.sort()
        now = self._clock.now()
        due = [item for item in self._waiting if item[0] <= now]
        del self._waiting[: len(due)]
        for at, _, raw in due:
            self._inbox.append(Stored(len(self._inbox) + 1, at, raw))


def _uidvalidity(path: Path) -> int:
    """Kept in the state directory: a fresh world must not look like a continued one."""
    if not path.exists():
        path.write_text(str(int(time.time())), encoding="ascii")
    return int(path.read_text(encoding="ascii"))
