"""Pages of watched sites: history, a new job, a job, products, changes, settings (S143-S146)."""

from fastapi import APIRouter

from povod.web.sites_pages import (
    actions,
    budgets,
    changes,
    history,
    job,
    live,
    products,
    profiles,
    proxies,
    schedules,
    starting,
    webhooks,
)

router = APIRouter(include_in_schema=False)
_JOBS = (history, starting, job, actions, live, products, changes)
_SETTINGS = (schedules, profiles, proxies, budgets, webhooks)
for _room in (*_JOBS, *_SETTINGS):
    router.include_router(_room.router)
