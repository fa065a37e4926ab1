"""The funnel in absolute numbers: from queries to answers (L106)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import (
    companies,
    company_merges,
    contacts,
    niches,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)


@dataclass(frozen=True)
class Funnel:
    """How many of each there are now."""

    niches: int
    queries: int
    operations: int
    documents: int
    excluded: int
    companies: int
    duplicates_merged: int
    visited: int
    contacts: int
    phone_only: int
    letters: int
    approved: int
    accepted: int
    bounced: int
    replied: int
    refused: int

    def as_dict(self) -> dict[str, int]:
        """For JSON and reports."""
        return asdict(self)


@dataclass(frozen=True)
class Bar:
    """One line of running work: `done` of `total`."""

    name: str
    done: int
    total: int

    @property
    def running(self) -> bool:
        """True while something is left."""
        return self.done < self.total


def funnel(conn: Connection) -> Funnel:
    """Count everything once; a dozen indexed counts."""
    queries = _by(conn, serp_queries.c.status)
    hits = _by(conn, serp_results.c.dedup_status)
    firms = _by(conn, companies.c.status)
    is_letter = outreach_messages.c.kind == "letter"
    letters = _by(conn, outreach_messages.c.status, is_letter)
    duplicates = firms.get("duplicate", 0)
    return Funnel(
        niches=_count(conn, niches),
        queries=sum(queries.values()),
        operations=_count(conn, serp_operations),
        documents=sum(hits.values()),
        excluded=hits.get("EXCLUDED", 0) + hits.get("INVALID", 0),
        companies=sum(firms.values()) - duplicates,
        duplicates_merged=_count(conn, company_merges, company_merges.c.undone_at.is_(None)),
        visited=sum(firms.values()) - duplicates - _some(firms, "new", "contacts_processing"),
        contacts=_with_email(conn),
        phone_only=firms.get("contacts_not_found", 0),
        letters=sum(letters.values()),
        approved=_count(
            conn, outreach_messages, is_letter, outreach_messages.c.approved_at.is_not(None)
        ),
        accepted=_count(
            conn, outreach_messages, is_letter, outreach_messages.c.sent_at.is_not(None)
        ),
        bounced=letters.get("bounced", 0),
        replied=letters.get("replied", 0),
        refused=_some(letters, "unsubscribed", "complained"),
    )


def bars(conn: Connection) -> list[Bar]:
    """What is under way, for live pages and the command line."""
    queries = _by(conn, serp_queries.c.status)
    firms = _by(conn, companies.c.status)
    letters = _by(conn, outreach_messages.c.status)
    # What a person has not released is no work of the house.
    released = sum(letters.values()) - _some(letters, "draft", "needs_approval", "rejected")
    waiting = _some(letters, "approved", "scheduled", "sending")
    unvisited = _some(firms, "new", "contacts_processing")
    firms_total = sum(firms.values()) - firms.get("duplicate", 0)
    open_queries = _some(queries, "pending", "in_progress")
    return [
        Bar("Search queries", sum(queries.values()) - open_queries, sum(queries.values())),
        Bar("Company sites", firms_total - unvisited, firms_total),
        Bar("Letters sent", released - waiting, released),
    ]


def _by(conn: Connection, column: sa.Column[Any], *where: Any) -> dict[str, int]:
    rows = conn.execute(sa.select(column, sa.func.count()).where(*where).group_by(column))
    return {str(state): int(count) for state, count in rows}


def _some(counts: Mapping[str, int], *states: str) -> int:
    return sum(counts.get(state, 0) for state in states)


def _count(conn: Connection, table: sa.FromClause, *where: Any) -> int:
    return int(
        conn.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()
    )


def _with_email(conn: Connection) -> int:
    return _count(
        conn,
        contacts.join(companies, companies.c.id == contacts.c.company_id),
        contacts.c.contact_type == "email",
        contacts.c.is_primary,
        companies.c.duplicate_of.is_(None),
    )
