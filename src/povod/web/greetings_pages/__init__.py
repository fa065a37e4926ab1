"""The pages of clients and greetings (G128-G133)."""

from fastapi import APIRouter

from povod.web.greetings_pages import (
    calendar,
    client,
    client_forms,
    client_import,
    clients,
    dashboard,
    events,
    from_company,
    greeting,
    greetings,
    holidays,
    manual,
    runs,
)
from povod.web.people import OWN_ONLY

router = APIRouter(include_in_schema=False)
# Pages with fixed words in their address come before those that take an id in that place.
for part in (
    *(dashboard, client_import, client_forms, clients, client, calendar, manual, events),
    *(greetings, greeting, runs, holidays, from_company),
):
    router.include_router(part.router, dependencies=[OWN_ONLY])

__all__ = ["router"]
