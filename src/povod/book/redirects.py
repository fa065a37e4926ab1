"""What follows when a company's home page is found on another own domain (L79)."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.companies import OWNED, dedupe_hash, find_owners
from povod.book.merges import MergeOrder, merge
from povod.kit.clock import Clock
from povod.store.tables import companies, company_domains, dedup_pairs, serp_results
from povod.store.upsert import insert_new

MOST_MOVERS = 5
"""When more companies than this lead to one domain, it proves nothing about them."""

Followed = Literal["parked", "renamed", "merged", "same"]


@dataclass(frozen=True)
class Move:
    """A home page that ends for good on another domain, with the addresses passed on the way."""

    company_id: str
    old_domain: str
    new_domain: str
    hops: tuple[str, ...] = ()


def follow(conn: Connection, clock: Clock, move: Move) -> Followed:
    """Join or rename companies as the redirect proves them the same.

    `renamed`: the new domain was nobody's and is this company's now, the old one its alias.
    `merged`: it belonged to another company, the two are one. `parked`: too many lead there.
    `same`: it was this company's already.
    """
    owner = find_owners(conn, [move.new_domain]).get(move.new_domain)
    if owner is None and _rename(conn, clock, move):
        return "renamed"
    owner = owner or find_owners(conn, [move.new_domain]).get(move.new_domain)
    if owner is None or owner == move.company_id:
        return "same"
    if _movers(conn, owner) >= MOST_MOVERS:
        return "parked"
    evidence = {"redirect": [*move.hops], "from": move.old_domain, "to": move.new_domain}
    order = MergeOrder(move.company_id, owner, "canonical", 100.0, evidence)
    if merge(conn, clock, order) is None:
        return "same"
    _mark_hits(conn, move.old_domain)
    return "merged"


def suspect(conn: Connection, company_id: str, domain: str) -> bool:
    """Ask a person about a home page whose `rel=canonical` names another company's domain."""
    owner = find_owners(conn, [domain]).get(domain)
    if owner is None or owner == company_id:
        return False
    a, b = sorted((company_id, owner))
    pair = {"a": a, "b": b, "guard": "canonical_link", "reasons": {"canonical": domain}}
    return bool(insert_new(conn, dedup_pairs, [pair], ["a", "b"]))


def _rename(conn: Connection, clock: Clock, move: Move) -> bool:
    """Make the new domain primary; false when another process was faster to own it."""
    row = {
        "company_id": move.company_id,
        "domain": move.new_domain,
        "kind": "primary",
        "since": clock.now(),
    }
    if not insert_new(conn, company_domains, [row]):
        return False
    conn.execute(
        sa.update(company_domains)
        .where(
            company_domains.c.company_id == move.company_id,
            company_domains.c.kind == "primary",
            company_domains.c.domain != move.new_domain,
        )
        .values(kind="alias")
    )
    conn.execute(
        sa.update(companies)
        .where(companies.c.id == move.company_id)
        .values(
            canonical_domain=move.new_domain,
            dedupe_hash=dedupe_hash(move.new_domain),
            dedup_dirty=True,
        )
    )
    return True


def _movers(conn: Connection, owner: str) -> int:
    """How many domains have come to this company besides its own one."""
    query = sa.select(sa.func.count()).where(
        company_domains.c.company_id == owner, company_domains.c.kind.in_(OWNED)
    )
    return int(conn.execute(query).scalar_one()) - 1


def _mark_hits(conn: Connection, domain: str) -> None:
    conn.execute(
        sa.update(serp_results)
        .where(
            serp_results.c.domain == domain, serp_results.c.dedup_status.in_(("UNIQUE", "DUP_HOST"))
        )
        .values(dedup_status="DUP_CANONICAL")
    )
