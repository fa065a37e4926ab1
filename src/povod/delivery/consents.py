"""On what ground a person may be written to (D12, D38)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.delivery.moves import Message
from povod.kit.errors import InvalidUrl
from povod.kit.url import host_of, registrable_domain
from povod.store.tables import clients, companies, company_pages, consents, contacts
from povod.store.upsert import insert_new

_PERSON = {"value_hash": "recipient_hash", "channel": "channel", "purpose": "purpose"}
_OF_PERSON = [consents.c[name] == sa.bindparam(name) for name in _PERSON]
_IN_FORCE = [
    consents.c.withdrawn_at.is_(None),
    sa.or_(consents.c.expires_at.is_(None), consents.c.expires_at > sa.bindparam("now")),
]
_NEWEST = (
    sa.select(consents)
    .where(*_OF_PERSON, *_IN_FORCE)
    .order_by(consents.c.obtained_at.desc(), consents.c.id.desc())
    .limit(1)
)
"""Built once: every letter asks for it five times on its way."""

_KNOWN = sa.select(consents.c.id).where(*_OF_PERSON).limit(1)

_COUNTRIES = tuple(
    sa.select(table.c.country).where(table.c.id == sa.bindparam("id"))
    for table in (clients, companies)
)


def newest_valid(conn: Connection, message: Message, now: datetime) -> RowMapping | None:
    """The newest consents row for this person, channel and purpose that is in force."""
    return conn.execute(_NEWEST, {**_person(message), "now": now}).mappings().first()


def _person(message: Message) -> dict[str, str]:
    return {name: message[column] for name, column in _PERSON.items()}


def derive(conn: Connection, message: Message, now: datetime) -> None:
    """Store the ground that the book gives, unless one was ever stored for this person (D38).

    A withdrawn row counts as one: finding the address again does not bring a ground back.
    """
    if conn.execute(_KNOWN, _person(message)).first() is not None:
        return
    ground = _client_ground(message) or _page_ground(conn, message)
    if ground is None:
        return
    row = {
        "contact_id": message["contact_id"],
        "client_id": message["client_id"],
        "company_id": message["company_id"],
        "value_hash": message["recipient_hash"],
        "channel": message["channel"],
        "purpose": message["purpose"],
        "source": "derived",
        "obtained_at": now,
        "obtained_by": "system",
        "evidence_url": "",
        "evidence_text": "",
        **ground,
    }
    insert_new(conn, consents, [row])


def _client_ground(message: Message) -> dict[str, str] | None:
    if message["client_id"] is None:
        return None
    return {"basis": "existing_client", "evidence_text": f"client {message['client_id']}"}


def _page_ground(conn: Connection, message: Message) -> dict[str, str] | None:
    """The page on the company's own site where the address stands, and its hash."""
    if message["contact_id"] is None:
        return None
    query = (
        sa.select(
            contacts.c.source_url, company_pages.c.content_sha256, companies.c.canonical_domain
        )
        .join(companies, companies.c.id == contacts.c.company_id)
        .join(company_pages, company_pages.c.id == contacts.c.company_page_id, isouter=True)
        .where(contacts.c.id == message["contact_id"])
    )
    row = conn.execute(query).first()
    if row is None or not row.content_sha256 or not _is_own(row.source_url, row.canonical_domain):
        return None
    return {
        "basis": "public_corporate_address",
        "evidence_url": row.source_url,
        "evidence_text": f"sha256 of the page: {row.content_sha256}",
    }


def _is_own(url: str, domain: str | None) -> bool:
    try:
        host = host_of(url)
    except InvalidUrl:
        return False
    if not domain:
        return False
    return host == domain or registrable_domain(host) == registrable_domain(domain)


def country_of(conn: Connection, message: Message) -> str:
    """Country of the client or company as the book has it."""
    query, key = _COUNTRIES[0], message["client_id"]
    if key is None:
        query, key = _COUNTRIES[1], message["company_id"]
    return str(conn.execute(query, {"id": key}).scalar() or "")
