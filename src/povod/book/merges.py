"""Merging two rows of one company, and undoing it exactly (L65-L67).

A merge is not a refusal: `opt_out_registry` is neither read nor written here. What a merge moved
or overwrote is kept in `company_merges.before`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.companies import dedupe_hash
from povod.book.merge_moves import give_back, move
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.store import audit
from povod.store.tables import (
    clients,
    companies,
    company_merges,
    dedup_pairs,
    outreach_messages,
)
from povod.store.upsert import upsert

Reason = Literal["exact", "fuzzy", "canonical", "manual"]

FILLED = (
    "legal_name",
    "canonical_domain",
    "website_url",
    "industry",
    "region",
    "city",
    "inn",
    "ogrn",
    "kpp",
    "homepage_excerpt",
)
"""Fields of the winner that take the loser's value when they are empty."""


@dataclass(frozen=True)
class MergeOrder:
    """Two companies to join, and what speaks for it."""

    a: str
    b: str
    reason: Reason
    score: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "system"


def merge(conn: Connection, clock: Clock, order: MergeOrder) -> str | None:
    """Join two companies and return the id of the merge; None when they are one already.

    The winner is the one with a client, else the one with letters, else the earlier row. Ids of
    duplicates stand for their primary, so that no chain ever forms.
    """
    pair = _lock_primaries(conn, order.a, order.b)
    if pair[0]["id"] == pair[1]["id"]:
        return None
    loser, winner = sorted(pair, key=lambda row: _claim(conn, row))
    moved = move(conn, loser["id"], winner["id"], fuzzy=order.reason == "fuzzy")
    conn.execute(
        sa.update(companies)
        .where(companies.c.id == loser["id"])
        .values(duplicate_of=winner["id"], status="duplicate", dedup_dirty=False)
    )
    row = {
        "id": new_id(),
        "winner_id": winner["id"],
        "loser_id": loser["id"],
        "reason": order.reason,
        "score": order.score,
        "evidence": dict(order.evidence),
        "actor": order.actor,
        "before": {
            "loser": {"status": loser["status"]},
            "winner": _fill_winner(conn, winner, loser),
            "moved": moved,
        },
        "merged_at": clock.now(),
    }
    conn.execute(sa.insert(company_merges), [row])
    _settle_pair(conn, clock, winner["id"], loser["id"], "merged", order.actor)
    if order.reason == "manual":
        _note(conn, order.actor, "company.merge", row)
    return str(row["id"])


def unmerge(conn: Connection, clock: Clock, merge_id: str, actor: str) -> None:
    """Give the loser back all it had; what came later stays with the winner.

    The pair becomes `rejected` and is not joined again by machine. Raises `NotFoundError`, and
    `ConflictError` when the merge was undone before or two primaries would own one domain.
    """
    done = conn.execute(
        sa.select(company_merges).where(company_merges.c.id == merge_id).with_for_update()
    ).mappings().first()  # fmt: skip
    if done is None:
        raise NotFoundError(f"there is no merge {merge_id}; `povod book merges` lists them")
    if done["undone_at"] is not None:
        raise ConflictError(f"merge {merge_id} was undone at {done['undone_at']:%Y-%m-%d %H:%M}")
    winner, loser, before = done["winner_id"], done["loser_id"], done["before"]
    holder = _primary_id(conn, winner)
    _restore_winner(conn, holder, before["winner"])
    _refuse_shared_domain(conn, loser)
    status = before["loser"]["status"]
    conn.execute(
        sa.update(companies)
        .where(companies.c.id == loser)
        .values(
            duplicate_of=None,
            status="new" if status == "duplicate" else status,
            dedup_dirty=True,
        )
    )
    give_back(conn, loser, holder, before["moved"])
    conn.execute(
        sa.update(company_merges)
        .where(company_merges.c.id == merge_id)
        .values(undone_at=clock.now())
    )
    _settle_pair(conn, clock, winner, loser, "rejected", actor, reasons=done["evidence"])
    _note(conn, actor, "company.unmerge", dict(done))


def _note(conn: Connection, actor: str, action: str, done: Mapping[str, Any]) -> None:
    """A person's deed, for the audit."""
    facts = {name: done[name] for name in ("winner_id", "loser_id")}
    audit.append(conn, actor, action, done["id"], facts)


