"""What a job saw beside what was known, five hundred addresses at a time, in constant memory.

JSON columns are read as their text: of most keys a hash tells that nothing differs, and then what
was known of them is never decoded.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.sites.documents import as_text, plain
from povod.sites.finish.changes import Known
from povod.sites.finish.states import Seen, seen_of
from povod.store.bulk import among
from povod.store.db import Database
from povod.store.tables import job_urls, pages, snapshots

BATCH = 500
Pair = tuple[str, Seen | None]
"""A key, and what was seen there: None for a key that the list did not name."""


_SEEN = (
    *(job_urls.c.url, job_urls.c.url_key, plain(job_urls.c.outcome), job_urls.c.reason),
    sa.func.coalesce(pages.c.fetched_at, job_urls.c.finished_at).label("at"),
    pages.c.id.is_not(None).label("has_page"),
    *(pages.c.final_url, pages.c.http_status, plain(pages.c.page_kind)),
    *(pages.c.title, pages.c.h1, pages.c.text_hash, pages.c.text_len),
    *(as_text(pages.c.data_full, "full"), as_text(pages.c.data_seo, "seo")),
    *(as_text(pages.c.warnings, "warnings"), pages.c.truncated),
    *(pages.c.etag, pages.c.last_modified),
)
_KNOWN = (
    *(snapshots.c.id, snapshots.c.url, snapshots.c.url_key, snapshots.c.variant_key),
    *(as_text(snapshots.c.last_data, "data"), snapshots.c.last_crawl_at, snapshots.c.misses),
    *(snapshots.c.last_hash, (snapshots.c.state == "active").label("active")),
)


def seen_batches(db: Database, job_id: str) -> Iterator[list[Pair]]:
    """What was seen, by key; twins of another page (S101) are left out."""
    joined = job_urls.outerjoin(
        pages, (pages.c.job_id == job_urls.c.job_id) & (pages.c.url_key == job_urls.c.url_key)
    )
    query = (
        sa.select(*_SEEN)
        .select_from(joined)
        .where(
            job_urls.c.job_id == job_id,
            job_urls.c.state == "done",
            sa.func.coalesce(pages.c.duplicate_of_url, "") == "",
        )
        .order_by(job_urls.c.url_key)
        .limit(BATCH)
    )
    after = ""
    while True:
        with db.read() as conn:
            rows = conn.execute(query.where(job_urls.c.url_key > after)).all()
        if not rows:
            return
        after = rows[-1].url_key
        yield [(row.url_key, seen_of(row)) for row in rows]


def absent_batches(db: Database, job_id: str, domain: str) -> Iterator[list[Pair]]:
    """Active keys of the site that the job's list did not name."""
    named = sa.exists().where(
        job_urls.c.job_id == job_id, job_urls.c.url_key == snapshots.c.url_key
    )
    query = (
        sa.select(snapshots.c.url_key)
        .where(snapshots.c.domain == domain, snapshots.c.state == "active", ~named)
        .group_by(snapshots.c.url_key)
        .order_by(snapshots.c.url_key)
        .limit(BATCH)
    )
    after = ""
    while True:
        with db.read() as conn:
            keys = list(conn.execute(query.where(snapshots.c.url_key > after)).scalars())
        if not keys:
            return
        after = keys[-1]
        yield [(key, None) for key in keys]


def known_states(
    conn: Connection, domain: str, keys: Sequence[str], job_id: str
) -> dict[str, dict[str, Known]]:
    """Snapshots by key and variant; keys that this job has written already are left out whole."""
    is_mine = sa.func.coalesce(snapshots.c.last_job_id == job_id, sa.false())
    query = sa.select(*_KNOWN, is_mine.label("is_mine")).where(
        snapshots.c.domain == domain, among(conn, snapshots.c.url_key, keys)
    )
    found: dict[str, dict[str, Known]] = {key: {} for key in keys}
    for row in conn.execute(query):
        if row.is_mine:
            found[row.url_key] = WRITTEN
        elif found[row.url_key] is not WRITTEN:
            found[row.url_key][row.variant_key] = _known(row)
    return found


WRITTEN: dict[str, Known] = {}
"""Stands for a key whose rows carry this job already; compared by identity."""


def _known(row: Any) -> Known:
    return Known(
        id=row.id,
        url=row.url,
        variant_key=row.variant_key,
        data=row.data,
        active=row.active,
        crawled_at=row.last_crawl_at,
        misses=row.misses,
        hash=row.last_hash,
    )
