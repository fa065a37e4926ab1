"""What a job saw: pages, addresses, changes, issues, a part at a time (S14)."""

from collections.abc import Callable
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator

from povod.crawl.extract.issues import SEVERITIES
from povod.sites.exports.diff_rows import DiffRow, diff_out
from povod.sites.exports.issue_list import codes_of
from povod.sites.exports.values import json_value
from povod.sites.jobs import get_job
from povod.store.search import text_in
from povod.store.tables import job_urls, pages, snapshot_versions, snapshots
from povod.store.tables.sites import CHANGE_TYPES, OUTCOMES
from povod.web.params import RowId, listed, one_of
from povod.web.roles import VIEWER
from povod.web.sites_api.common import (
    Cursor,
    Limit500,
    Search,
    as_id,
    chosen,
    house_of,
    pack,
    plain,
    sites_of,
    unpack,
)
from povod.web.sites_api.models import Listed

router = APIRouter(dependencies=[VIEWER])
STATES = ("pending", "leased", "done")
Outcome = Annotated[
    str, Query(json_schema_extra=listed(OUTCOMES)), AfterValidator(one_of(OUTCOMES))
]
State = Annotated[str, Query(json_schema_extra=listed(STATES)), AfterValidator(one_of(STATES))]
ChangeType = Annotated[
    str, Query(json_schema_extra=listed(CHANGE_TYPES)), AfterValidator(one_of(CHANGE_TYPES))
]
CODES = tuple(SEVERITIES)
LEVELS = tuple(dict.fromkeys(SEVERITIES.values()))
Code = Annotated[str, Query(json_schema_extra=listed(CODES)), AfterValidator(one_of(CODES))]
Severity = Annotated[str, Query(json_schema_extra=listed(LEVELS)), AfterValidator(one_of(LEVELS))]
ErrorClass = Annotated[str, Query(max_length=100, pattern="^[a-z0-9_]*$")]

_PAGE = (
    *(pages.c.url, pages.c.url_key, pages.c.final_url, pages.c.http_status, pages.c.fetched_at),
    *(pages.c.outcome, pages.c.page_kind, pages.c.title, pages.c.h1, pages.c.text_len),
    *(pages.c.bytes_in, pages.c.error_class, pages.c.error_message, pages.c.retry_count),
    *(pages.c.strategy_used, pages.c.proxy_used, pages.c.charset, pages.c.duration_ms),
    *(pages.c.truncated, pages.c.duplicate_of_url, pages.c.warnings, pages.c.content_hash),
    *(pages.c.data_full, pages.c.data_seo),
)
_URL = (
    *(job_urls.c.id, job_urls.c.position, job_urls.c.url, job_urls.c.source, job_urls.c.priority),
    *(job_urls.c.lastmod, job_urls.c.state, job_urls.c.outcome, job_urls.c.reason),
    *(job_urls.c.error_class, job_urls.c.attempts, job_urls.c.fetcher, job_urls.c.tier),
    *(job_urls.c.step_log, job_urls.c.next_at, job_urls.c.finished_at),
)
_CHANGE = (
    *(snapshot_versions, snapshots.c.url, snapshots.c.url_key, snapshots.c.variant_key),
)  # fmt: skip


