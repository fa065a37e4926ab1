"""The JSON API of watched sites, and what every program asks first (sites, section 2)."""

from fastapi import APIRouter

from povod.web.sites_api import (
    budgets,
    files,
    health,
    jobs,
    lists,
    proxies,
    schedules,
    sites,
    stream,
    webhooks,
)

router = APIRouter()
for part in (health, jobs, lists, files, stream, sites, proxies, budgets, schedules, webhooks):
    router.include_router(part.router, prefix="/api")

__all__ = ["router"]
