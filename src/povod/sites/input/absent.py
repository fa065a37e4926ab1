"""What the last good state adds to a list: keys to verify (S43), pages known to be old (S42)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.crawl.frontier import NewUrl
from povod.store.bulk import among
from povod.store.tables import job_urls, snapshots

LOOKED_THROUGH = 20_000


def absent_keys(
    conn: Connection, job_id: str, domain: str, most: int, unwanted: Callable[[str], str]
) -> Iterator[NewUrl]:
    """Active keys that the job's list lacks, to be looked at before they count as removed.

    `unwanted` says why a mask leaves an address out: those are not looked at.
    """
    known = snapshots.c
    named = sa.exists().where(job_urls.c.job_id == job_id, job_urls.c.url_key == known.url_key)
    query = (
        sa.select(known.url, known.url_key)
        .where(known.domain == domain, known.variant_key == "", known.state == "active", ~named)
        .order_by(known.url_key)
        .limit(LOOKED_THROUGH)
    )
    found = 0
    position = conn.execute(
        sa.select(sa.func.coalesce(sa.func.max(job_urls.c.position), -1) + 1).where(
            job_urls.c.job_id == job_id
        )
    ).scalar_one()
    for row in conn.execute(query):
        if found == most:
            return
        if not unwanted(row.url):
            yield NewUrl(row.url, row.url_key, position + found, "verify")
            found += 1


def fresh_since(conn: Connection, domain: str, keys: Sequence[str]) -> dict[str, datetime]:
    """When each of these keys was last crawled with success."""
    known = snapshots.c
    query = sa.select(known.url_key, known.last_crawl_at).where(
        known.domain == domain,
        known.variant_key == "",
        known.state == "active",
        among(conn, known.url_key, keys),
    )
    return {row.url_key: row.last_crawl_at for row in conn.execute(query)}
