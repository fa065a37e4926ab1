"""Ordering searches: each paid call stands between two transactions (L30-L34, L43, L44).

The first transaction writes the operation down before anything is sent, the second its outcome.
Killed in between, the operation stays `submitting` and becomes `unknown`: it may have been paid.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.kit.errors import ConfigurationError, PovodError
from povod.kit.ids import new_id
from povod.leads.night import NightWindowViolation, create_price, require_night, window_tag
from povod.leads.outcomes import Failure, move_on, settle
from povod.leads.pauses import Pauses
from povod.leads.search_deps import SearchDeps
from povod.leads.unknown import reap
from povod.leads.yandex.client import CREATE_QUOTA
from povod.leads.yandex.errors import (
    Aborted,
    CallInfo,
    InvalidParams,
    NotNow,
    NotSent,
    OutcomeUnknown,
    YandexAPIError,
)
from povod.leads.yandex.protocol import RESULT_LIFE, DeferredQueryParams, OperationResponse
from povod.store.tables import niches, serp_operations, serp_queries

log = structlog.get_logger(__name__)

IN_FLIGHT = ("submitting", "unknown")
"""States in which an outcome may still be written: a late answer beats a guess."""


class SearchBudgetReached(PovodError):  # noqa: N818 - reads as the event it is
    """The month's budget does not allow one more query; raise it or wait for the next month."""


