"""Short lists of a job's addresses for the command line."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.sites.jobs import get_job
from povod.store.tables import job_urls

_COLUMNS = (
    *("url", "state", "outcome", "reason", "error_class", "fetcher", "tier", "attempts"),
    *("source", "finished_at"),
)


def urls_of(conn: Connection, job_id: str, outcome: str, limit: int) -> list[dict[str, Any]]:
    """Addresses of a job in the order of its list; `NotFoundError`."""
    get_job(conn, job_id)
    query = sa.select(*(job_urls.c[name] for name in _COLUMNS)).where(job_urls.c.job_id == job_id)
    if outcome:
        query = query.where(job_urls.c.outcome == outcome)
    rows = conn.execute(query.order_by(job_urls.c.position).limit(limit)).mappings()
    return [dict(row) for row in rows]
