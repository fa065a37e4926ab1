"""Shared quotas: for every instant t and window w, calls in (t - w, t] stay within the limit.

Exact sliding windows in the database, so that they hold over all threads, processes and machines,
across restarts, crashes and clock changes. A token is a row; each row also keeps the sum of
all amounts of its key so far, so a window costs two index look-ups whatever its length
(35 000 in an hour as much as 10 in a second).

Time is the injected clock, but within a key it never runs backwards: after the clock was put back,
tokens are stamped with the latest time seen. Machines that share quotas keep their clocks together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.kit.settings.types import Limit
from povod.store.db import Database
from povod.store.tables import quotas

__all__ = ["Demand", "Limit", "Quotas"]

NOTHING = timedelta()
TIDY_EVERY = 256  # takes of a key between two clean-ups
_IN_ORDER = (quotas.c.at, quotas.c.total)


@dataclass(frozen=True)
class Demand:
    """`amount` tokens of `key`, which must stay within all of `limits`."""

    key: str
    limits: Sequence[Limit]
    amount: int = 1


@dataclass(frozen=True)
class _Place:
    """Where the next token of a key goes: not before the last one, and the sum up to here."""

    now: datetime
    total: int


class Quotas:
    """Takes and gives back tokens of `quotas`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def take(
        self,
        key: str,
        limits: Sequence[Limit],
        amount: int = 1,
        holder: str = "",
        conn: Connection | None = None,
    ) -> timedelta:
        """Zero: the tokens are taken. Otherwise nothing is, and this long is to be waited.

        With `conn` the tokens are part of the caller's transaction, and others wait for its end.
        """
        return self.take_all([Demand(key, limits, amount)], holder, conn)

    def take_all(
        self, demands: Sequence[Demand], holder: str = "", conn: Connection | None = None
    ) -> timedelta:
        """All demands or none; the time to wait is that of the slowest."""
        if conn is None:
            with self._db.tx() as own:
                return self.take_all(demands, holder, own)
        _check(demands)
        self._lock(conn, [demand.key for demand in demands])
        pairs = [(demand, self._place(conn, demand.key)) for demand in demands]
        wait = max((self._wait(conn, demand, place) for demand, place in pairs), default=NOTHING)
        if wait > NOTHING:
            return wait
        for demand, place in pairs:
            taken = _Place(place.now, place.total + demand.amount)
            self._insert(conn, demand, taken, holder)
            self._tidy(conn, demand, taken)
        return NOTHING

    def give_back(self, holder: str, conn: Connection | None = None) -> int:
        """Return everything that `holder` took, as if it never had; returns the sum of amounts."""
        if not holder:
            raise InputError("tokens taken without a holder cannot be given back")
        if conn is None:
            with self._db.tx() as own:
                return self.give_back(holder, own)
        mine = quotas.c.holder == holder
        keys = conn.execute(sa.select(quotas.c.key).where(mine).distinct()).scalars().all()
        self._lock(conn, keys)
        rows = conn.execute(
            sa.delete(quotas)
            .where(mine)
            .returning(quotas.c.key, quotas.c.at, quotas.c.total, quotas.c.amount)
        ).all()
        for row in sorted(rows, key=lambda row: row.total, reverse=True):
            later = (quotas.c.key == row.key, quotas.c.at >= row.at, quotas.c.total > row.total)
            conn.execute(sa.update(quotas).where(*later).values(total=quotas.c.total - row.amount))
        return sum(row.amount for row in rows)

    def used(self, key: str, seconds: float, conn: Connection | None = None) -> int:
        """How many tokens of `key` count in the window of `seconds` that ends now."""
        if conn is None:
            with self._db.read() as own:
                return self.used(key, seconds, own)
        last = self._place(conn, key)
        return self._used(conn, key, last, last.now - timedelta(seconds=seconds))

    def _wait(self, conn: Connection, demand: Demand, last: _Place) -> timedelta:
        wait = NOTHING
        for limit in demand.limits:
            window = timedelta(seconds=limit.seconds)
            used = self._used(conn, demand.key, last, last.now - window)
            if used + demand.amount > limit.count:
                # There is room as soon as this token leaves the window.
                gone = last.total + demand.amount - limit.count
                leaves = self._token(conn, demand.key, gone, last.now - window)
                wait = max(wait, leaves + window - self._clock.now())
        return wait

    def _insert(self, conn: Connection, demand: Demand, place: _Place, holder: str) -> None:
        row = {
            "key": demand.key,
            "at": place.now,
            "amount": demand.amount,
            "total": place.total,
            "holder": holder,
        }
        conn.execute(sa.insert(quotas), [row])

    def _used(self, conn: Connection, key: str, last: _Place, since: datetime) -> int:
        first = conn.execute(
            sa.select(quotas.c.total, quotas.c.amount)
            .where(quotas.c.key == key, quotas.c.at > since)
            .order_by(*_IN_ORDER)
            .limit(1)
        ).first()
        return last.total - (first.total - first.amount) if first else 0

    def _token(self, conn: Connection, key: str, total: int, since: datetime) -> datetime:
        at: datetime = conn.execute(
            sa.select(quotas.c.at)
            .where(quotas.c.key == key, quotas.c.at > since, quotas.c.total >= total)
            .order_by(*_IN_ORDER)
            .limit(1)
        ).scalar_one()
        return at

    def _place(self, conn: Connection, key: str) -> _Place:
        now = self._clock.now()
        row = conn.execute(
            sa.select(quotas.c.at, quotas.c.total)
            .where(quotas.c.key == key)
            .order_by(quotas.c.at.desc(), quotas.c.total.desc())
            .limit(1)
        ).first()
        return _Place(max(now, row.at), row.total) if row else _Place(now, 0)

    def _lock(self, conn: Connection, keys: Sequence[str]) -> None:
        """One taker a key at a time until the end of the transaction; in order: no deadlock."""
        if self._db.is_sqlite:
            return
        for number in sorted({_number(key) for key in keys}):
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    def _tidy(self, conn: Connection, demand: Demand, place: _Place) -> None:
        """Now and then forget what has left the longest window twice over."""
        if place.total % TIDY_EVERY >= demand.amount:
            return
        longest = max(limit.seconds for limit in demand.limits)
        old = place.now - 2 * timedelta(seconds=longest)
        conn.execute(sa.delete(quotas).where(quotas.c.key == demand.key, quotas.c.at <= old))


def _check(demands: Sequence[Demand]) -> None:
    if len({demand.key for demand in demands}) != len(demands):
        raise InputError("a quota key may be named only once; add the amounts up")
    for demand in demands:
        smallest = min((limit.count for limit in demand.limits), default=0)
        if not 1 <= demand.amount <= smallest:
            raise InputError(
                f"quota {demand.key}: {demand.amount} never fits within {smallest}; "
                "take between 1 and the smallest limit"
            )


def _number(key: str) -> int:
    """A stable 63-bit number for PostgreSQL's advisory locks."""
    return int.from_bytes(blake2b(f"quota:{key}".encode(), digest_size=8).digest()) >> 1
