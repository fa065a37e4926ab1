"""Budgets of traffic: seen by operators, set by admins (S15a, S75)."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from povod.sites.budgets import budgets_now, put_limits
from povod.web.roles import ADMIN, OPERATOR
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import login_of, sites_of
from povod.web.sites_api.reading import read_json

router = APIRouter()
Megabytes = Annotated[float, Field(ge=0, le=100_000_000)]


class BudgetsRequest(BaseModel):
    """Limits in MB; what is left out is as the policies say."""

    model_config = ConfigDict(extra="forbid")

    all_soft_mb: Megabytes | None = None
    all_hard_mb: Megabytes | None = None
    site_soft_mb: Megabytes | None = None
    site_hard_mb: Megabytes | None = None
    site_residential_mb: Megabytes | None = None
    residential_month_soft_mb: Megabytes | None = None
    residential_month_hard_mb: Megabytes | None = None
    residential_provider_mb: Megabytes | None = None


@router.get("/budgets", dependencies=[OPERATOR])
def get_budgets(request: Request) -> dict[str, Any]:
    """Limits in MB and what is used of them, in bytes."""
    return budgets_now(sites_of(request).deps)


@router.put("/budgets", dependencies=[ADMIN], openapi_extra=body(BudgetsRequest))
async def put_budgets(request: Request) -> dict[str, Any]:
    """Set the limits of the house."""
    given = (await read_json(request, BudgetsRequest)).model_dump(exclude_none=True)
    return await run_in_threadpool(put_limits, sites_of(request).deps, given, login_of(request))
