"""Pages that are one page under two addresses (S101).

A canonical alone never merges pages: shops point all of them to the home page (N49).
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.urlkey import UrlKeyError, url_key
from povod.kit.text import collapse
from povod.sites.finish.reading import BATCH
from povod.store.bulk import among
from povod.store.db import Database
from povod.store.tables import pages

_CANONICAL = pages.c.data_seo["canonical"].as_string()
_COLUMNS = (
    *(pages.c.id, pages.c.url, pages.c.url_key, _CANONICAL.label("canonical")),
    *(pages.c.text_hash, pages.c.data_full["name"].as_string().label("name")),
    pages.c.data_full["sku"].as_string().label("sku"),
)


def mark_twins(db: Database, job_id: str) -> int:
    """Set `duplicate_of_url` of twins; how many. Running it again changes nothing."""
    marked, after = 0, ""
    # Most pages name themselves: the database passes over them.
    query = sa.select(pages.c.id, pages.c.url_key, _CANONICAL.label("canonical")).where(
        pages.c.job_id == job_id, pages.c.outcome == "ok", _CANONICAL.not_in(("", pages.c.url))
    )
    while True:
        with db.read() as conn:
            some = query.where(pages.c.url_key > after).order_by(pages.c.url_key).limit(BATCH)
            rows = conn.execute(some).all()
        if not rows:
            return marked
        after = rows[-1].url_key
        if wanted := {row.id: key for row in rows if (key := _elsewhere(row))}:
            with db.tx() as conn:
                marked += _mark(conn, job_id, wanted)


def _mark(conn: Connection, job_id: str, wanted: Mapping[str, str]) -> int:
    """Of pages that name another one: mark those that are the same."""
    query = sa.select(*_COLUMNS).where(pages.c.job_id == job_id, pages.c.outcome == "ok")
    keys = among(conn, pages.c.url_key, set(wanted.values()))
    originals = {row.url_key: row for row in conn.execute(query.where(keys))}
    if not originals:
        return 0
    rows = conn.execute(query.where(among(conn, pages.c.id, wanted)))
    twins = [
        {"twin": row.id, "original": originals[wanted[row.id]].url}
        for row in rows
        if _is_same(row, originals.get(wanted[row.id]))
    ]
    if twins:
        update = sa.update(pages).where(pages.c.id == sa.bindparam("twin"))
        conn.execute(update.values(duplicate_of_url=sa.bindparam("original")), twins)
    return len(twins)


def _elsewhere(row: Any) -> str:
    """The key of another page that this one names as the real one; empty if it names itself."""
    if not row.canonical:
        return ""
    try:
        key = url_key(row.canonical)
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
    return collapse(row.name or "").casefold(), str(row.sku or "")
