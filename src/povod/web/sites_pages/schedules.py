"""Schedules of crawls: when each site is collected by itself (S129)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator

from povod.kit.errors import PovodError
from povod.kit.text import clean
from povod.sites.timing import EVERY_SIX_HOURS
from povod.web.params import RowId
from povod.web.problems import status_of
from povod.web.roles import OPERATOR
from povod.web.sites_api.jobs import rate_key
from povod.web.sites_pages.common import login_of, show, sites_of

router = APIRouter(prefix="/schedules")
HERE = "/schedules"
Line = Annotated[str, Form(max_length=4096), AfterValidator(clean)]


@router.get("")
def schedules_page(request: Request, domain: str = "") -> Response:
    """All schedules; `domain` begins the form."""
    return _page(request, {"domain": domain[:255], "cron": EVERY_SIX_HOURS})


@router.post("", dependencies=[OPERATOR])
def add(
    request: Request,
    domain: Line,
    cron: Line = EVERY_SIX_HOURS,
    zone: Line = "",
    maintenance: Line = "",
    sitemap_url: Line = "",
    rights: Line = "",
) -> Response:
    """Let a site be collected by itself."""
    typed = {"domain": domain, "cron": cron, "zone": zone, "maintenance": maintenance}
    typed["sitemap_url"] = sitemap_url
    if not rights:
        return _page(request, typed, unasked=True, status_code=422)
    wish = {name: value for name, value in typed.items() if value or name != "zone"}
    try:
        sites_of(request).schedules.create(wish, login_of(request))
    except PovodError as error:
        return _page(request, typed, error=error, status_code=status_of(error))
    return RedirectResponse(HERE, status_code=303)


@router.post("/{schedule_id}/run", dependencies=[OPERATOR])
def run(request: Request, schedule_id: RowId) -> Response:
    """A job now; the times of the schedule stay as they are."""
    plans, by = sites_of(request).schedules, login_of(request)
    try:
        started = plans.run_now(schedule_id, by, rate_key=rate_key(request))
    except PovodError as error:
        typed = {"domain": "", "cron": EVERY_SIX_HOURS}
        return _page(request, typed, error=error, status_code=status_of(error))
    return RedirectResponse(f"/sites/jobs/{started.job['id']}", status_code=303)


@router.post("/{schedule_id}/{order}", dependencies=[OPERATOR])
def steer(
    request: Request, schedule_id: RowId, order: Literal["enable", "disable", "delete"]
) -> Response:
    """Switch it on or off, or forget it; its jobs stay."""
    plans, by = sites_of(request).schedules, login_of(request)
    if order == "delete":
        plans.delete(schedule_id, by)
    else:
        plans.change(schedule_id, {"enabled": order == "enable"}, by)
    return RedirectResponse(HERE, status_code=303)


def _page(
    request: Request,
    typed: dict[str, str],
    *,
    error: PovodError | None = None,
    unasked: bool = False,
    status_code: int = 200,
) -> Response:
    values: dict[str, Any] = {"typed": typed, "error": str(error or ""), "unasked": unasked}
    rows = sites_of(request).schedules.listed()
    return show(request, "schedules.html", status_code=status_code, rows=rows, **values)
