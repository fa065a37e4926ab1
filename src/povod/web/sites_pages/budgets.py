"""Budgets of traffic: what is used of them, and their limits (S75)."""

import math

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from povod.kit.errors import InputError, PovodError
from povod.sites.budgets import LIMITS, budgets_now, put_limits
from povod.web.problems import status_of
from povod.web.roles import ADMIN, OPERATOR
from povod.web.sites_api.budgets import BudgetsRequest
from povod.web.sites_api.reading import checked
from povod.web.sites_pages.common import login_of, show, sites_of

router = APIRouter(prefix="/settings/budgets")
HERE = "/settings/budgets"


@router.get("", dependencies=[OPERATOR])
def budgets_page(request: Request) -> Response:
    """Limits, and the counters of this day and month."""
    return _page(request)


@router.post("", dependencies=[ADMIN])
async def save(request: Request) -> Response:
    """Set the limits; an empty field is as the policies say."""
    async with request.form(max_files=0, max_fields=len(LIMITS)) as form:
        typed = {name: str(form.get(name, "")).strip() for name in LIMITS}
    return await run_in_threadpool(_save, request, typed)


def _save(request: Request, typed: dict[str, str]) -> Response:
    try:
        given = {name: _number(name, value) for name, value in typed.items() if value}
        limits = checked(BudgetsRequest, orjson.dumps(given)).model_dump(exclude_none=True)
        put_limits(sites_of(request).deps, limits, login_of(request))
    except PovodError as error:
        return _page(request, typed, str(error), status_of(error))
    return RedirectResponse(HERE, status_code=303)


def _number(name: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):  # JSON has none of these: the limit would be unset in silence
        raise InputError(f"{name}: {text[:40]!r} is no number; write MB, such as 500")
    return number


def _page(
    request: Request, typed: dict[str, str] | None = None, error: str = "", status_code: int = 200
) -> Response:
    found = budgets_now(sites_of(request).deps)
    return show(
        request, "budgets.html", status_code=status_code, names=LIMITS, error=error,
        typed=typed or found["set"], may_change=request.state.person.may("admin"), **found,
    )  # fmt: skip
