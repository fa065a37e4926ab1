"""Creates whose outcome nobody knows: found, repeated once, then held for a person (L35, L43)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.leads.night import create_price, window_tag
from povod.leads.outcomes import Failure, settle
from povod.leads.search_deps import SearchDeps
from povod.store.tables import serp_operations

STALE_AFTER = timedelta(seconds=120)
"""A `submitting` this old was left behind by a process that is gone."""

REPEAT_AFTER = timedelta(minutes=15)
"""When a create of unknown outcome is repeated, with the same idempotency key."""


def reap(deps: SearchDeps) -> None:
    """Turn stale `submitting` into `unknown`, and deal with `unknown` by the policy."""
    now = deps.clock.now()
    with deps.db.read() as conn:
        stale = _ids(conn, "submitting", now - STALE_AFTER)
        lost = _ids(conn, "unknown", now - REPEAT_AFTER)
    for operation in stale:
        _declare_unknown(deps, operation)
    if deps.settings.yandex_unknown_policy == "resubmit":
        for operation in lost:
            _repeat(deps, operation)


def next_reaping(conn: Connection, deps: SearchDeps) -> datetime | None:
    """When `reap` will next have something to do; None when nothing waits for it."""
    moments = [_oldest(conn, "submitting", STALE_AFTER)]
    if deps.settings.yandex_unknown_policy == "resubmit":
        moments.append(_oldest(conn, "unknown", REPEAT_AFTER))
    return min(filter(None, moments), default=None)


def _waiting(status: str) -> tuple[sa.ColumnElement[bool], ...]:
    table = serp_operations.c
    held = table.metadata["held"].as_boolean()
    return table.status == status, sa.func.coalesce(held, sa.false()).is_(False)


def _ids(conn: Connection, status: str, before: datetime) -> list[str]:
    table = serp_operations.c
    query = sa.select(table.id).where(*_waiting(status), table.requested_at <= before)
    return list(conn.execute(query.order_by(table.requested_at, table.id)).scalars())


def _oldest(conn: Connection, status: str, age: timedelta) -> datetime | None:
    query = sa.select(sa.func.min(serp_operations.c.requested_at)).where(*_waiting(status))
    oldest: datetime | None = conn.execute(query).scalar()
    return oldest + age if oldest else None


def _declare_unknown(deps: SearchDeps, operation: str) -> None:
    """It may have been accepted: the amount is counted, as not certain."""
    table, now = serp_operations, deps.clock.now()
    with deps.db.tx() as conn:
        here = (table.c.id == operation, table.c.status == "submitting")
        requested = conn.execute(sa.select(table.c.requested_at).where(*here)).scalar() or now
        tag = window_tag(None, requested)
        conn.execute(
            sa.update(table)
            .where(*here)
            .values(
                status="unknown",
                error_class="unknown",
                window_tag=tag,
                cost=create_price(deps.settings, tag),
                cost_certain=False,
            )
        )


def _repeat(deps: SearchDeps, operation: str) -> None:
    """Give the query back to be sent again; a second unknown outcome is held instead."""
    table = serp_operations
    with deps.db.tx() as conn:
        query = sa.select(table).where(table.c.id == operation, table.c.status == "unknown")
        row = conn.execute(query.with_for_update()).mappings().first()
        if row is None:
            return
        if row["metadata"].get("resubmission"):
            notes = {**row["metadata"], "held": True}
            conn.execute(sa.update(table).where(table.c.id == operation).values(metadata=notes))
            return
        failure = Failure(
            "failed",
            "retry",
            "the service never answered the create; it is sent once more",
            counts=False,
            values={"error_class": "unknown"},
        )
        settle(conn, deps, operation, row["query_id"], failure, ["unknown"])
