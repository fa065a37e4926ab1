"""What the other jobs did for a company: crawls of its site, occasions of its people, in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import clients, companies, company_domains, events, jobs, site_profiles

SHOWN = 30


@dataclass(frozen=True)
class Moment:
    """One line: a crawl, or an occasion. `row` is the row that it comes from."""

    at: datetime
    kind: str
    row: Any
    letter: str = ""


def company_story(conn: Connection, company_id: str, owner: str = "") -> list[Moment]:
    """The newest first; `owner` limits clients to those of one person (G136)."""
    crawls = _crawls(conn, company_id)
    moments = [*crawls, *_occasions(conn, company_id, owner)]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:SHOWN]


def _crawls(conn: Connection, company_id: str) -> list[Moment]:
    names = sa.union(
        sa.select(company_domains.c.domain).where(
            company_domains.c.company_id == company_id, company_domains.c.kind != "email"
        ),
        sa.select(companies.c.canonical_domain).where(companies.c.id == company_id),
        sa.select(site_profiles.c.domain).where(site_profiles.c.company_id == company_id),
    )
    query = sa.select(jobs).where(jobs.c.domain.in_(names)).order_by(jobs.c.id.desc())
    found: Sequence[Any] = conn.execute(query.limit(SHOWN)).all()
    return [Moment(row.finished_at or row.created_at, "crawl", row) for row in found]


def _occasions(conn: Connection, company_id: str, owner: str) -> list[Moment]:
    columns = [clients.c.first_name, clients.c.last_name, clients.c.company_name]
    query = (
        sa.select(events, *columns)
        .join(clients, clients.c.id == events.c.client_id)
        .where(clients.c.company_id == company_id, clients.c.deleted_at.is_(None))
        .order_by(events.c.id.desc())
    )
    if owner:
        query = query.where(clients.c.owner_user_id == owner)
    found: Sequence[Any] = conn.execute(query.limit(SHOWN)).all()
    return [_occasion(row) for row in found]


def _occasion(row: Any) -> Moment:
    letter = str((row._mapping["metadata"] or {}).get("message_id", ""))
    return Moment(row.created_at, row.event_type, row, letter)
