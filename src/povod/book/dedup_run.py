"""Finding duplicates among the companies that changed, against the whole base (L60-L64, L71)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.dedup.census import RARE_NAME
from povod.book.dedup.clusters import Link, join
from povod.book.dedup.evidence import Evidence, compare
from povod.book.dedup.profile import Profile
from povod.book.dedup_base import find_neighbours, load_profiles, store_blocks, take_census
from povod.book.domains import DomainRules, load_rules
from povod.book.merges import MergeOrder, merge
from povod.book.review import KnownPair, known_pairs, save_pairs
from povod.kit.clock import Clock
from povod.store.db import Database
from povod.store.memory import hold
from povod.store.tables import clients, companies, outreach_messages

BATCH = 500
"""Changed companies per transaction."""

LOCK = "book.dedup"


@dataclass
class DedupResult:
    """`dirty` companies looked at, `merged` pairs joined, `review` pairs left to a person."""

    dirty: int = 0
    merged: int = 0
    review: int = 0


@dataclass(frozen=True)
class Deduplicator:
    """Works the changed companies off; safe to run in several processes and to kill."""

    db: Database
    clock: Clock
    rare_name: int = RARE_NAME

    def run(self, cancelled: Callable[[], bool] = lambda: False) -> DedupResult:
        """Compare until nothing is dirty. With nothing changed: one indexed query, no write."""
        total = DedupResult()
        while not cancelled() and has_dirty(self.db):
            with self.db.tx() as conn:
                hold(conn, LOCK)
                batch = self.run_batch(conn)
            total.dirty += batch.dirty
            total.merged += batch.merged
            total.review += batch.review
        return total

    def run_batch(self, conn: Connection, size: int = BATCH) -> DedupResult:
        """One batch inside the caller's transaction, which holds `LOCK`."""
        dirty = _take_dirty(conn, size)
        rules = load_rules(conn)
        fresh = load_profiles(conn, dirty, rules)
        store_blocks(conn, dirty, fresh.values())
        profiles, links = self._compare(conn, fresh, rules)
        if not links:
            return DedupResult(dirty=len(dirty))
        ids = [profile.id for profile in profiles]
        settled = known_pairs(conn, [(ids[link.a], ids[link.b]) for link in links])
        links = _keep_decisions(links, ids, settled)
        links = _guard_written(conn, links, ids)
        clusters, waiting = join(profiles, links)
        merged = self._merge(conn, clusters, links, ids)
        review = save_pairs(
            conn, [(ids[link.a], ids[link.b], link.evidence) for link in waiting], settled
        )
        return DedupResult(len(dirty), merged, review)

    def _compare(
        self, conn: Connection, fresh: Mapping[str, Profile], rules: DomainRules
    ) -> tuple[list[Profile], list[Link]]:
        """All profiles concerned, in the order of ids, and the links that touch a fresh one."""
        near = find_neighbours(conn, fresh.values())
        others = set().union(*near.values()) - set(fresh) if near else set()
        known = {**fresh, **load_profiles(conn, others, rules)}
        profiles = [known[company_id] for company_id in sorted(known)]
        place = {profile.id: number for number, profile in enumerate(profiles)}
        census = take_census(conn, profiles, self.rare_name)
        pairs = {
            (min(place[one], place[two]), max(place[one], place[two]))
            for one, group in near.items()
            for two in group
            if two in place
        }
        links = []
        for a, b in sorted(pairs):
            evidence = compare(profiles[a], profiles[b], census)
            if evidence is not None:
                links.append(Link(a, b, evidence))
        return profiles, links

    def _merge(
        self,
        conn: Connection,
        clusters: Sequence[Sequence[int]],
        links: Sequence[Link],
        ids: Sequence[str],
    ) -> int:
        cluster_of = {place: number for number, group in enumerate(clusters) for place in group}
        merged = 0
        for link in sorted(links, key=lambda link: (link.evidence.strength, -link.a), reverse=True):
            together = cluster_of.get(link.a, -1) == cluster_of.get(link.b, -2)
            if together and not link.evidence.guard:
                order = MergeOrder(
                    ids[link.a],
                    ids[link.b],
                    "fuzzy",
                    score=link.evidence.score,
                    evidence={"reasons": list(link.evidence.reasons)},
                    actor="dedup",
                )
                merged += merge(conn, self.clock, order) is not None
        return merged


def has_dirty(db: Database) -> bool:
    """Whether any company waits to be compared."""
    with db.read() as conn:
        query = sa.select(companies.c.id).where(companies.c.dedup_dirty).limit(1)
        return conn.execute(query).first() is not None


def _take_dirty(conn: Connection, size: int) -> list[str]:
    """The next changed companies; they count as compared from here on."""
    query = sa.select(companies.c.id).where(companies.c.dedup_dirty)
    ids = list(conn.execute(query.order_by(companies.c.id).limit(size)).scalars())
    conn.execute(sa.update(companies).where(companies.c.id.in_(ids)).values(dedup_dirty=False))
    return ids


def _keep_decisions(
    links: Sequence[Link], ids: Sequence[str], settled: Mapping[tuple[str, str], KnownPair]
) -> list[Link]:
    """Without the pairs a person rejected; if their evidence changed they go to a person again."""
    kept = []
    for link in links:
        known = settled.get((ids[link.a], ids[link.b]))
        if known is None or known.status != "rejected":
            kept.append(link)
        elif set(link.evidence.reasons) != set(known.reasons):
            kept.append(_held(link, "rejected_before"))
    return kept


def _guard_written(conn: Connection, links: Sequence[Link], ids: Sequence[str]) -> list[Link]:
    """Two companies that both have letters, or both are clients, are a person's matter (L63 e)."""
    concerned = {ids[place] for link in links for place in (link.a, link.b)}
    written = _with_rows(conn, outreach_messages, concerned)
    served = _with_rows(conn, clients, concerned)
    guarded = []
    for link in links:
        pair = {ids[link.a], ids[link.b]}
        both = pair <= written or pair <= served
        guarded.append(_held(link, "both_written") if both and not link.evidence.guard else link)
    return guarded


def _with_rows(conn: Connection, table: sa.Table, ids: Collection[str]) -> set[Any]:
    query = sa.select(table.c.company_id).where(table.c.company_id.in_(ids)).distinct()
    return set(conn.execute(query).scalars())


def _held(link: Link, guard: str) -> Link:
    evidence: Evidence = replace(link.evidence, guard=guard)
    return replace(link, evidence=evidence)
