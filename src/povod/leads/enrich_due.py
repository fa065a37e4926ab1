"""Which companies are to be visited, and when the next one is (L72, L90)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.contactable import contactable
from povod.store.tables import companies, processing_jobs

KIND = "leads.enrich"
PLAN_KIND = "leads.enrich_plan"
QUEUE = "enrich"

MOST_WAITING = 100
"""Visits that wait in the ledger at once; the rest stays with the companies."""

LOST_AFTER = timedelta(hours=1)
"""A company in work for longer without a live visit was left behind by one that failed."""

_LIVE = processing_jobs.c.state.in_(("queued", "running"))


def dedup_key(company_id: str) -> str:
    """A company is visited by one work at a time."""
    return f"{KIND}:{company_id}"


def companies_to_visit(conn: Connection, now: datetime, limit: int) -> list[str]:
    """Companies that are due and have no visit waiting, the most often found first (L72)."""
    waiting = _waiting(conn)
    query = (
        sa.select(companies.c.id)
        .where(_eligible(now), _due_at() <= now)
        .order_by(companies.c.hits_count.desc(), companies.c.id)
        .limit(limit + len(waiting))
    )
    return [name for name in conn.execute(query).scalars() if name not in waiting][:limit]


def next_due(conn: Connection, now: datetime) -> datetime | None:
    """When `companies_to_visit` has something again (may be past); None: nothing is in sight."""
    waiting = _waiting(conn)
    query = (
        sa.select(companies.c.id, _due_at().label("due"))
        .where(_eligible(now))
        .order_by("due", companies.c.id)
        .limit(1 + len(waiting))
    )
    return next((row.due for row in conn.execute(query) if row.id not in waiting), None)


def room(conn: Connection) -> int:
    """How many more visits may be put into the ledger."""
    return max(0, MOST_WAITING - len(_waiting(conn)))


def _waiting(conn: Connection) -> set[str]:
    """Companies with a live visit in the ledger."""
    query = sa.select(processing_jobs.c.dedup_key).where(processing_jobs.c.kind == KIND, _LIVE)
    keys: Sequence[str | None] = conn.execute(query).scalars().all()
    return {key.removeprefix(f"{KIND}:") for key in keys if key}


def _eligible(now: datetime) -> sa.ColumnElement[bool]:
    again = companies.c.status.in_(("contacts_not_found", "contacts_ready")) & (
        companies.c.next_enrich_at.is_not(None)
    )
    lost = (companies.c.status == "contacts_processing") & (
        companies.c.updated_at < now - LOST_AFTER
    )
    has_site = companies.c.canonical_domain.is_not(None)
    return has_site & contactable(now) & (again | lost | (companies.c.status == "new"))


def _due_at() -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(companies.c.next_enrich_at, companies.c.first_seen_at)
