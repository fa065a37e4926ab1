"""The JSON API of clients, events, greetings, the calendar and runs (G134)."""

from fastapi import APIRouter

from povod.web.greetings_api import (
    clients,
    deliveries,
    events,
    greetings,
    holidays,
    imports,
    runs,
)
from povod.web.greetings_api.shapes import FAULTS
from povod.web.people import OWN_ONLY

router = APIRouter(prefix="/api", responses=FAULTS)
# Fixed words before `/clients/{client_id}`.
for part in (imports, clients, events, greetings, holidays, runs, deliveries):
    router.include_router(part.router, dependencies=[OWN_ONLY])

__all__ = ["router"]
