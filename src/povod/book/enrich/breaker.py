"""A provider that said no for longer is left alone by every process (G119, G200)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from povod.book.enrich.party import UnavailableError
from povod.kit.clock import Clock
from povod.store.db import Database
from povod.store.tables import settings
from povod.store.upsert import upsert


@dataclass(frozen=True)
class Breaker:
    """The stop of one provider, kept as a row of `settings` so that a restart remembers it."""

    db: Database
    clock: Clock
    name: str

    @property
    def _row(self) -> str:
        return f"enrich:{self.name}:stopped"

    def check(self, key: str) -> None:
        """`UnavailableError` while the stop holds; another key begins anew."""
        with self.db.read() as conn:
            query = sa.select(settings.c.value).where(settings.c.id == self._row)
            stop = conn.execute(query).scalar()
        if not stop or stop["key"] != key:
            return
        until = datetime.fromisoformat(stop["until"]) if stop["until"] else None
        now = self.clock.now()
        if until is None:
            raise UnavailableError(stop["reason"], lasting=True)
        if until > now:
            wait = (until - now).total_seconds()
            raise UnavailableError(stop["reason"], wait, lasting=True)

    def open(self, reason: str, *, until: datetime | None, key: str) -> None:
        """Stop until then; None: until the key changes."""
        value = {"reason": reason, "until": until.isoformat() if until else "", "key": key}
        row = {"id": self._row, "value": value, "updated_at": self.clock.now()}
        with self.db.tx() as conn:
            upsert(conn, settings, [row], ["id"], ["value", "updated_at"])