@dataclass
class SubmitResult:
    """What one tick did. `window_opens_at` and `paused_until` say when to come again.

    `stopped` names a fault of the configuration; nothing is sent until it is mended.
    """

    sent: int = 0
    unknown: int = 0
    refused: int = 0
    failed: int = 0
    window_opens_at: datetime | None = None
    paused_until: datetime | None = None
    stopped: str = ""

    @property
    def must_stop(self) -> bool:
        """Whether the rest of the batch has to wait."""
        return bool(self.stopped or self.paused_until)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A create that is written down and may be sent now."""

    operation: str
    query: str
    number: int
    idempotency_key: str
    params: DeferredQueryParams
    resubmission: bool


def submit_due(
    deps: SearchDeps,
    limit: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> SubmitResult:
    """Order the searches that are due, at most `limit` (default `DEFERRED_BATCH`).

    By day only those that somebody has asked for at once; the others wait for the night without
    being touched. Raises nothing for a failing query; a refused credential stops the batch.
    """
    result = SubmitResult()
    reap(deps)
    _check_settings(deps)
    result.paused_until = Pauses(deps.db, deps.clock).paused_until(CREATE_QUOTA)
    if result.paused_until:
        return result
    for query in _due(deps, limit or deps.settings.deferred_batch, result):
        if cancelled() or result.must_stop:
            break
        try:
            attempt = _write_down(deps, query)
        except NightWindowViolation as closed:
            result.window_opens_at = closed.opens_at
            break
        except SearchBudgetReached as reached:
            result.stopped = str(reached)
            break
        if attempt is not None:
            _send(deps, attempt, result)
    return result


def _check_settings(deps: SearchDeps) -> None:
    """Refuse to start when no query at all could be sent."""
    try:
        DeferredQueryParams.from_settings(deps.settings, "test", "225")
    except InvalidParams as fault:
        raise ConfigurationError(
            f"{fault}; check YANDEX_CLOUD_FOLDER_ID and the YANDEX_* settings of the search"
        ) from None


def _due(deps: SearchDeps, limit: int, result: SubmitResult) -> list[str]:
    """Queries to send now, the earliest slot first; night queries only by night."""
    now, table = deps.clock.now(), serp_queries.c
    due = (table.status == "pending", table.scheduled_for <= now)
    by_day = table.is_night_window.is_(False)
    with deps.db.read() as conn:
        allowed: sa.ColumnElement[bool] = sa.true()
        try:
            _gate(deps, now)
        except NightWindowViolation as closed:
            allowed = by_day
            waiting = sa.select(sa.func.count()).where(*due, ~by_day)
            rows = conn.execute(waiting.select_from(serp_queries)).scalar_one()
            if rows:
                result.window_opens_at = closed.opens_at
                log.info("leads.submit.window_closed", waiting=rows, opens_at=closed.opens_at)
        order = (table.scheduled_for, table.id)
        query = sa.select(table.id).where(*due, allowed).order_by(*order).limit(limit)
        return list(conn.execute(query).scalars())


def _gate(deps: SearchDeps, now: datetime) -> None:
    """Raises `NightWindowViolation` when the day tariff would apply and is not wanted (L30)."""
    if deps.settings.yandex_enforce_night_window:
        require_night(now, deps.settings.yandex_night_guard_seconds)


def _write_down(deps: SearchDeps, query_id: str) -> _Attempt | None:
    """Transaction 1: the operation exists before it is sent. None when it must not be sent."""
    with deps.db.tx(durable=True) as conn:
        now = deps.clock.now()
        row = _claim(conn, query_id, now)
        if row is None:
            return None
        if row["is_night_window"]:
            _gate(deps, now)
        if not _within_budget(conn, deps, now):
            raise SearchBudgetReached(
                "LEADS_SEARCH_BUDGET_RUB is used up for this month; raise it to go on searching"
            )
        try:
            params = DeferredQueryParams.from_settings(
                deps.settings, row["query_text"], str(row["region_code"]), row["page"]
            )
        except InvalidParams as fault:
            move_on(conn, deps, query_id, Failure("failed", "permanent", str(fault)), now)
            return None
        return _insert(conn, query_id, row["attempts"] + 1, params, now)


def _claim(conn: Connection, query_id: str, now: datetime) -> sa.RowMapping | None:
    """Move the query to `in_progress` if it is still due and its niche still wanted (L44)."""
    query = sa.select(serp_queries).where(serp_queries.c.id == query_id).with_for_update()
    row = conn.execute(query).mappings().first()
    if row is None or row["status"] != "pending" or row["scheduled_for"] > now:
        return None
    niche = sa.select(niches.c.status).where(niches.c.id == row["niche_id"])
    wanted = conn.execute(niche).scalar() != "cancelled"
    conn.execute(
        sa.update(serp_queries)
        .where(serp_queries.c.id == query_id)
        .values(
            status="in_progress" if wanted else "cancelled",
            attempts=serp_queries.c.attempts + (1 if wanted else 0),
        )
    )
    return row if wanted else None


def _insert(
    conn: Connection, query_id: str, number: int, params: DeferredQueryParams, now: datetime
) -> _Attempt:
    lost = _lost_before(conn, query_id)
    attempt = _Attempt(
        operation=new_id(),
        query=query_id,
        number=number,
        idempotency_key=lost or str(uuid4()),
        params=params,
        resubmission=lost is not None,
    )
    row = {
        "id": attempt.operation,
        "query_id": query_id,
        "attempt": number,
        "status": "submitting",
        "request_hash": params.request_hash,
        "request_body": params.body(),
        "idempotency_key": attempt.idempotency_key,
        "requested_at": now,
        "window_tag": window_tag(None, now),
        "metadata": {"resubmission": True} if attempt.resubmission else {},
    }
    conn.execute(sa.insert(serp_operations), [row])
    return attempt


def _lost_before(conn: Connection, query_id: str) -> str | None:
    """The idempotency key of the create whose outcome was never known, if it is to be repeated."""
    table = serp_operations.c
    columns = (table.status, table.error_class, table.idempotency_key)
    query = sa.select(*columns).where(table.query_id == query_id)
    last = conn.execute(query.order_by(table.requested_at.desc(), table.id.desc()).limit(1)).first()
    if last is None or last.status != "failed" or last.error_class != "unknown":
        return None
    return str(last.idempotency_key)


def _within_budget(conn: Connection, deps: SearchDeps, now: datetime) -> bool:
    """Whether one more query fits into this month's budget; 0 means there is none (L32)."""
    budget = deps.settings.leads_search_budget_rub
    if not budget:
        return True
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    query = sa.select(serp_operations.c.cost).where(serp_operations.c.requested_at >= month)
    spent = sum(filter(None, conn.execute(query).scalars()), Decimal(0))
    return spent + create_price(deps.settings, window_tag(None, now)) <= budget


