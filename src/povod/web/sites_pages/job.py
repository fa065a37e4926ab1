"""One job: how far it is, what it found, what went wrong (S144)."""

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator

from povod.crawl.extract.issue_texts import message_of
from povod.sites.exports.columns import TYPES
from povod.sites.exports.write import DIALECTS, FORMATS, LAYOUTS
from povod.sites.jobs import get_job
from povod.sites.response import one_response
from povod.store.paging import PAGE_SIZE
from povod.store.tables.sites import CHANGE_TYPES
from povod.web.params import Page, RowId, Text, one_of
from povod.web.sites_pages import reading
from povod.web.sites_pages.common import house_of, show, sites_of

router = APIRouter()
Outcome = Annotated[str, Query(), AfterValidator(one_of(reading.FAILED))]
Kind = Annotated[str, Query(), AfterValidator(one_of(CHANGE_TYPES))]
SHOWN_ISSUES = 20


@router.get("/sites/jobs/{job_id}")
def job_page(request: Request, job_id: RowId) -> Response:
    """The job; its upper part follows the work by itself."""
    values = live_values(request, job_id)
    maker = sites_of(request).exports
    kinds = [name for name in TYPES if name != "issues" or maker.issues is not None]
    values |= {"types": kinds, "formats": FORMATS, "layouts": LAYOUTS, "dialects": DIALECTS}
    return show(request, "job.html", issues=issues_of(request, values["job"]), **values)


def live_values(request: Request, job_id: str) -> dict[str, Any]:
    """What changes while the job runs."""
    house = house_of(request)
    with house.db.read() as conn:
        job = get_job(conn, job_id)
        values = {
            "job": job,
            "facts": one_response(conn, job, house.clock.now()),
            "progress": reading.progress_of(conn, job_id),
            "log": reading.log_of(conn, job_id),
            "hosts": reading.hosts_of(conn, job["domain"]),
            "failures": reading.failures_of(conn, job_id, size=reading.SHOWN_FAILURES),
            "changes": reading.diff_of(conn, job_id, size=reading.PREVIEW_ROWS),
        }
    allowed = reading.choices(job) if request.state.person.may("operator") else []
    return {**values, "allowed": allowed, "files": sites_of(request).exports.list(job_id)}


def issues_of(request: Request, job: Any) -> list[Any] | None:
    """The first faults of SEO that were found; None when they are not looked for here."""
    maker = sites_of(request).exports
    if maker.issues is None:
        return None
    found = maker.issues(maker.db, str(job["id"]), job["domain"])
    language = request.app.state.renderer.language(request)
    return [
        {**row, "message": message_of(row["code"], language)} for row in islice(found, SHOWN_ISSUES)
    ]


@router.get("/sites/jobs/{job_id}/errors")
def errors_page(
    request: Request, job_id: RowId, q: Text = "", outcome: Outcome = "", page: Page = 1
) -> Response:
    """Addresses that nobody saw, and why."""
    with house_of(request).db.read() as conn:
        job = get_job(conn, job_id)
        listing = reading.failures_of(
            conn, job_id, outcome=outcome, text=q, page=page, size=PAGE_SIZE
        )
        counts = reading.failure_counts(conn, job_id)
    may_retry = request.state.person.may("operator") and "retry-failed" in reading.choices(job)
    values: dict[str, Any] = {"job": job, "listing": listing, "counts": counts}
    values |= {"may_retry": may_retry, "outcomes": reading.FAILED}
    return show(request, "errors.html", q=q, outcome=outcome, **values)


@router.get("/sites/jobs/{job_id}/diff")
def diff_page(request: Request, job_id: RowId, kind: Kind = "", page: Page = 1) -> Response:
    """What changed since the last good state of the site."""
    with house_of(request).db.read() as conn:
        job = get_job(conn, job_id)
        listing = reading.diff_of(conn, job_id, kind=kind, page=page)
    counts = {name: job[name.lower()] for name in CHANGE_TYPES}
    may_decide = job["diff_state"] == "held" and request.state.person.may("operator")
    values: dict[str, Any] = {"job": job, "listing": listing, "counts": counts}
    values |= {"may_decide": may_decide, "kinds": CHANGE_TYPES}
    return show(request, "diff.html", kind=kind, **values)
