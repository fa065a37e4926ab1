"""One sync of a sheet at a time, and what is still owed to the sheet (L10, L16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from povod.kit.clock import Clock
from povod.kit.errors import ConflictError
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.memory import hold, keep, peek

NAME = "leads.sheet"
LEASE = timedelta(minutes=15)
"""Longer than the longest wait for a busy service between two renewals."""

EVERYTHING = ""
"""Owed to rows of every tag."""


@dataclass(frozen=True)
class SheetLease:
    """The right to sync one source; `owed` holds the tags of rows whose results are not written."""

    db: Database
    clock: Clock
    source_ref: str
    holder: str
    owed: tuple[str, ...]

    def renew(self) -> None:
        """Hold it for another while; `ConflictError` when somebody else took it over."""
        self._change(until=(self.clock.now() + LEASE).isoformat())

    def owe(self, tag: str) -> None:
        """Remember, before anything is imported, that results for this tag must be written."""
        self._change(owed=sorted({*self.owed, tag}))

    def settle(self, tag: str) -> None:
        """Everything for this tag is written; without a tag, for all."""
        left = [] if tag == EVERYTHING else [other for other in self.owed if other != tag]
        self._change(owed=left)

    def release(self) -> None:
        """Let the next one in."""
        with self.db.tx() as conn:
            state = hold(conn, NAME)
            mine = state.get(self.source_ref, {})
            if mine.get("holder") == self.holder:
                keep(conn, NAME, {**state, self.source_ref: {**mine, "holder": "", "until": ""}})

    def _change(self, **values: Any) -> None:
        with self.db.tx() as conn:
            state = hold(conn, NAME)
            mine = state.get(self.source_ref, {})
            if mine.get("holder") != self.holder:
                raise ConflictError("the sheet is being synced by another process; look again soon")
            keep(conn, NAME, {**state, self.source_ref: {**mine, **values}})


def take_lease(db: Database, clock: Clock, source_ref: str) -> SheetLease:
    """The right to sync this source now; `ConflictError` while another holds it."""
    now, holder = clock.now(), new_id()
    with db.tx() as conn:
        state = hold(conn, NAME)
        mine = state.get(source_ref, {})
        until = mine.get("until")
        if until and datetime.fromisoformat(until) > now:
            raise ConflictError(
                f"a sync of this sheet is already running (until {until} at the latest)"
            )
        owed: Sequence[str] = mine.get("owed", [])
        values = {"holder": holder, "until": (now + LEASE).isoformat(), "tried": now.isoformat()}
        keep(conn, NAME, {**state, source_ref: {**mine, **values}})
    return SheetLease(db, clock, source_ref, holder, tuple(owed))


def last_try(db: Database, source_ref: str) -> datetime | None:
    """When a sync of this source last began."""
    with db.read() as conn:
        tried = peek(conn, NAME).get(source_ref, {}).get("tried")
    return datetime.fromisoformat(tried) if tried else None
