"""Schedules of crawls: made, changed, run at once, forgotten (S15a, S129)."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from povod.sites.options import JobOptions
from povod.web.once import Key
from povod.web.params import RowId
from povod.web.roles import OPERATOR, VIEWER
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import Cursor, Limit500, as_id, login_of, pack, sites_of, unpack
from povod.web.sites_api.jobs import rate_key
from povod.web.sites_api.models import JobResponse, Listed, ScheduleChange, ScheduleRequest
from povod.web.sites_api.reading import read_json

router = APIRouter()


@router.get("/schedules", response_model=Listed, dependencies=[VIEWER])
def get_schedules(request: Request, limit: Limit500 = 50, cursor: Cursor = "") -> dict[str, Any]:
    """All schedules, oldest first."""
    after, plans = unpack(cursor, str), sites_of(request).schedules
    rows = plans.listed(limit + 1, as_id(after[0]) if after else "")
    following = pack([rows[limit - 1]["id"]]) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": following, "total": plans.count()}


@router.post(
    "/schedules", status_code=201, dependencies=[OPERATOR], openapi_extra=body(ScheduleRequest)
)
async def add_schedule(request: Request) -> dict[str, Any]:
    """Let a site be collected by itself; asking for it asserts the right to do so."""
    given = await read_json(request, ScheduleRequest)
    JobOptions.parse(given.options, strict=True)
    wish = {name: value for name, value in given if name in given.model_fields_set}
    return await run_in_threadpool(sites_of(request).schedules.create, wish, login_of(request))


@router.get("/schedules/{schedule_id}", dependencies=[VIEWER])
def get_schedule(request: Request, schedule_id: RowId) -> dict[str, Any]:
    """One schedule, with its next time and what became of its last."""
    return sites_of(request).schedules.get(schedule_id)


@router.patch(
    "/schedules/{schedule_id}", dependencies=[OPERATOR], openapi_extra=body(ScheduleChange)
)
async def change_schedule(request: Request, schedule_id: RowId) -> dict[str, Any]:
    """Change some of it; switch it on or off."""
    given = await read_json(request, ScheduleChange)
    JobOptions.parse(given.options, strict=True)
    wish = {name: value for name, value in given if name in given.model_fields_set}
    by = login_of(request)
    return await run_in_threadpool(sites_of(request).schedules.change, schedule_id, wish, by)


@router.delete("/schedules/{schedule_id}", status_code=204, dependencies=[OPERATOR])
def delete_schedule(request: Request, schedule_id: RowId) -> Response:
    """Forget a schedule; its jobs stay."""
    sites_of(request).schedules.delete(schedule_id, login_of(request))
    return Response(status_code=204)


@router.post(
    "/schedules/{schedule_id}/run",
    status_code=201,
    response_model=JobResponse,
    dependencies=[OPERATOR],
    responses={200: {"model": JobResponse, "description": "The job of the same Idempotency-Key"}},
)
def run_schedule(
    request: Request, response: Response, schedule_id: RowId, idempotency_key: Key = ""
) -> dict[str, Any]:
    """A job now; the times of the schedule stay as they are."""
    sites, by = sites_of(request), login_of(request)
    started = sites.schedules.run_now(schedule_id, by, idempotency_key, rate_key(request))
    response.status_code = 201 if started.is_new else 200
    response.headers["Location"] = f"/api/jobs/{started.job['id']}"
    return sites.response(str(started.job["id"]))
