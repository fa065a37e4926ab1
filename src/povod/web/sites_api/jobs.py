"""Jobs: started, listed, steered, ended (S7-S10, S15a)."""

from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from povod.kit.errors import NotFoundError, PovodError
from povod.kit.ids import new_id
from povod.sites.facade import Order, Source
from povod.sites.input.preview import next_page
from povod.sites.jobs import list_jobs
from povod.sites.response import job_responses
from povod.store.tables import jobs
from povod.store.tables.sites import JOB_STATES
from povod.web.once import Key
from povod.web.params import RowId, listed, one_of
from povod.web.roles import OPERATOR, VIEWER
from povod.web.sites_api.bodies import body, source_body
from povod.web.sites_api.common import Cursor, Limit100, house_of, login_of, sites_of
from povod.web.sites_api.models import (
    Accepted,
    BulkRequest,
    JobRequest,
    JobResponse,
    PreviewRequest,
    RetryRequest,
)
from povod.web.sites_api.reading import read_json, read_order

if TYPE_CHECKING:
    from povod.sites.facade import Sites

router = APIRouter()
Status = Annotated[
    str, Query(json_schema_extra=listed(JOB_STATES)), AfterValidator(one_of(JOB_STATES))
]
Domain = Annotated[str, Query(max_length=255)]


@router.post(
    "/jobs",
    status_code=201,
    response_model=JobResponse,
    dependencies=[OPERATOR],
    openapi_extra=source_body(JobRequest),
    responses={200: {"model": JobResponse, "description": "The job of the same Idempotency-Key"}},
)
async def start_job(request: Request, idempotency_key: Key = "") -> Response:
    """Start a job: one sitemap_url, sitemap_file, sitemap_urls or upload_id, or discover."""
    given, source = await read_order(request, JobRequest)
    order = Order(
        source=source,
        options=given.options,
        by=login_of(request),
        clone_of=given.clone_of or "",
        rights_confirmed=given.rights_confirmed,
        idempotency_key=idempotency_key,
        rate_key=rate_key(request),
    )
    started = await run_in_threadpool(sites_of(request).start, order)
    return await _shown(request, str(started.job["id"]), 201 if started.is_new else 200)


async def _shown(request: Request, job_id: str, status: int) -> Response:
    found = await run_in_threadpool(sites_of(request).response, job_id)
    data = JobResponse.model_validate(found).model_dump(mode="json")
    return JSONResponse(data, status, {"Location": f"/api/jobs/{job_id}"})


def rate_key(request: Request) -> str:
    """Whose starts are counted: the person, or the address when nobody is asked for a name."""
    person = request.state.person
    if person.id == "local":
        return f"ip:{request.client.host if request.client else ''}"
    return f"user:{person.login}"


@router.get("/jobs", response_model=list[JobResponse], dependencies=[VIEWER])
def get_jobs(
    request: Request,
    response: Response,
    domain: Domain = "",
    status: Status = "",
    limit: Limit100 = 50,
    cursor: Cursor = "",
) -> list[dict[str, Any]]:
    """Jobs, newest first; the header X-Next-Cursor leads to the next part."""
    house = house_of(request)
    with house.db.read() as conn:
        rows, following = list_jobs(
            conn, domain=_clean(domain), status=status, limit=limit, cursor=cursor
        )
        found = job_responses(conn, rows, house.clock.now())
    if following:
        response.headers["X-Next-Cursor"] = following
    return found


def _clean(domain: str) -> str:
    return domain.strip().lower().removeprefix("www.").replace("\0", "")


@router.get("/jobs/{job_id}", response_model=JobResponse, dependencies=[VIEWER])
def get_job(request: Request, job_id: RowId) -> dict[str, Any]:
    """One job."""
    return sites_of(request).response(job_id)


@router.delete("/jobs/{job_id}", status_code=204, dependencies=[OPERATOR])
def delete_job(request: Request, job_id: RowId) -> None:
    """Remove a job that has ended, with its files; what was learnt of the site stays."""
    sites_of(request).delete_job(job_id, login_of(request))


@router.post(
    "/jobs/{job_id}/cancel", status_code=202, response_model=Accepted, dependencies=[OPERATOR]
)
def cancel_job(request: Request, job_id: RowId) -> dict[str, Any]:
    """End a job; what was fetched stays."""
    return _command(request, job_id, "cancel")


