"""The table of proxies: import, reading with opened passwords, what a use adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.proxies.model import PROXY_TIERS, Proxy
from povod.crawl.proxies.parsing import BadLine, parse_proxies
from povod.kit.errors import InputError, NotFoundError
from povod.kit.sealing import Sealer, SealError
from povod.store.db import Database
from povod.store.tables import proxies
from povod.store.upsert import upsert

_IDENTITY = ["scheme", "host", "port", "username"]
_BATCH = 500


@dataclass(frozen=True)
class ImportReport:
    """What an import did: proxies kept (new or updated), bad lines by number."""

    kept: int
    bad: Sequence[BadLine]


def import_proxies(
    db: Database,
    sealer: Sealer,
    text: str,
    *,
    tier: str,
    provider: str = "",
    tags: Sequence[str] = (),
    cost_per_gb: Any = 0,
) -> ImportReport:
    """Keep the good lines of a list; a proxy that is known is updated and keeps its record."""
    if tier not in PROXY_TIERS:
        raise InputError(f"tier {tier!r} is not one of {', '.join(PROXY_TIERS)}")
    parsed = parse_proxies(text)
    rows = [
        {
            **dict(zip(_IDENTITY, address[:4], strict=True)),
            "password_sealed": sealer.seal(address.password),
            "tier": tier,
            "provider": provider,
            "tags": list(tags),
            "cost_per_gb": cost_per_gb,
        }
        for address in parsed.proxies
    ]
    given = ["password_sealed", "tier", "provider", "tags", "cost_per_gb"]
    with db.tx() as conn:
        for start in range(0, len(rows), _BATCH):
            upsert(conn, proxies, rows[start : start + _BATCH], _IDENTITY, given)
    return ImportReport(len(rows), parsed.bad)


def load_proxies(conn: Connection, sealer: Sealer) -> list[Proxy]:
    """Enabled proxies that are not burned; those whose password cannot be opened are left out."""
    query = sa.select(proxies).where(proxies.c.enabled, proxies.c.state != "burned")
    found = []
    for row in conn.execute(query.order_by(proxies.c.id)).mappings():
        try:
            password = sealer.open(row["password_sealed"])
        except SealError:
            continue
        found.append(Proxy.from_row(row, password))
    return found


def load_proxy(conn: Connection, proxy_id: str, *, lock: bool = False) -> Proxy:
    """One proxy without its password; `NotFoundError` when it was deleted."""
    query = sa.select(proxies).where(proxies.c.id == proxy_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no proxy {proxy_id}")
    return Proxy.from_row(row, "")


def keep_proxy(conn: Connection, proxy: Proxy) -> None:
    """Write the record of service."""
    names = (
        "state", "fails_in_row", "rests_in_row", "ok_count", "fail_count", "latency_ms",
        "resting_until", "last_used_at", "last_ok_at", "bytes_used",
    )  # fmt: skip
    _update(conn, proxy.id, {name: getattr(proxy, name) for name in names})


def set_enabled(db: Database, proxy_id: str, enabled: bool) -> None:
    """Switch a proxy on or off; switching on also forgives what it was burned for (S83)."""
    values: dict[str, Any] = {"enabled": enabled}
    if enabled:
        values |= {"state": "active", "fails_in_row": 0, "rests_in_row": 0, "resting_until": None}
    with db.tx() as conn:
        load_proxy(conn, proxy_id)
        _update(conn, proxy_id, values)


def idle_proxies(conn: Connection, since: datetime) -> list[str]:
    """Ids of enabled proxies that were not used since then, the longest idle first."""
    query = sa.select(proxies.c.id).where(
        proxies.c.enabled,
        proxies.c.state != "burned",
        sa.or_(proxies.c.last_used_at.is_(None), proxies.c.last_used_at < since),
    )
    return list(conn.execute(query.order_by(proxies.c.last_used_at)).scalars())


def _update(conn: Connection, proxy_id: str, values: Mapping[str, Any]) -> None:
    conn.execute(sa.update(proxies).where(proxies.c.id == proxy_id).values(**values))