def _lock_primaries(conn: Connection, *ids: str) -> list[sa.RowMapping]:
    """The primaries of the given companies, locked in the order of their ids."""
    wanted = {company_id: _primary_id(conn, company_id) for company_id in ids}
    query = (
        sa.select(companies)
        .where(companies.c.id.in_(set(wanted.values())))
        .order_by(companies.c.id)
        .with_for_update()
    )
    by_id = {row["id"]: row for row in conn.execute(query).mappings()}
    return [by_id[wanted[company_id]] for company_id in ids]


def _primary_id(conn: Connection, company_id: str) -> str:
    primary = sa.func.coalesce(companies.c.duplicate_of, companies.c.id)
    query = sa.select(primary).where(companies.c.id == company_id)
    found: str | None = conn.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFoundError(f"there is no company {company_id}")
    return found


def _claim(conn: Connection, company: sa.RowMapping) -> tuple[bool, bool, float]:
    """How strong a company's claim to be the primary is; the greatest wins (L65)."""

    def has(table: sa.Table) -> bool:
        query = sa.select(sa.exists().where(table.c.company_id == company["id"]))
        return bool(conn.execute(query).scalar_one())

    return has(clients), has(outreach_messages), -company["created_at"].timestamp()


def _fill_winner(
    conn: Connection, winner: sa.RowMapping, loser: sa.RowMapping
) -> dict[str, dict[str, Any]]:
    """Fill the winner's empty fields; returns old and new value of all that changed."""
    new = {name: loser[name] for name in FILLED if loser[name] and not winner[name]}
    sources = {name: loser["field_sources"].get(name, "") for name in new}
    if "canonical_domain" in new:
        new["dedupe_hash"] = dedupe_hash(new["canonical_domain"])
    if winner["status"] == "contacts_not_found" and loser["status"] == "contacts_ready":
        new["status"] = "contacts_ready"
    new["hits_count"] = winner["hits_count"] + loser["hits_count"]
    new["field_sources"] = {**winner["field_sources"], **{k: v for k, v in sources.items() if v}}
    query = sa.update(companies).where(companies.c.id == winner["id"])
    conn.execute(query.values(dedup_dirty=True, **new))
    return {name: {"old": winner[name], "new": value} for name, value in new.items()}


def _restore_winner(
    conn: Connection, holder: str, changes: Mapping[str, Mapping[str, Any]]
) -> None:
    """Take the filled values back, unless somebody has changed them since."""
    query = sa.select(companies).where(companies.c.id == holder).with_for_update()
    current = conn.execute(query).mappings().one()
    values = {
        name: change["old"]
        for name, change in changes.items()
        if name != "hits_count" and current[name] == change["new"]
    }
    hits = changes["hits_count"]
    values["hits_count"] = current["hits_count"] - (hits["new"] - hits["old"])
    conn.execute(sa.update(companies).where(companies.c.id == holder).values(**values))


def _refuse_shared_domain(conn: Connection, loser: str) -> None:
    """Two primaries may not own one domain (L66)."""
    other = companies.alias()
    query = (
        sa.select(companies.c.canonical_domain, other.c.name)
        .join(other, other.c.canonical_domain == companies.c.canonical_domain)
        .where(companies.c.id == loser, other.c.id != loser, other.c.duplicate_of.is_(None))
    )
    clash = conn.execute(query).first()
    if clash is not None:
        domain = clash.canonical_domain
        raise ConflictError(
            f"cannot be undone: {clash.name!r} owns {domain} now, and two companies may not. If "
            f"{domain} hosts several firms, add the domain rule `platform {domain}` first"
        )


def _settle_pair(
    conn: Connection,
    clock: Clock,
    one: str,
    two: str,
    status: str,
    actor: str,
    reasons: Mapping[str, Any] | None = None,
) -> None:
    """Note the decision about a pair; with `reasons` also when it was never up for review."""
    a, b = sorted((one, two))
    decision = {"status": status, "decided_by": actor, "decided_at": clock.now()}
    if reasons is not None:
        row = {"a": a, "b": b, "reasons": dict(reasons), **decision}
        upsert(conn, dedup_pairs, [row], ["a", "b"], ["reasons", *decision])
        return
    here = (dedup_pairs.c.a == a, dedup_pairs.c.b == b)
    conn.execute(sa.update(dedup_pairs).where(*here).values(**decision))
