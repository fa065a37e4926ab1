"""A found company becomes a client, with its history (G9)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.book.clients.model import Author, ClientDeps, Ground
from povod.book.clients.write import create_client
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.inn import is_valid_inn
from povod.store.tables import clients, companies, company_pages, contacts


def client_from_company(
    conn: Connection,
    deps: ClientDeps,
    company_id: str,
    author: Author,
    contact_id: str | None = None,
    person: Mapping[str, Any] | None = None,
    ground: Ground | None = None,
) -> str:
    """Make a client of a company (its primary address, or the contact named); its id.

    `person` adds what is known of somebody there: without a name it is a group client. Nothing is
    claimed that is not so: the ground is the page on which the address stands, unless the person
    who presses the button names a better one. `ConflictError` (`client_exists`) the second time.
    """
    company = _company(conn, company_id)
    found = _contacts(conn, company_id, contact_id)
    _refuse_twice(conn, company_id, _value(found, "email"))
    given = {
        "company_id": company_id,
        "company_name": company["name"] or company["legal_name"],
        # A site may show a number that is none; the client can do without it.
        "inn": company["inn"] if is_valid_inn(company["inn"]) else "",
        "okved": str(company["attributes"].get("okved", "")),
        "country": company["country"],
        "language": company["lang"] if company["lang"] in ("ru", "en") else "ru",
        "email": _value(found, "email"),
        "phone": _value(found, "phone").partition(";")[0],
        **(person or {}),
    }
    given = {name: value for name, value in given.items() if value}
    contact = found.get("email") or found.get("phone")
    if contact:
        given["contact_id"] = contact["id"]
    ground = ground or _page_ground(contact)
    return create_client(conn, deps, given, Author(author.name, "ui"), ground, source="leads")


def _company(conn: Connection, company_id: str) -> RowMapping:
    query = sa.select(companies).where(companies.c.id == company_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no company {company_id}")
    if row["duplicate_of"] is not None:
        raise ConflictError(
            f"the company is a duplicate; use company {row['duplicate_of']} instead",
            extra={"duplicate_of": str(row["duplicate_of"])},
        )
    return row


def _contacts(conn: Connection, company_id: str, contact_id: str | None) -> dict[str, RowMapping]:
    """The address and the number to use, with the hash of the page where each stands."""
    query = (
        sa.select(contacts, company_pages.c.content_sha256)
        .join(company_pages, company_pages.c.id == contacts.c.company_page_id, isouter=True)
        .where(contacts.c.company_id == company_id, contacts.c.status == "active")
        .order_by(contacts.c.is_primary.desc(), contacts.c.rank.desc(), contacts.c.id)
    )
    rows = list(conn.execute(query).mappings())
    if contact_id is not None:
        chosen = [row for row in rows if row["id"] == contact_id]
        if not chosen:
            raise NotFoundError(f"the company has no contact {contact_id}")
        rows = chosen + [row for row in rows if row["contact_type"] != chosen[0]["contact_type"]]
    found: dict[str, RowMapping] = {}
    for row in rows:
        found.setdefault(row["contact_type"], row)
    return found


def _value(found: Mapping[str, RowMapping], kind: str) -> str:
    return str(found[kind]["value"]) if kind in found else ""


def _refuse_twice(conn: Connection, company_id: str, email: str) -> None:
    known = sa.select(clients.c.id).where(
        clients.c.company_id == company_id,
        clients.c.source == "leads",
        clients.c.email == email,
        clients.c.deleted_at.is_(None),
    )
    client_id = conn.execute(known).scalar()
    if client_id is not None:
        raise ConflictError(
            "the company is a client already",
            code="client_exists",
            extra={"client_id": str(client_id)},
        )


def _page_ground(contact: RowMapping | None) -> Ground:
    if contact is None or not contact["content_sha256"]:
        return Ground("none")
    evidence = f"{contact['source_url']}, sha256 of the page: {contact['content_sha256']}"
    return Ground("public_corporate_address", evidence)
