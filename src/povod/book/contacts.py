"""Ways to reach a company, kept with the place where they were found (L83-L89).

A contact never moves to another company and is never deleted by a visit: what a page does not show
any more is marked `gone`. On what ground a person may be written to is decided in delivery, from
the page that is named here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.kit.text import clean, value_key
from povod.store.tables import companies, contacts
from povod.store.upsert import upsert

PRIMARY_TYPES = ("email", "phone")


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A contact as a visit found it; `is_primary` when it is the best of its type."""

    kind: str
    value: str
    source_url: str
    page_id: str | None
    found_in: str
    quality: float
    rank: float
    role_class: str = "other"
    personal: bool = False
    is_primary: bool = False
    label: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes a contact one within its company: type and value without regard to case."""
        return self.kind, value_key(self.value)


def save_contacts(
    conn: Connection,
    now: datetime,
    company_id: str,
    found: Sequence[FoundContact],
    visited: Collection[str] = (),
) -> bool:
    """Store what was found, choose the primary ones; whether there is an address to write to.

    Contacts of the `visited` pages (ids) that are not there any more become `gone`.
    """
    known = _known(conn, company_id)
    rows = [_row(company_id, contact, known.get(contact.key), now) for contact in found]
    fixed = ("company_id", "contact_type", "value_key", "first_seen_at", "is_primary")
    changing = [name for name in rows[0] if name not in fixed] if rows else []
    upsert(conn, contacts, rows, ["company_id", "contact_type", "value_key"], changing)
    seen = {contact.key for contact in found}
    gone = [
        row["id"]
        for key, row in known.items()
        if key not in seen and row["status"] == "active" and row["company_page_id"] in visited
    ]
    _update(conn, gone, status="gone")
    preferred = {contact.key for contact in found if contact.is_primary}
    choose_primaries(conn, company_id, preferred)
    mark_shared(conn, company_id)
    return has_email(conn, company_id)


def choose_primaries(
    conn: Connection, company_id: str, preferred: Collection[tuple[str, str]] = ()
) -> None:
    """One primary e-mail and at most one primary phone among the active contacts (L83).

    `preferred` (type and value key) wins; without it the best active address counts, and the
    phone that was primary before.
    """
    known = _known(conn, company_id)
    for kind in PRIMARY_TYPES:
        rows = [row for row in known.values() if row["contact_type"] == kind]
        chosen = _best([row for row in rows if row["status"] == "active"], preferred)
        deposed = [row["id"] for row in rows if row["is_primary"] and row["id"] != chosen]
        _update(conn, deposed, is_primary=False)
        _update(conn, [chosen] if chosen else [], is_primary=True)


def mark_shared(conn: Connection, company_id: str) -> None:
    """Flag e-mail addresses that another company has too, on both sides (L89)."""
    mine, other = contacts.alias("mine"), contacts.alias("other")
    query = (
        sa.select(mine.c.id, other.c.id)
        .join(
            other,
            sa.and_(
                other.c.value_key == mine.c.value_key,
                other.c.contact_type == "email",
                other.c.company_id != company_id,
            ),
        )
        .join(companies, companies.c.id == other.c.company_id)
        .where(
            mine.c.company_id == company_id,
            mine.c.contact_type == "email",
            companies.c.duplicate_of.is_(None),
        )
    )
    _update(conn, sorted({name for pair in conn.execute(query) for name in pair}), shared=True)


def has_email(conn: Connection, company_id: str) -> bool:
    """Whether the company has an active e-mail address."""
    query = sa.select(
        sa.exists().where(
            contacts.c.company_id == company_id,
            contacts.c.contact_type == "email",
            contacts.c.status == "active",
        )
    )
    return bool(conn.execute(query).scalar_one())


def _known(conn: Connection, company_id: str) -> dict[tuple[str, str], RowMapping]:
    query = sa.select(contacts).where(contacts.c.company_id == company_id).with_for_update()
    rows = conn.execute(query.order_by(contacts.c.id)).mappings()
    return {(row["contact_type"], row["value_key"]): row for row in rows}


def _row(
    company_id: str, contact: FoundContact, known: RowMapping | None, now: datetime
) -> dict[str, Any]:
    """The row to write: the best quality ever seen, a verdict of delivery kept."""
    kept = known is not None and known["status"] in ("invalid", "bounced")
    label = clean(contact.label)
    return {
        "company_id": company_id,
        "contact_type": contact.kind,
        "value_key": contact.key[1],
        "value": contact.value,
        "source_url": contact.source_url,
        "company_page_id": contact.page_id,
        "found_in": contact.found_in,
        "is_primary": False,
        "quality_score": max(contact.quality, known["quality_score"] if known else 0.0),
        "rank": contact.rank,
        "role_class": contact.role_class,
        "personal": contact.personal,
        "status": known["status"] if known is not None and kept else "active",
        "first_seen_at": now,
        "last_seen_at": now,
        "metadata": {**(known["metadata"] if known else {}), **({"label": label} if label else {})},
    }


def _best(active: Sequence[RowMapping], preferred: Collection[tuple[str, str]]) -> str | None:
    """The id of the contact to use first; a phone only if a sure source once named it so."""

    def is_preferred(row: RowMapping) -> bool:
        return (row["contact_type"], row["value_key"]) in preferred

    fit = [
        row
        for row in active
        if row["contact_type"] == "email" or row["is_primary"] or is_preferred(row)
    ]
    best = min(
        fit,
        key=lambda row: (not is_preferred(row), -row["rank"], len(row["value"]), row["value"]),
        default=None,
    )
    return None if best is None else str(best["id"])


def _update(conn: Connection, ids: Sequence[str], **values: Any) -> None:
    if ids:
        conn.execute(sa.update(contacts).where(contacts.c.id.in_(ids)).values(**values))