@router.post(
    "/jobs/{job_id}/pause", status_code=202, response_model=Accepted, dependencies=[OPERATOR]
)
def pause_job(request: Request, job_id: RowId) -> dict[str, Any]:
    """Let a job rest."""
    return _command(request, job_id, "pause")


@router.post(
    "/jobs/{job_id}/resume", status_code=202, response_model=Accepted, dependencies=[OPERATOR]
)
def resume_job(request: Request, job_id: RowId) -> dict[str, Any]:
    """Go on with a job that rests, or with what an ended one left."""
    return _command(request, job_id, "resume")


@router.post(
    "/jobs/{job_id}/retry-failed",
    status_code=202,
    response_model=Accepted,
    dependencies=[OPERATOR],
    openapi_extra=body(RetryRequest, required=False),
)
async def retry_failed(request: Request, job_id: RowId) -> dict[str, Any]:
    """Fetch what failed again."""
    given = await read_json(request, RetryRequest, optional=True)
    return await run_in_threadpool(_command, request, job_id, "retry-failed", list(given.outcomes))


def _command(
    request: Request, job_id: str, action: str, outcomes: list[str] | None = None
) -> dict[str, Any]:
    job = sites_of(request).command(job_id, action, login_of(request), outcomes or ())
    return {"ok": True, "status": job["status"]}


@router.post("/jobs/{job_id}/diff/accept", dependencies=[OPERATOR])
def accept_diff(request: Request, job_id: RowId) -> dict[str, int]:
    """The removals of a held diff are true."""
    return sites_of(request).decide_diff(job_id, "accept", login_of(request))


@router.post("/jobs/{job_id}/diff/reject", dependencies=[OPERATOR])
def reject_diff(request: Request, job_id: RowId) -> dict[str, int]:
    """The site was ill: its removals do not count."""
    return sites_of(request).decide_diff(job_id, "reject", login_of(request))


@router.post(
    "/sitemaps/preview", dependencies=[OPERATOR], openapi_extra=source_body(PreviewRequest)
)
async def preview(request: Request) -> dict[str, Any]:
    """What a list holds: counts, a hundred addresses, an estimate (S44)."""
    given, source = await read_order(request, PreviewRequest)
    sites = sites_of(request)
    if given.cursor:
        return await run_in_threadpool(next_page, sites.deps, given.cursor)
    if source.upload is not None:
        await run_in_threadpool(sites.starter.count_start, rate_key(request))
    return await run_in_threadpool(sites.preview, source, given.options, login_of(request))


@router.post(
    "/jobs/bulk", status_code=202, dependencies=[OPERATOR], openapi_extra=body(BulkRequest)
)
async def start_bulk(request: Request) -> dict[str, Any]:
    """A job for each domain; per domain its id or the code of what is wrong."""
    given = await read_json(request, BulkRequest)
    return await run_in_threadpool(_bulk, sites_of(request), given, login_of(request))


def _bulk(sites: "Sites", given: BulkRequest, by: str) -> dict[str, Any]:
    bulk_id, items = new_id(), []
    for domain in dict.fromkeys(given.domains):
        options = {**given.options, "domain": domain, "discover": True}
        order = Order(
            source=Source(),
            options=options,
            by=by,
            rights_confirmed=given.rights_confirmed,
            bulk_id=bulk_id,
        )
        try:
            job = sites.start(order).job
            items.append({"domain": domain, "job_id": str(job["id"]), "error": None})
        except PovodError as error:
            items.append({"domain": domain, "job_id": None, "error": str(error.code)})
    return {"bulk_id": bulk_id, "items": items}


@router.get("/bulk/{bulk_id}", dependencies=[VIEWER])
def get_bulk(request: Request, bulk_id: RowId) -> dict[str, Any]:
    """The jobs of a bulk start."""
    house = house_of(request)
    query = sa.select(jobs).where(jobs.c.bulk_id == bulk_id).order_by(jobs.c.id)
    with house.db.read() as conn:
        rows = [dict(row) for row in conn.execute(query).mappings()]
        found = job_responses(conn, rows, house.clock.now())
    if not found:
        raise NotFoundError(f"there is no bulk start {bulk_id}")
    return {"bulk_id": bulk_id, "items": found}
