"""Pages of watched sites: history, a new job, a job, products, changes, profiles (S143-S146)."""

from fastapi import APIRouter

from povod.web.sites_pages import (
    actions,
    changes,
    history,
    job,
    live,
    products,
    profiles,
    proxies,
    starting,
)

router = APIRouter(include_in_schema=False)
for _room in (history, starting, job, actions, live, products, changes, profiles, proxies):
    router.include_router(_room.router)
