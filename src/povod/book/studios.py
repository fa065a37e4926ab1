"""Learning whose address stands in the footers of many firms: who built their sites (L84)."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.contacts import choose_primaries, has_email
from povod.book.domains import DomainRules
from povod.kit.email import split_address
from povod.store.tables import companies, contacts, domain_rules
from povod.store.upsert import insert_new

ENOUGH_SITES = 5


def learn_studios(conn: Connection, company_id: str, rules: DomainRules) -> list[str]:
    """Make studio rules of domains whose address this company shares with several others.

    The address then leaves all of them; a company that is left without one is no longer ready.
    Returns the domains.
    """
    learned = []
    for key in _foreign_addresses(conn, company_id, rules):
        holders = _holders(conn, key)
        if len(holders) < ENOUGH_SITES:
            continue
        domain = rules.own_domain(split_address(key)[1]) or split_address(key)[1]
        rule = {
            "domain": domain,
            "rule": "studio",
            "source": "learned",
            "note": f"address on the sites of {len(holders)} companies",
        }
        insert_new(conn, domain_rules, [rule], ["domain", "rule"])
        _drop(conn, key, holders)
        learned.append(domain)
    return learned


def _foreign_addresses(conn: Connection, company_id: str, rules: DomainRules) -> list[str]:
    """Active addresses of the company that stand under no domain of its own or of everybody."""
    query = sa.select(contacts.c.value_key, companies.c.canonical_domain).where(
        contacts.c.company_id == company_id,
        companies.c.id == contacts.c.company_id,
        contacts.c.contact_type == "email",
        contacts.c.shared,
        contacts.c.status == "active",
    )
    found = []
    for row in conn.execute(query):
        domain = split_address(row.value_key)[1]
        if rules.is_mail_identity(domain) and rules.own_domain(domain) != row.canonical_domain:
            found.append(row.value_key)
    return found


def _holders(conn: Connection, key: str) -> list[str]:
    """Primary companies with this address on a site that is not the address's own."""
    query = (
        sa.select(contacts.c.company_id)
        .join(companies, companies.c.id == contacts.c.company_id)
        .where(
            contacts.c.contact_type == "email",
            contacts.c.value_key == key,
            companies.c.duplicate_of.is_(None),
            companies.c.canonical_domain != split_address(key)[1],
        )
        .order_by(contacts.c.company_id)
    )
    return list(conn.execute(query).scalars())


def _drop(conn: Connection, key: str, holders: list[str]) -> None:
    conn.execute(
        sa.update(contacts)
        .where(
            contacts.c.contact_type == "email",
            contacts.c.value_key == key,
            contacts.c.company_id.in_(holders),
            contacts.c.status == "active",
        )
        .values(status="invalid")
    )
    for company_id in holders:
        choose_primaries(conn, company_id)
        if not has_email(conn, company_id):
            conn.execute(
                sa.update(companies)
                .where(companies.c.id == company_id, companies.c.status == "contacts_ready")
                .values(status="contacts_not_found")
            )
