"""Pairs that wait for a person: stored, shown, decided (L64, L68, L69)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.dedup.evidence import Evidence
from povod.book.merges import MergeOrder, merge
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, NotFoundError
from povod.store.tables import companies, dedup_pairs
from povod.store.upsert import upsert

HOLDING = {"inn", "email"}
"""Evidence for which the younger company gets no letters until somebody has decided (L64)."""

HOLD = "dedup"


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A pair that was up for review before."""

    status: str
    reasons: tuple[str, ...]


def known_pairs(
    conn: Connection, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], KnownPair]:
    """The stored pairs among `pairs` (each with the smaller id first)."""
    table = dedup_pairs.c
    firsts = {a for a, _ in pairs}
    query = sa.select(table.a, table.b, table.status, table.reasons).where(table.a.in_(firsts))
    found = {
        (row.a, row.b): KnownPair(row.status, tuple(row.reasons.get("reasons", ())))
        for row in conn.execute(query)
    }
    return {pair: known for pair, known in found.items() if pair in set(pairs)}


def save_pairs(
    conn: Connection,
    waiting: Sequence[tuple[str, str, Evidence]],
    known: Mapping[tuple[str, str], KnownPair],
) -> int:
    """Put pairs up for review; returns how many are new there. Open ones get fresh evidence."""
    rows = [
        {
            "a": a,
            "b": b,
            "score": evidence.score,
            "reasons": {"reasons": list(evidence.reasons)},
            "guard": evidence.guard,
            "status": "review",
            "decided_by": "",
            "decided_at": None,
        }
        for a, b, evidence in waiting
    ]
    columns = ["score", "reasons", "guard", "status", "decided_by", "decided_at"]
    upsert(conn, dedup_pairs, rows, ["a", "b"], columns)
    _hold_younger(conn, [(a, b) for a, b, ev in waiting if HOLDING & set(ev.reasons)])
    return sum(known.get((a, b), KnownPair("", ())).status != "review" for a, b, _ in waiting)


def waiting_pairs(conn: Connection, limit: int = 200) -> list[dict[str, Any]]:
    """Pairs that a person has to judge, the most alike first, with both companies' names."""
    one, other = companies.alias("one"), companies.alias("other")
    table = dedup_pairs.c
    query = (
        sa.select(
            *(table.id, table.a, table.b, table.score, table.reasons, table.guard),
            one.c.name.label("a_name"),
            one.c.canonical_domain.label("a_domain"),
            other.c.name.label("b_name"),
            other.c.canonical_domain.label("b_domain"),
        )
        .join(one, one.c.id == table.a)
        .join(other, other.c.id == table.b)
        .where(table.status == "review")
        .order_by(table.score.desc(), table.id)
        .limit(limit)
    )
    rows = [dict(row) for row in conn.execute(query).mappings()]
    return [{**row, "why": list(row.pop("reasons").get("reasons", ()))} for row in rows]


def decide(conn: Connection, clock: Clock, pair_id: str, verdict: str, actor: str) -> None:
    """A person's word on a pair: `merge` or `reject`; both end a hold.

    `NotFoundError` for an unknown pair, `ConflictError` when it was decided before.
    """
    query = sa.select(dedup_pairs).where(dedup_pairs.c.id == pair_id).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no pair {pair_id}; see `povod book review list`")
    if row["status"] != "review":
        raise ConflictError(f"pair {pair_id} is {row['status']} already, by {row['decided_by']}")
    if verdict == "merge":
        evidence: dict[str, Any] = dict(row["reasons"])
        merge(conn, clock, MergeOrder(row["a"], row["b"], "manual", row["score"], evidence, actor))
    status = "merged" if verdict == "merge" else "rejected"
    decision = {"status": status, "decided_by": actor, "decided_at": clock.now()}
    conn.execute(sa.update(dedup_pairs).where(dedup_pairs.c.id == pair_id).values(**decision))
    _release(conn, (row["a"], row["b"]))


def _hold_younger(conn: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    ids = {company_id for pair in pairs for company_id in pair}
    query = sa.select(companies.c.id, companies.c.created_at).where(companies.c.id.in_(ids))
    born = {row.id: (row.created_at, row.id) for row in conn.execute(query)}
    younger = {max(pair, key=born.__getitem__) for pair in pairs}
    if younger:
        conn.execute(
            sa.update(companies).where(companies.c.id.in_(younger)).values(hold_reason=HOLD)
        )


def _release(conn: Connection, ids: Collection[str]) -> None:
    """End the hold of companies for which no other pair waits."""
    table = dedup_pairs.c
    waits = sa.exists().where(
        table.status == "review", (table.a == companies.c.id) | (table.b == companies.c.id)
    )
    here = (companies.c.id.in_(ids), companies.c.hold_reason == HOLD, ~waits)
    conn.execute(sa.update(companies).where(*here).values(hold_reason=""))
