"""The audit log: append-only, each row hashed together with the one before it (D99).

A row is written in the transaction of the deed itself, so neither can exist without the other.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.store.tables import audit_log
from povod.store.types import CLOCK_OPTION

_LOCK = 0x706F766F64
"""Advisory lock on PostgreSQL: rows of the chain are appended one after the other."""

EMPTIED = {"erased": True}
"""Stands for details that were erased with a person."""


def append(
    conn: Connection, actor: str, action: str, subject: str, data: Mapping[str, Any] | None = None
) -> None:
    """Add a row: who did what to which object, with masked details."""
    if conn.dialect.name != "sqlite":
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    newest = sa.select(audit_log.c.hash).order_by(audit_log.c.id.desc()).limit(1)
    row: dict[str, Any] = {
        "actor": actor,
        "action": action,
        "subject": subject,
        "data": json.loads(json.dumps(dict(data or {}), default=str)),
        "previous_hash": conn.execute(newest).scalar() or "",
        "created_at": conn.get_execution_options()[CLOCK_OPTION].now(),
    }
    conn.execute(audit_log.insert().values(**row, hash=_row_hash(row)))


def erase(conn: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Empty the details of rows, for good; their seals by id.

    The chain stays whole as long as a later row carries these seals as `seals` in its details:
    so nobody can empty a row in silence, nor change what is left of it.
    """
    seals = dict[str, str]()
    for row in rows:
        emptied = sa.update(audit_log).where(audit_log.c.id == row["id"])
        conn.execute(emptied.values(data=EMPTIED))
        seals[str(row["id"])] = _seal(row)
    return seals


def first_broken(conn: Connection) -> int | None:
    """Id of the first row that was changed, or whose predecessor is gone; None when all holds."""
    previous, broken = "", list[int]()
    unsealed = dict[int, str]()
    rows = conn.execute(sa.select(audit_log).order_by(audit_log.c.id)).mappings()
    for row in rows:
        is_whole = row["hash"] == _row_hash(row)
        if not is_whole and row["data"] == EMPTIED:
            unsealed[row["id"]] = _seal(row)
        elif not is_whole:
            broken = broken or [int(row["id"])]
        if row["previous_hash"] != previous:
            broken = broken or [int(row["id"])]
        if is_whole:
            _unseal(unsealed, row["data"].get("seals", {}))
        previous = row["hash"]
    return min([*broken, *unsealed], default=None)


def _unseal(unsealed: dict[int, str], seals: Mapping[str, str]) -> None:
    for name, seal in seals.items():
        if unsealed.get(int(name)) == seal:
            del unsealed[int(name)]


def _seal(row: Mapping[str, Any] | RowMapping) -> str:
    """SHA-256 over what is left of an emptied row."""
    return _row_hash({**row, "data": row["hash"]})


def _row_hash(row: Mapping[str, Any] | RowMapping) -> str:
    """SHA-256 over the previous hash and the row as canonical JSON."""
    at: datetime = row["created_at"]
    parts = [row["actor"], row["action"], row["subject"], row["data"]]
    body = [row["previous_hash"], at.astimezone(UTC).isoformat(timespec="microseconds"), *parts]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
