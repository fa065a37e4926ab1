"""What a failed operation means for its query (L35, L40, L42)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.leads.night import NIGHT_LENGTH, is_night, next_open
from povod.leads.search_deps import SearchDeps
from povod.leads.serp_errors import FailureKind
from povod.leads.slots import Slots
from povod.store.tables import serp_operations, serp_queries

MAX_REASON = 500


@dataclass(frozen=True)
class Failure:
    """How an operation ended; `status` is the operation's, `kind` decides about the query.

    `counts` is false when the attempt is not to be counted: the query then keeps its slot. `values`
    are further columns of the operation.
    """

    status: str
    kind: FailureKind
    reason: str
    code: str = ""
    payload: Any = None
    counts: bool = True
    values: dict[str, Any] = field(default_factory=dict)


def settle(
    conn: Connection,
    deps: SearchDeps,
    operation: str,
    query: str,
    failure: Failure,
    expected: Sequence[str],
) -> bool:
    """Write the end of an operation and move its query on; False when another was faster.

    `expected` are the states in which the operation may still be. The query waits for its next
    slot while attempts are left, else it ends as failed or expired.
    """
    now = deps.clock.now()
    table = serp_operations
    values = {
        "status": failure.status,
        "error_class": failure.kind,
        "error_code": failure.code,
        "error_payload": failure.payload or {"message": failure.reason},
        "completed_at": now,
        **failure.values,
    }
    still_open = (table.c.id == operation, table.c.status.in_(expected))
    if not conn.execute(sa.update(table).where(*still_open).values(**values)).rowcount:
        return False
    move_on(conn, deps, query, failure, now)
    return True


def move_on(
    conn: Connection, deps: SearchDeps, query: str, failure: Failure, now: datetime
) -> None:
    """The query's next state after a failure of its operation."""
    columns = (serp_queries.c.attempts, serp_queries.c.is_night_window)
    row = conn.execute(sa.select(*columns).where(serp_queries.c.id == query)).one()
    uncounted = failure.kind in ("defer", "configuration") or not failure.counts
    attempts = max(0, row.attempts - 1) if uncounted else row.attempts
    values: dict[str, Any] = {"attempts": attempts, "last_error": failure.reason[:MAX_REASON]}
    if failure.kind == "permanent" or not (uncounted or attempts < deps.settings.max_retries):
        values["status"] = "expired" if failure.status == "expired" else "failed"
    else:
        values["status"] = "pending"
        if failure.counts and failure.kind != "configuration":
            at = _next_try(conn, deps, row.is_night_window, failure.kind, now)
            values["scheduled_for"] = at
    in_progress = (serp_queries.c.id == query, serp_queries.c.status == "in_progress")
    conn.execute(sa.update(serp_queries).where(*in_progress).values(**values))


def _next_try(
    conn: Connection, deps: SearchDeps, by_night: bool, kind: FailureKind, now: datetime
) -> datetime:
    """The next slot; after a used-up daily limit, of another night."""
    if not by_night:
        return now if kind != "defer" else now + timedelta(days=1)
    earliest = now
    if kind == "defer":
        guard = deps.settings.yandex_night_guard_seconds
        earliest = next_open(now + NIGHT_LENGTH if is_night(now) else now, guard)
    slots = Slots(conn, deps.settings, earliest)
    slot = slots.take()
    slots.save()
    return slot
