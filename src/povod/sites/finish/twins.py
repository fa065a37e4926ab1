"""Pages that are one page under two addresses (S101).

A canonical alone never merges pages: shops point all of them to the home page (N49).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.urlkey import UrlKeyError, url_key
from povod.kit.text import collapse
from povod.sites.finish.reading import BATCH
from povod.store.db import Database
from povod.store.tables import pages

_COLUMNS = (
    *(pages.c.id, pages.c.url, pages.c.url_key, pages.c.text_hash),
    *(pages.c.data_full, pages.c.data_seo),
)


def mark_twins(db: Database, job_id: str) -> int:
    """Set `duplicate_of_url` of twins; how many. Running it again changes nothing."""
    marked, after = 0, ""
    while True:
        query = sa.select(*_COLUMNS).where(
            pages.c.job_id == job_id, pages.c.outcome == "ok", pages.c.url_key > after
        )
        with db.tx() as conn:
            rows = conn.execute(query.order_by(pages.c.url_key).limit(BATCH)).all()
            if not rows:
                return marked
            marked += _mark(conn, job_id, rows)
        after = rows[-1].url_key


def _mark(conn: Connection, job_id: str, rows: Any) -> int:
    wanted = {row.id: key for row in rows if (key := _elsewhere(row))}
    if not wanted:
        return 0
    query = sa.select(*_COLUMNS).where(
        pages.c.job_id == job_id,
        pages.c.outcome == "ok",
        pages.c.url_key.in_(set(wanted.values())),
    )
    originals = {row.url_key: row for row in conn.execute(query)}
    twins = [
        {"twin": row.id, "original": originals[wanted[row.id]].url}
        for row in rows
        if row.id in wanted and _is_same(row, originals.get(wanted[row.id]))
    ]
    if twins:
        update = sa.update(pages).where(pages.c.id == sa.bindparam("twin"))
        conn.execute(update.values(duplicate_of_url=sa.bindparam("original")), twins)
    return len(twins)


def _elsewhere(row: Any) -> str:
    """The key of another page that this one names as the real one; empty if it names itself."""
    canonical = (row.data_seo or {}).get("canonical")
    if not canonical:
        return ""
    try:
        key = url_key(canonical)
    except UrlKeyError:
        return ""
    return key if key != row.url_key else ""


def _is_same(row: Any, original: Any) -> bool:
    """Equal main text, or the same name and article; and the original must not name another."""
    if original is None or _elsewhere(original):
        return False
    if row.text_hash and row.text_hash == original.text_hash:
        return True
    one, other = _identity(row), _identity(original)
    return all(one) and one == other


def _identity(row: Any) -> tuple[str, str]:
    full = row.data_full or {}
    return collapse(full.get("name") or "").casefold(), str(full.get("sku") or "")
