"""An order that comes twice is carried out once: what an Idempotency-Key made, for a day.

Whoever has a row of its own for what an order makes keeps key and hash there (S19) and shares the
rules: `scoped`, `digest`, `mismatch`. The others keep their answer in the house's memory (G134);
it must hold ids and counts only.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
        row_id, now = PREFIX + digest(key), self.clock.now()
        before = self._claim(row_id, order, now)
        if before is not None:
            return before, False
        said: dict[str, Any] | None = None
        try:
            said = do()
        finally:
            self._keep((settings.c.id == row_id, settings.c.created_at == now), order, said)
        return said, True

    def _keep(self, mine: Sequence[Any], order: str, said: dict[str, Any] | None) -> None:
        """Nothing when another has taken the key since: its answer stands."""
        kept = settings.update().where(*mine).values(value={"order": order, "said": said})
        with self.db.tx() as conn:
            conn.execute(settings.delete().where(*mine) if said is None else kept)

    def _claim(self, row_id: str, order: str, now: datetime) -> dict[str, Any] | None:
        """The earlier answer; None: the key is ours now."""
        row = {"id": row_id, "value": {"order": order}, "created_at": now}
        with self.db.tx() as conn:
            conn.execute(_forgotten(now))
            if insert_new(conn, settings, [row], ["id"]):
                return None
            query = sa.select(settings.c.value, settings.c.created_at)
            known = conn.execute(query.where(settings.c.id == row_id).with_for_update()).first()
            if known is None:  # it failed at this instant
                raise _busy()
            if known.value["order"] != order:
                raise mismatch()
            if "said" in known.value:
                return dict(known.value["said"])
            if known.created_at > now - BUSY_FOR:
                raise _busy()
            conn.execute(settings.update().where(settings.c.id == row_id).values(created_at=now))
            return None


def _busy() -> ConflictError:
    return ConflictError(
        "Idempotency-Key: the same order is being carried out; ask again",
        code="idempotency_busy",
    )


def _forgotten(now: datetime) -> sa.Delete:
    old = settings.c.created_at < now - KEPT_FOR
    return settings.delete().where(settings.c.id.startswith(PREFIX), old)
