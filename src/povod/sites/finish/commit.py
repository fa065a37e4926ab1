"""Writing the new good state and the diff: batches that can be killed and repeated (S102, S103)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.ids import new_id
from povod.sites.finish.changes import (
    ADDED,
    MISSES_TO_REMOVE,
    MODIFIED,
    NOT_CHECKED,
    REMOVED,
    UNCHANGED,
    Change,
    Rules,
    Tally,
    changes_of,
    version_data,
)
from povod.sites.finish.reading import (
    WRITTEN,
    Pair,
    absent_batches,
    known_states,
    seen_batches,
)
from povod.sites.finish.states import Seen, state_hash
from povod.store.bulk import bulk_insert, bulk_update
from povod.store.db import Database
from povod.store.tables import snapshot_versions, snapshots

HELD_KEYS, HELD_SHARE = 20, 0.3
"""So many removals at once, and such a share of what is known, are looked at by a person (S107)."""


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
                for _, changes in self._judged(conn, pairs):
                    for change in changes:
                        tally.add(change)
        return tally

    def _written(self) -> Tally:
        """Keys that carry this job: from an earlier finalisation, before failures were retried."""
        tally, table = Tally(), snapshot_versions.c
        mine = snapshots.c.last_job_id == self.job_id
        kinds = sa.select(table.change_type, sa.func.count()).where(table.job_id == self.job_id)
        told = sa.exists().where(table.snapshot_id == snapshots.c.id, table.job_id == self.job_id)
        rest = sa.select(snapshots.c.misses, sa.func.count()).where(mine, ~told)
        with self.db.read() as conn:
            for kind, count in conn.execute(kinds.group_by(table.change_type)):
                tally.counts[kind] += count
            for misses, count in conn.execute(rest.group_by(snapshots.c.misses)):
                tally.counts[NOT_CHECKED if misses else UNCHANGED] += count
        return tally

    def write(self) -> None:
        """Write every batch that is not written yet."""
        for pairs in self._pairs():
            with self.db.tx() as conn:
                for_writing = [
                    (seen, change)
                    for seen, changes in self._judged(conn, pairs)
                    for change in changes
                ]
                _Batch(conn, self, for_writing).write()

    def _pairs(self) -> Iterator[list[Pair]]:
        yield from seen_batches(self.db, self.job_id)
        yield from absent_batches(self.db, self.job_id, self.domain)

    def _judged(
        self, conn: Connection, pairs: Sequence[Pair]
    ) -> Iterator[tuple[Seen | None, list[Change]]]:
        known = known_states(conn, self.domain, [key for key, _ in pairs], self.job_id)
        for key, seen in pairs:
            if known[key] is WRITTEN:
                continue
            rules = self.rules
            if seen is None and rules.absent_is_removed and self.masked(key):
                rules = replace(rules, absent_is_removed=False)
            yield seen, list(self._spared(changes_of(seen, known[key], rules)))

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
    return removed >= HELD_KEYS and removed > HELD_SHARE * known


class _Batch:
    """The rows of one batch, gathered by statement."""

    def __init__(
        self, conn: Connection, diff: Diff, changes: Sequence[tuple[Seen | None, Change]]
    ) -> None:
        self._conn, self._diff = conn, diff
        self.fresh, self.states = list[dict[str, Any]](), list[dict[str, Any]]()
        self.touched, self.gone = list[dict[str, Any]](), list[dict[str, Any]]()
        self.missed, self.versions = list[dict[str, Any]](), list[dict[str, Any]]()
        for seen, change in changes:
            self._take(seen, change)

    def write(self) -> None:
        """One statement for each kind of row."""
        bulk_insert(self._conn, snapshots, self.fresh)
        for rows in (self.states, self.touched, self.gone, self.missed):
            bulk_update(self._conn, snapshots, rows)
        bulk_insert(self._conn, snapshot_versions, self.versions)

    def _take(self, seen: Seen | None, change: Change) -> None:
        known = change.known
        snapshot_id = known.id if known is not None else new_id()
        at = seen.at if seen is not None else self._diff.now
        if change.kind == REMOVED:
            self.gone.append({"id": snapshot_id, "state": "gone", "misses": 0, **self._mark(at)})
        elif change.miss and known is not None:
            mark = {"last_job_id": self._diff.job_id}
            misses = min(known.misses + 1, MISSES_TO_REMOVE)
            self.missed.append({"id": snapshot_id, "misses": misses, **mark})
        elif change.touch:
            self.touched.append({"id": snapshot_id, **self._mark(at)})
        elif change.state is not None and seen is not None:
            self._keep(snapshot_id, seen, change)
        if change.is_row:
            self.versions.append(self._version(snapshot_id, change, at))

    def _mark(self, at: datetime) -> dict[str, Any]:
        return {"last_crawl_at": at, "last_job_id": self._diff.job_id}

    def _keep(self, snapshot_id: str, seen: Seen, change: Change) -> None:
        digest = state_hash(change.state or {})
        known = change.known
        same = known is not None and known.active and known.hash == digest and not known.misses
        if same and change.kind not in (ADDED, MODIFIED):
            self.touched.append({"id": snapshot_id, **self._mark(seen.at)})
            return
        is_page = change.variant_key == ""
        row = {
            "url": change.url,
            "last_hash": digest,
            "last_data": change.state,
            "state": "active",
            "etag": seen.etag if is_page else "",
            "last_modified": seen.last_modified if is_page else "",
            "misses": 0,
            **self._mark(seen.at),
        }
        if known is not None:
            self.states.append({"id": snapshot_id, **row})
            return
        place: dict[str, Any] = {"domain": self._diff.domain, "url_key": seen.url_key}
        place |= {"variant_key": change.variant_key, "first_seen_at": seen.at}
        self.fresh.append({"id": snapshot_id, **row, **place})

    def _version(self, snapshot_id: str, change: Change, at: datetime) -> dict[str, Any]:
        return {
            "id": new_id(),
            "snapshot_id": snapshot_id,
            "job_id": self._diff.job_id,
            "seen_at": at,
            "hash": state_hash(change.state) if change.state is not None else "",
            **version_data(change),
        }