@router.get("/jobs/{job_id}/pages", response_model=Listed)
def get_pages(
    request: Request,
    job_id: RowId,
    q: Search = "",
    outcome: Outcome = "",
    error_class: ErrorClass = "",
    limit: Limit500 = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Pages that were fetched, by address."""
    query = chosen(*_PAGE).where(pages.c.job_id == job_id)
    query = _filtered(query, pages.c, q, outcome, error_class)
    after = unpack(cursor, str)
    begin = query.where(pages.c.url_key > after[0]) if after else query
    return _listed(
        request, job_id, query, begin.order_by(pages.c.url_key), limit, lambda row: [row["url_key"]]
    )


@router.get("/jobs/{job_id}/urls", response_model=Listed)
def get_urls(
    request: Request,
    job_id: RowId,
    q: Search = "",
    outcome: Outcome = "",
    state: State = "",
    error_class: ErrorClass = "",
    limit: Limit500 = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Addresses of the list with their state, in its order."""
    query = chosen(*_URL).where(job_urls.c.job_id == job_id)
    query = _filtered(query, job_urls.c, q, outcome, error_class)
    if state:
        query = query.where(job_urls.c.state == state)
    place, after = (job_urls.c.position, job_urls.c.id), unpack(cursor, int, str)
    begin = query
    if after:
        position, row_id = after[0], as_id(after[1])
        same = sa.and_(place[0] == position, place[1] > row_id)
        begin = query.where(sa.or_(place[0] > position, same))
    return _listed(
        request,
        job_id,
        query,
        begin.order_by(*place),
        limit,
        lambda row: [row["position"], str(row["id"])],
    )


@router.get("/jobs/{job_id}/diff", response_model=Listed)
def get_diff(
    request: Request,
    job_id: RowId,
    q: Search = "",
    change_type: ChangeType = "",
    limit: Limit500 = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """What changed since the last good state, by address and variant."""
    query = (
        chosen(*_CHANGE)
        .join(snapshots, snapshots.c.id == snapshot_versions.c.snapshot_id)
        .where(snapshot_versions.c.job_id == job_id)
    )
    if q:
        query = query.where(text_in([snapshots.c.url], q))
    if change_type:
        query = query.where(snapshot_versions.c.change_type == change_type)
    key, after = (snapshots.c.url_key, snapshots.c.variant_key), unpack(cursor, str, str)
    begin = query.where(sa.tuple_(*key) > sa.tuple_(*after)) if after else query
    return _listed(
        request,
        job_id,
        query,
        begin.order_by(*key),
        limit,
        lambda row: [row["url_key"], row["variant_key"]],
        _change,
    )


@router.get("/jobs/{job_id}/issues", response_model=Listed)
def get_issues(
    request: Request,
    job_id: RowId,
    q: Search = "",
    code: Code = "",
    severity: Severity = "",
    limit: Limit500 = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Faults of SEO by address: code, how much it matters, what shows it."""
    sites, after = sites_of(request), unpack(cursor, str, int)
    part = sites.issues.part(
        sites.jobs.get_job(job_id),
        limit,
        after=(after[0], after[1]) if after else None,
        codes=codes_of(code, severity),
        q=q,
        language=request.app.state.renderer.language(request),
    )
    following = pack(part.after) if part.after else None
    return {"items": part.items, "next_cursor": following, "total": part.total}


def _filtered(
    query: sa.Select[Any], columns: Any, q: str, outcome: str, error_class: str
) -> sa.Select[Any]:
    if q:
        query = query.where(text_in([columns.url], q))
    if outcome:
        query = query.where(columns.outcome == outcome)
    return query.where(columns.error_class == error_class) if error_class else query


def _listed(
    request: Request,
    job_id: str,
    query: sa.Select[Any],
    ordered: sa.Select[Any],
    limit: int,
    place: Callable[[Any], list[Any]],
    show: Callable[[Any], dict[str, Any]] = plain,
) -> dict[str, Any]:
    counted = query.with_only_columns(sa.func.count(), maintain_column_froms=True)
    with house_of(request).db.read() as conn:
        get_job(conn, job_id)
        total = conn.execute(counted).scalar_one()
        rows = conn.execute(ordered.limit(limit + 1)).mappings().all()
    following = pack(place(rows[limit - 1])) if len(rows) > limit else None
    items = [show(row) for row in rows[:limit]]
    return {"items": items, "next_cursor": following, "total": total}


def _change(row: Any) -> dict[str, Any]:
    change = DiffRow(
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
    return {name: json_value(value) for name, value in diff_out(change).items()}
