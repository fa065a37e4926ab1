"""What is known of an address from earlier jobs: for conditional requests and for suspicion."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.bulk import among
from povod.store.tables import snapshots


@dataclass(frozen=True, slots=True)
class Known:
    """The last good state of a page; validators are empty when they must not be used (S72)."""

    etag: str = ""
    last_modified: str = ""
    page_kind: str = ""
    text_len: int | None = None
    fields: frozenset[str] = frozenset()


UNKNOWN = Known()
_DATA = frozenset({"page_kind", "text_len", "second_request"})


def has_snapshots(conn: Connection, domain: str) -> bool:
    """Whether anything is known of the site."""
    query = sa.select(snapshots.c.id).where(snapshots.c.domain == domain).limit(1)
    return conn.execute(query).first() is not None


def load_known(conn: Connection, domain: str, keys: Collection[str]) -> dict[str, Known]:
    """The active page snapshots of these keys."""
    query = sa.select(
        snapshots.c.url_key, snapshots.c.etag, snapshots.c.last_modified, snapshots.c.last_data
    ).where(
        snapshots.c.domain == domain,
        among(conn, snapshots.c.url_key, keys),
        snapshots.c.variant_key == "",
        snapshots.c.state == "active",
    )
    return {row.url_key: _known(row) for row in conn.execute(query)}


def _known(row: Any) -> Known:
    _, etag, last_modified, stored = row
    data = stored or {}
    conditional = not data.get("second_request")
    length = data.get("text_len")
    return Known(
        etag=etag if conditional else "",
        last_modified=last_modified if conditional else "",
        page_kind=str(data.get("page_kind") or ""),
        text_len=length if isinstance(length, int) else None,
        fields=frozenset(name for name, value in data.items() if value not in (None, "", [], {}))
        - _DATA,
    )
