"""Small values the house remembers, each one also a lock (`settings` rows).

On PostgreSQL the row is locked until the transaction ends; on SQLite a write transaction has no
rivals anyway. So whoever reads a value here may base the next value on it.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import settings
from povod.store.upsert import insert_new


def hold(conn: Connection, name: str) -> dict[str, Any]:
    """The value kept under `name` ({} at first); nobody else can hold it before this commits."""
    insert_new(conn, settings, [{"id": name, "value": {}}], ["id"])
    row = sa.select(settings.c.value).where(settings.c.id == name).with_for_update()
    value: dict[str, Any] = conn.execute(row).scalar_one()
    return value


def peek(conn: Connection, name: str) -> dict[str, Any]:
    """The value kept under `name` without holding it."""
    found: dict[str, Any] | None = conn.execute(
        sa.select(settings.c.value).where(settings.c.id == name)
    ).scalar_one_or_none()
    return found or {}


def keep(conn: Connection, name: str, value: dict[str, Any]) -> None:
    """Remember `value`; the caller holds `name`."""
    conn.execute(sa.update(settings).where(settings.c.id == name).values(value=value))
