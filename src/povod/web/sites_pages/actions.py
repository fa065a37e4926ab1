"""What a person orders on the page of a job: pause, go on, end, try again, a file, a verdict."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from povod.sites.exports.write import Kind
from povod.web.params import RowId
from povod.web.roles import OPERATOR
from povod.web.sites_pages.common import login_of, sites_of

router = APIRouter(dependencies=[OPERATOR])
Action = Literal["pause", "resume", "cancel", "retry-failed"]
Outcome = Literal["", "blocked", "error", "skipped"]
Word = Annotated[str, Form(max_length=40)]


@router.post("/sites/jobs/{job_id}/exports")
def order_export(
    request: Request,
    job_id: RowId,
    type: Word,  # noqa: A002
    format: Word = "csv",  # noqa: A002
    layout: Word = "standard",
    dialect: Word = "canonical",
) -> Response:
    """Order a file; it appears in the list when it is ready."""
    sites_of(request).order_export(job_id, Kind(type, format, layout, dialect), login_of(request))
    return _back(job_id, "#files-title")


@router.post("/sites/jobs/{job_id}/diff/{verdict}")
def decide(request: Request, job_id: RowId, verdict: Literal["accept", "reject"]) -> Response:
    """A person's word on a diff that was held back."""
    sites_of(request).decide_diff(job_id, verdict, login_of(request))
    return RedirectResponse(f"/sites/jobs/{job_id}/diff", status_code=303)


@router.post("/sites/jobs/{job_id}/{action}")
def command(
    request: Request, job_id: RowId, action: Action, outcome: Annotated[Outcome, Form()] = ""
) -> Response:
    """Steer the job; the table of states says whether it can be done."""
    outcomes = [outcome] if outcome else []
    sites_of(request).command(job_id, action, login_of(request), outcomes)
    return _back(job_id)


def _back(job_id: str, place: str = "") -> Response:
    return RedirectResponse(f"/sites/jobs/{job_id}{place}", status_code=303)
