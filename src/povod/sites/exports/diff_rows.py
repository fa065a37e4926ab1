"""Rows of `diff` and `diff_fields`: the versions that a job wrote, or would write (S119-S122)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa

from povod.sites.exports.in_order import in_order
from povod.sites.exports.rows import OutRow
from povod.sites.exports.values import Names, decimal_of
from povod.sites.finish.fields import PAGE_FIELDS, VARIANT_FIELDS
from povod.store.db import Database
from povod.store.tables import snapshot_versions, snapshots

MAX_TITLE = 200
State = Mapping[str, Any]


@dataclass(frozen=True)
class DiffRow:
    """One line of a diff; a side is None when the key was not there then."""

    url: str
    variant_key: str
    kind: str
    fields: tuple[str, ...]
    before: State | None
    after: State | None
    prev_at: datetime | None
    curr_at: datetime
    reason: str = ""

    def value(self, side: State | None, name: str) -> Any:
        """A field of one side, of a page or of a variant."""
        if side is None:
            return None
        known = VARIANT_FIELDS if self.variant_key else PAGE_FIELDS
        if self.variant_key and name == "title":
            return side.get("title")
        return known[name].read(side) if name in known else None


def stored_rows(db: Database, job_id: str, include_unchanged: bool = False) -> Iterator[DiffRow]:
    """What a job wrote, by address; unchanged keys at the end if they are wanted."""
    yield from _versions(db, job_id)
    if include_unchanged:
        yield from _unchanged(db, job_id)


def _versions(db: Database, job_id: str) -> Iterator[DiffRow]:
    version = snapshot_versions.c
    query = (
        sa.select(snapshot_versions, snapshots.c.url, snapshots.c.variant_key)
        .select_from(snapshot_versions)
        .join(snapshots, snapshots.c.id == version.snapshot_id)
    )
    ids = sa.select(version.id).join(snapshots, snapshots.c.id == version.snapshot_id)
    for row in _by_address(db, query, version.id, ids.where(version.job_id == job_id)):
        yield DiffRow(
            row["url"],
            row["variant_key"],
            row["change_type"],
            tuple(row["fields_changed"]),
            row["prev_data"] if row["change_type"] != "ADDED" else None,
            row["data"],
            row["prev_crawl_at"],
            row["seen_at"],
            row["reason"],
        )


def _unchanged(db: Database, job_id: str) -> Iterator[DiffRow]:
    changed = sa.exists().where(
        snapshot_versions.c.snapshot_id == snapshots.c.id, snapshot_versions.c.job_id == job_id
    )
    ids = sa.select(snapshots.c.id).where(
        snapshots.c.last_job_id == job_id, snapshots.c.state == "active", ~changed
    )
    for row in _by_address(db, sa.select(snapshots), snapshots.c.id, ids):
        state, at = row["last_data"], row["last_crawl_at"]
        yield DiffRow(row["url"], row["variant_key"], "UNCHANGED", (), state, state, at, at)


def _by_address(
    db: Database, query: sa.Select[Any], key: sa.Column[Any], ids: sa.Select[Any]
) -> Iterator[Any]:
    ordered = ids.order_by(snapshots.c.url_key, snapshots.c.variant_key)
    return chain.from_iterable(in_order(db, query, key, ordered))


def diff_out(row: DiffRow) -> OutRow:
    """As a line of `diff`."""

    def side(name: str) -> tuple[Any, Any]:
        return row.value(row.before, name), row.value(row.after, name)

    (price_prev, price_curr), (stock_prev, stock_curr) = side("price"), side("stock")
    (there_prev, there_curr), (title_prev, title_curr) = side("availability"), side("title")
    return {
        "url": row.url,
        "prev_crawl_at": row.prev_at,
        "curr_crawl_at": row.curr_at,
        "change_type": row.kind,
        "fields_changed": Names(row.fields),
        "price_prev": decimal_of(price_prev),
        "price_curr": decimal_of(price_curr),
        "availability_prev": there_prev,
        "availability_curr": there_curr,
        "title_prev": _cut(title_prev),
        "title_curr": _cut(title_curr),
        "variation_id": row.variant_key or None,
        "stock_prev": stock_prev,
        "stock_curr": stock_curr,
        "reason": row.reason,
    }


def _cut(title: str | None) -> str | None:
    if title is None or len(title) <= MAX_TITLE:
        return title
    return f"{title[: MAX_TITLE - 1]}…"


def field_rows(rows: Iterator[DiffRow]) -> Iterator[OutRow]:
    """One line for each field that changed; a key that came or went has one without a field."""
    for row in rows:
        for name in row.fields or ("",):
            yield {
                "url": row.url,
                "variation_id": row.variant_key or None,
                "change_type": row.kind,
                "field": name,
                "old_value": _shown(row.value(row.before, name)),
                "new_value": _shown(row.value(row.after, name)),
                "timestamp_prev": row.prev_at,
                "timestamp_curr": row.curr_at,
            }


def _shown(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
