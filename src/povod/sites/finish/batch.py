"""The rows of one batch of changes, gathered by statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.engine import Connection

from povod.kit.ids import new_ids
from povod.sites.finish.changes import (
    ADDED,
    MISSES_TO_REMOVE,
    MODIFIED,
    REMOVED,
    Change,
    Known,
)
from povod.sites.finish.fields import State
from povod.sites.finish.states import Seen, state_hash
from povod.store.bulk import bulk_insert, bulk_update
from povod.store.tables import snapshot_versions, snapshots

Judged = tuple[Seen | None, Change]
Row = dict[str, Any]


class Batch:
    """What becomes of some keys of a site, found by one job at `now`."""

    def __init__(self, job_id: str, domain: str, now: datetime, judged: Sequence[Judged]) -> None:
        self._job_id, self._domain, self._now = job_id, domain, now
        self._ids = iter(new_ids(len(judged)))
        self.fresh, self.states, self.versions = list[Row](), list[Row](), list[Row]()
        self.touched, self.gone, self.missed = list[Row](), list[Row](), list[Row]()
        for seen, change in judged:
            self._take(seen, change)

    def write(self, conn: Connection) -> None:
        """One statement for each kind of row."""
        bulk_insert(conn, snapshots, self.fresh)
        for rows in (self.states, self.touched, self.gone, self.missed):
            bulk_update(conn, snapshots, rows)
        bulk_insert(conn, snapshot_versions, self.versions)

    def _take(self, seen: Seen | None, change: Change) -> None:
        known = change.known
        snapshot_id = known.id if known is not None else next(self._ids)
        at = seen.at if seen is not None else self._now
        kept = None
        if change.kind == REMOVED:
            self.gone.append({"id": snapshot_id, "state": "gone", **self._mark(at)})
        elif change.miss and known is not None:
            misses = min(known.misses + 1, MISSES_TO_REMOVE)
            row = {"id": snapshot_id, "misses": misses, "last_job_id": self._job_id}
            self.missed.append(row)
        elif change.touch:
            self.touched.append({"id": snapshot_id, **self._mark(at)})
        elif change.state is not None and seen is not None:
            kept = self._keep(snapshot_id, seen, change, change.state)
        if change.is_row:
            self.versions.append(self._version(snapshot_id, change, kept, at))

    def _mark(self, at: datetime) -> Row:
        return {"last_crawl_at": at, "last_job_id": self._job_id, "misses": 0}

    def _keep(self, snapshot_id: str, seen: Seen, change: Change, state: State) -> Row | None:
        """What is stored of it; None if all of it stands there already."""
        digest, known = change.hash or state_hash(state), change.known
        if change.kind not in (ADDED, MODIFIED) and _stands(known, digest):
            self.touched.append({"id": snapshot_id, **self._mark(seen.at)})
            return None
        is_page = change.variant_key == ""
        row = {
            "id": snapshot_id,
            "url": change.url,
            "last_hash": digest,
            "last_data": orjson.Fragment(orjson.dumps(state)),  # versions hold the same text
            "state": "active",
            "etag": seen.etag if is_page else "",
            "last_modified": seen.last_modified if is_page else "",
            **self._mark(seen.at),
        }
        if known is not None:
            self.states.append(row)
        else:
            place = {"url_key": seen.url_key, "variant_key": change.variant_key}
            place |= {"domain": self._domain}
            self.fresh.append({**row, **place, "first_seen_at": seen.at})
        return row

    def _version(self, snapshot_id: str, change: Change, kept: Row | None, at: datetime) -> Row:
        """The two sides of a change; what was known goes over as it is, without being decoded."""
        known = change.known
        return {
            "snapshot_id": snapshot_id,
            "job_id": self._job_id,
            "seen_at": at,
            "change_type": change.kind,
            "fields_changed": list(change.fields),
            "hash": kept["last_hash"] if kept else "",
            "data": kept["last_data"] if kept else None,
            "prev_data": orjson.Fragment(known.data) if known is not None else None,
            "prev_crawl_at": known.crawled_at if known is not None else None,
            "reason": change.reason,
        }


def _stands(known: Known | None, digest: str) -> bool:
    return known is not None and known.active and known.hash == digest and not known.misses