def _send(deps: SearchDeps, attempt: _Attempt, result: SubmitResult) -> None:
    """The paid call, and transaction 2 with its outcome."""
    pauses = Pauses(deps.db, deps.clock)
    try:
        answer = deps.client.create(
            attempt.params, idempotency_key=attempt.idempotency_key, row=f"query {attempt.query}"
        )
    except OutcomeUnknown as lost:
        _store_unknown(deps, attempt, lost)
        result.unknown += 1
    except (NotSent, NotNow) as refusal:
        _store_failure(deps, attempt, refusal, "not_sent")
        result.refused += 1
        result.paused_until = pauses.refused(CREATE_QUOTA, refusal)
    except YandexAPIError as failure:
        if failure.kind == "configuration":
            _store_failure(deps, attempt, failure, "not_sent")
            result.stopped = str(failure)
        else:
            _store_failure(deps, attempt, failure, "failed")
            result.failed += 1
    else:
        _store_created(deps, attempt, answer)
        pauses.accepted(CREATE_QUOTA)
        result.sent += 1


def _store_created(deps: SearchDeps, attempt: _Attempt, answer: OperationResponse) -> None:
    created = answer.created_at or deps.clock.now()
    first_poll = timedelta(seconds=deps.settings.yandex_first_poll_seconds)
    _store(
        deps,
        attempt,
        {
            "status": "created",
            "operation_id": answer.id,
            "created_at_remote": created,
            "next_poll_at": created + first_poll,
            "expires_at": created + RESULT_LIFE,
            **_cost(deps, answer.info, certain=True),
        },
    )


def _store_unknown(deps: SearchDeps, attempt: _Attempt, lost: OutcomeUnknown) -> None:
    _store(
        deps,
        attempt,
        {
            "status": "unknown",
            "error_class": "unknown",
            "error_payload": {"message": lost.message, "request_id": lost.request_id},
            **_cost(deps, lost.info, certain=False),
        },
    )


def _store_failure(deps: SearchDeps, attempt: _Attempt, error: YandexAPIError, status: str) -> None:
    gave_up_twice = isinstance(error, Aborted) and attempt.number > 1
    failure = Failure(
        status,
        "permanent" if gave_up_twice else error.kind,
        str(error),
        code=str(error.grpc_code or error.http_status or ""),
        payload=error.payload if isinstance(error.payload, dict | list) else None,
        counts=status != "not_sent",
    )
    with deps.db.tx() as conn:
        settle(conn, deps, attempt.operation, attempt.query, failure, IN_FLIGHT)


def _cost(deps: SearchDeps, info: CallInfo, *, certain: bool) -> dict[str, Any]:
    """What the create costs; the server's clock decides about the tariff (Y52)."""
    tag = window_tag(info.date, deps.clock.now())
    price = create_price(deps.settings, tag)
    return {"window_tag": tag, "cost": price, "cost_certain": certain}


def _store(deps: SearchDeps, attempt: _Attempt, values: dict[str, Any]) -> None:
    table = serp_operations
    here = (table.c.id == attempt.operation, table.c.status.in_(IN_FLIGHT))
    with deps.db.tx() as conn:
        conn.execute(sa.update(table).where(*here).values(**values))
        conn.execute(
            sa.update(serp_queries)
            .where(serp_queries.c.id == attempt.query)
            .values(window_tag=values["window_tag"], last_error="")
        )
