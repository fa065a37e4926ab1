"""An order that comes twice is carried out once: what an Idempotency-Key made, for a day.

Whoever has a row of its own for what an order makes keeps key and hash there (S19) and shares the
rules: `scoped`, `digest`, `mismatch`. The others keep their answer in the house's memory (G134);
it must hold ids and counts only.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from povod.kit.clock import Clock
from povod.kit.errors import ConflictError
from povod.store.db import Database
from povod.store.tables import settings
from povod.store.upsert import insert_new

KEPT_FOR = timedelta(hours=24)
BUSY_FOR = timedelta(minutes=5)
"""An order without an answer for so long died with its process: its key is free again."""

PREFIX = "once:"


def scoped(by: str, key: str) -> str | None:
    """Two people may use the same key for different orders; None without a key."""
    return f"{by}:{key}" if key else None


def digest(order: Any) -> str:
    """What makes two orders the same."""
    text = json.dumps(order, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def mismatch() -> ConflictError:
    """The key was used for something else."""
    return ConflictError(
        "Idempotency-Key: it was used within 24 hours for another order",
        code="idempotency_mismatch",
    )


@dataclass(frozen=True)
class Once:
    """Remembers answers by key."""

    db: Database
    clock: Clock

    def answer(
        self, key: str | None, order: str, do: Callable[[], dict[str, Any]]
    ) -> tuple[dict[str, Any], bool]:
        """What `do` gives, and True; for a key that did the order before: what it gave, False.

        An order that fails is forgotten, so that it may be tried again with its key.
        """
        if key is None:
            return do(), True
        row_id = PREFIX + digest(key)
        before = self._claim(row_id, order)
        if before is not None:
            return before, False
        said: dict[str, Any] | None = None
        try:
            said = do()
        finally:
            self._keep(row_id, order, said)
        return said, True

    def _keep(self, row_id: str, order: str, said: dict[str, Any] | None) -> None:
        row = settings.c.id == row_id
        kept = settings.update().where(row).values(value={"order": order, "said": said})
        with self.db.tx() as conn:
            conn.execute(settings.delete().where(row) if said is None else kept)

    def _claim(self, row_id: str, order: str) -> dict[str, Any] | None:
        """The earlier answer; None: the key is ours now."""
        with self.db.tx() as conn:
            conn.execute(self._forgotten())
            if insert_new(conn, settings, [{"id": row_id, "value": {"order": order}}], ["id"]):
                return None
            query = sa.select(settings.c.value, settings.c.created_at)
            known = conn.execute(query.where(settings.c.id == row_id).with_for_update()).one()
            if known.value["order"] != order:
                raise mismatch()
            if "said" in known.value:
                return dict(known.value["said"])
            if known.created_at > self.clock.now() - BUSY_FOR:
                raise ConflictError(
                    "Idempotency-Key: the same order is being carried out; ask again",
                    code="idempotency_busy",
                )
            now = {"created_at": self.clock.now()}
            conn.execute(settings.update().where(settings.c.id == row_id).values(**now))
            return None

    def _forgotten(self) -> sa.Delete:
        old = settings.c.created_at < self.clock.now() - KEPT_FOR
        return settings.delete().where(settings.c.id.startswith(PREFIX), old)
