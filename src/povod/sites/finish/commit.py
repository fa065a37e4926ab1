"""Writing the new good state and the diff: batches that can be killed and repeated (S102, S103)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.sites.finish.batch import Batch, Judged
from povod.sites.finish.changes import (
    ADDED,
    NOT_CHECKED,
    REMOVED,
    UNCHANGED,
    Change,
    Rules,
    Tally,
    changes_of,
)
from povod.sites.finish.reading import (
    WRITTEN,
    Pair,
    absent_batches,
    known_states,
    seen_batches,
)
from povod.store.db import Database
from povod.store.tables import snapshot_versions, snapshots

HELD_KEYS, HELD_SHARE = 20, 0.3
"""So many removals at once, and such a share of what is known, are looked at by a person (S107)."""

Told = Callable[[Connection, Tally], None]


@dataclass(frozen=True)
class Diff:
    """One job's comparison: whose site, by which rules.

    `masked` says why an address was not wanted by this job: nothing is told of it then.
    `spare_removed` leaves keys that are gone as they were: a person did not believe it.
    """

    db: Database
    job_id: str
    domain: str
    rules: Rules
    now: datetime
    masked: Callable[[str], str] = lambda _url: ""
    spare_removed: bool = False

    def foresee(self) -> Tally:
        """Count what would change, and what this job has written already; nothing is written."""
        tally = self._written()
        for pairs in self._pairs():
            with self.db.read() as conn:
                for _, change in self._judged(conn, pairs):
                    tally.add(change)
        return tally

    def write(self, told: Told = lambda _conn, _tally: None) -> Tally:
        """Write every batch that is not written yet; the same counts as `foresee` gives.

        `told` gets the counts so far in the transaction of each batch.
        """
        tally = self._written()
        for pairs in self._pairs():
            with self.db.tx() as conn:
                judged = list(self._judged(conn, pairs))
                Batch(self.job_id, self.domain, self.now, judged).write(conn)
                for _, change in judged:
                    tally.add(change)
                told(conn, tally)
        return tally

    def _written(self) -> Tally:
        """Keys that this job has written: before it was killed, or before failures were retried."""
        tally, version, known = Tally(), snapshot_versions.c, snapshots.c
        mine = known.last_job_id == self.job_id
        kinds = sa.select(version.change_type, sa.func.count()).where(version.job_id == self.job_id)
        told = sa.exists().where(version.snapshot_id == known.id, version.job_id == self.job_id)
        rest = sa.select(known.misses, sa.func.count()).where(mine, ~told)
        with self.db.read() as conn:
            for kind, count in conn.execute(kinds.group_by(version.change_type)):
                tally.counts[kind] += count
            for misses, count in conn.execute(rest.group_by(known.misses)):
                tally.counts[NOT_CHECKED if misses else UNCHANGED] += count
            tally.counts[NOT_CHECKED] += self._left_alone(conn)
        return tally

    def _left_alone(self, conn: Connection) -> int:
        """Variants that this job did not see of pages that it wrote."""
        known, page = snapshots.c, snapshots.alias().c
        keys = sa.select(page.url_key).where(page.last_job_id == self.job_id)
        query = sa.select(sa.func.count()).where(
            known.domain == self.domain,
            known.state == "active",
            known.last_job_id.is_distinct_from(self.job_id),
            known.url_key.in_(keys),
        )
        return int(conn.execute(query).scalar_one())

    def _pairs(self) -> Iterator[list[Pair]]:
        yield from seen_batches(self.db, self.job_id)
        yield from absent_batches(self.db, self.job_id, self.domain)

    def _judged(self, conn: Connection, pairs: Sequence[Pair]) -> Iterator[Judged]:
        known = known_states(conn, self.domain, [key for key, _ in pairs], self.job_id)
        for key, seen in pairs:
            if known[key] is WRITTEN:
                continue
            rules = self.rules
            if seen is None and rules.absent_is_removed and self.masked(key):
                rules = replace(rules, absent_is_removed=False)
            for change in self._spared(changes_of(seen, known[key], rules)):
                yield seen, change

    def _spared(self, changes: Iterable[Change]) -> Iterator[Change]:
        for change in changes:
            if self.spare_removed and change.kind == REMOVED:
                yield replace(change, kind=NOT_CHECKED)
            else:
                yield change


def is_suspicious(counts: Mapping[str, int]) -> bool:
    """A site that loses so much at once is more likely ill than cleared (S107)."""
    removed = counts[REMOVED.lower()]
    known = sum(counts.values()) - counts[ADDED.lower()]
    return is_much(removed, known)


def is_much(removed: int, known: int) -> bool:
    """Whether so many removals of what is known are too many to be believed at once."""
    return removed >= HELD_KEYS and removed > HELD_SHARE * known
