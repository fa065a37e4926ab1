"""Reading operations: fair, cheap to repeat, and never giving up because of one bad answer
(L36-L41, Y26-Y33)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from povod.leads.outcomes import Failure, settle
from povod.leads.pauses import Pauses
from povod.leads.search_deps import SearchDeps
from povod.leads.serp_errors import SerpError, UnreadableReply
from povod.leads.yandex.client import POLL_QUOTA
from povod.leads.yandex.errors import (
    NotFound,
    NotNow,
    NotSent,
    RateLimited,
    TooLarge,
    YandexAPIError,
)
from povod.leads.yandex.protocol import OperationResponse, judge_missing
from povod.store.files import put_file
from povod.store.tables import serp_operations

log = structlog.get_logger(__name__)

OPEN = ("created", "running")
BATCH = 200
SOON = timedelta(hours=2)
"""With less to live than this an operation is read first, and often."""

SLOWEST = timedelta(seconds=600)
SLOWEST_AT_END = timedelta(seconds=300)
GROWTH = 1.5
MISSING_PAUSE = timedelta(seconds=300)
NOTHING_FOUND_XML = b'<yandexsearch><response><error code="15"/></response></yandexsearch>'
"""Stands for the reply of an operation whose error says that nothing was found."""


@dataclass
class PollResult:
    """What one tick did; `paused_until` and `stopped` as for submit.

    `at_risk` operations have less than two hours to live, `lost` ones are gone with their result.
    """

    read: int = 0
    ready: int = 0
    running: int = 0
    failed: int = 0
    expired: int = 0
    troubled: int = 0
    at_risk: int = 0
    paused_until: datetime | None = None
    stopped: str = ""

    @property
    def must_stop(self) -> bool:
        """Whether the other operations have to wait."""
        return bool(self.stopped or self.paused_until)


def poll_due(
    deps: SearchDeps,
    limit: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> PollResult:
    """Read every operation that is due, those about to expire first; at most `limit`.

    One failing read changes nothing but the time of the next; only its 12 hours end an operation.
    """
    result = PollResult(paused_until=Pauses(deps.db, deps.clock).paused_until(POLL_QUOTA))
    started = deps.clock.now()
    while not result.must_stop and not cancelled():
        batch = _due(deps, started, min(BATCH, (limit or result.read + BATCH) - result.read))
        if not batch:
            break
        for row in batch:
            if result.must_stop or cancelled():
                break
            result.read += 1
            _read(deps, row, result)
    if result.at_risk:
        log.warning("leads.sla_risk", operations=result.at_risk)
    return result


def interval(polls: int, left: timedelta, first: timedelta) -> timedelta:
    """Time to the next read: growing to ten minutes, at most five in the last two hours (L36)."""
    grown = min(first * GROWTH ** min(polls, 20), SLOWEST)
    return min(grown, SLOWEST_AT_END) if left < SOON else grown


def _due(deps: SearchDeps, started: datetime, limit: int) -> list[sa.RowMapping]:
    """The next operations to read, each at most once per tick."""
    if limit <= 0:
        return []
    table, now = serp_operations.c, deps.clock.now()
    due = (
        table.status.in_(OPEN),
        table.next_poll_at <= now,
        table.last_polled_at.is_(None) | (table.last_polled_at < started),
    )
    late_first = sa.case((table.expires_at < now + SOON, 0), else_=1)
    order = (late_first, table.next_poll_at, table.id)
    with deps.db.read() as conn:
        query = sa.select(serp_operations).where(*due).order_by(*order).limit(limit)
        return list(conn.execute(query).mappings())


def _read(deps: SearchDeps, row: sa.RowMapping, result: PollResult) -> None:
    now = deps.clock.now()
    if row["expires_at"] <= now:
        _expire(deps, row, "its 12 hours passed before it was ready", result)
        return
    result.at_risk += row["expires_at"] - now < SOON
    try:
        answer = deps.client.get_operation(row["operation_id"], row=f"operation {row['id']}")
    except NotFound:
        _missing(deps, row, result)
    except (NotNow, NotSent) as refusal:
        result.troubled += 1
        if isinstance(refusal, RateLimited):
            result.paused_until = Pauses(deps.db, deps.clock).refused(POLL_QUOTA, refusal)
        else:
            _again(deps, row, retry_count=row["retry_count"] + 1)
    except YandexAPIError as failure:
        _refused(deps, row, failure, result)
    else:
        _understand(deps, row, answer, result)


def _refused(
    deps: SearchDeps, row: sa.RowMapping, failure: YandexAPIError, result: PollResult
) -> None:
    if failure.kind == "configuration":
        result.stopped = str(failure)
    elif failure.kind == "permanent" or isinstance(failure, TooLarge):
        _fail(deps, row, Failure("failed", "permanent", str(failure)), result)
    else:
        result.troubled += 1
        _again(deps, row, retry_count=row["retry_count"] + 1)


def _understand(
    deps: SearchDeps, row: sa.RowMapping, answer: OperationResponse, result: PollResult
) -> None:
    if answer.state == "running":
        result.running += 1
        _again(deps, row, status="running", metadata=_without_misses(row))
    elif answer.state == "empty":
        _keep_reply(deps, row, NOTHING_FOUND_XML, result)
    elif answer.state == "failed":
        error = answer.error
        failure = Failure(
            "failed",
            answer.failure_kind,
            answer.failure_reason,
            code=str(error.code) if error else "empty_operation",
            payload={"error": error.message, "details": list(error.details)} if error else None,
        )
        _fail(deps, row, failure, result)
    else:
        try:
            raw = answer.decode()
        except SerpError as unreadable:
            _unreadable(deps, row, unreadable, result)
        else:
            _keep_reply(deps, row, raw, result)


def _keep_reply(deps: SearchDeps, row: sa.RowMapping, raw: bytes, result: PollResult) -> None:
    """Store the reply and `done` together, before anybody tries to parse it (L39)."""
    with deps.db.tx() as conn:
        values = _stored(conn, deps, raw)
        here = (serp_operations.c.id == row["id"], serp_operations.c.status.in_(OPEN))
        done = {"status": "done", "completed_at": deps.clock.now(), "next_poll_at": None}
        query = sa.update(serp_operations).where(*here)
        conn.execute(query.values(**done, **values, **_counted(deps, row)))
    result.ready += 1


def _stored(conn: sa.Connection, deps: SearchDeps, raw: bytes) -> dict[str, Any]:
    keep_until = deps.clock.now() + timedelta(days=deps.settings.leads_raw_retention_days)
    return {"raw_file_id": put_file(conn, raw, "application/xml", keep_until)}


def _unreadable(deps: SearchDeps, row: sa.RowMapping, error: SerpError, result: PollResult) -> None:
    """Nothing to parse; what did come is kept for people (Y41)."""
    raw = error.raw if isinstance(error, UnreadableReply) else b""
    with deps.db.tx() as conn:
        failure = Failure(
            "failed",
            error.kind,
            str(error),
            code=type(error).__name__,
            values={**_stored(conn, deps, raw), **_counted(deps, row)},
        )
        settle(conn, deps, row["id"], row["query_id"], failure, OPEN)
    result.failed += 1


def _missing(deps: SearchDeps, row: sa.RowMapping, result: PollResult) -> None:
    """A 404 is never an empty result: too early, lost, or too late (Y33)."""
    now, notes = deps.clock.now(), dict(row["metadata"])
    first = datetime.fromisoformat(notes.setdefault("missed_since", now.isoformat()))
    notes["misses"] = notes.get("misses", 0) + 1
    verdict = judge_missing(row["created_at_remote"], first, notes["misses"], now)
    if verdict == "not_found_yet":
        result.troubled += 1
        _again(deps, row, metadata=notes, next_poll_at=now + MISSING_PAUSE)
    else:
        _expire(deps, row, f"the service does not know it any more ({verdict})", result)


def _without_misses(row: sa.RowMapping) -> dict[str, Any]:
    return {k: v for k, v in row["metadata"].items() if k not in ("missed_since", "misses")}


def _again(deps: SearchDeps, row: sa.RowMapping, **values: Any) -> None:
    """Read it again later; nothing else changes."""
    now = deps.clock.now()
    first = timedelta(seconds=deps.settings.poll_interval_sec)
    pause = interval(row["polls"], row["expires_at"] - now, first)
    with deps.db.tx() as conn:
        conn.execute(
            sa.update(serp_operations)
            .where(serp_operations.c.id == row["id"], serp_operations.c.status.in_(OPEN))
            .values(**{"next_poll_at": now + pause, **_counted(deps, row), **values})
        )


def _counted(deps: SearchDeps, row: sa.RowMapping) -> dict[str, Any]:
    return {"polls": row["polls"] + 1, "last_polled_at": deps.clock.now()}


def _fail(deps: SearchDeps, row: sa.RowMapping, failure: Failure, result: PollResult) -> None:
    with deps.db.tx() as conn:
        settle(conn, deps, row["id"], row["query_id"], failure, OPEN)
    result.failed += 1


def _expire(deps: SearchDeps, row: sa.RowMapping, reason: str, result: PollResult) -> None:
    """The paid result is gone (L38): counted, shouted, and the query gets another attempt."""
    with deps.db.tx() as conn:
        failure = Failure("expired", "retry", f"operation {row['operation_id']}: {reason}")
        settle(conn, deps, row["id"], row["query_id"], failure, OPEN)
    result.expired += 1
    log.error("leads.sla_lost", operation=row["operation_id"], reason=reason)
