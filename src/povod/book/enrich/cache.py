"""`inn_cache`: answers of the register, used while fresh, or while it is silent (G120)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from povod.book.enrich.party import Party
from povod.kit.clock import Clock
from povod.store.db import Database
from povod.store.tables import inn_cache
from povod.store.upsert import upsert

FOUND_DAYS, UNKNOWN_DAYS = 30, 7
_UPDATED = ("source", "data", "fetched_at", "expires_at", "updated_at")


@dataclass(frozen=True)
class Kept:
    """What the cache says: a party, or None for a company that the source did not know."""

    party: Party | None
    fetched_at: datetime
    fresh: bool


class Cache:
    """Reads and writes `inn_cache`; one row for each INN."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def get(self, inn: str) -> Kept | None:
        """The row of an INN; None when it was never asked for."""
        with self._db.read() as conn:
            row = conn.execute(sa.select(inn_cache).where(inn_cache.c.id == inn)).first()
        if row is None:
            return None
        party = Party.from_json(row.data) if row.data else None
        fresh = row.expires_at is None or row.expires_at > self._clock.now()
        return Kept(party, row.fetched_at, fresh)

    def put(self, parties: Sequence[Party]) -> None:
        """Keep what was found, for 30 days."""
        self._write([(party.inn, party.source, party.as_json(), FOUND_DAYS) for party in parties])

    def put_unknown(self, inn: str, source: str) -> None:
        """Keep for a week that the source knows no such company."""
        self._write([(inn, source, {}, UNKNOWN_DAYS)])

    def _write(self, answers: Sequence[tuple[str, str, dict[str, Any], int]]) -> None:
        now = self._clock.now()
        rows = [
            {
                "id": inn,
                "source": source,
                "data": data,
                "fetched_at": now,
                "expires_at": now + timedelta(days=days),
                "updated_at": now,
            }
            for inn, source, data, days in answers
        ]
        with self._db.tx() as conn:
            upsert(conn, inn_cache, rows, ["id"], _UPDATED)
