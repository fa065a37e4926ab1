"""Occasions: the list, and what a person may do with one (G131)."""

from fastapi import APIRouter, Request, Response

from povod.store.tables.greetings import EVENT_STATES, EVENT_TYPES
from povod.web.greetings_api.shapes import (
    Cursor,
    IdQuery,
    Word,
    actor_of,
    choice,
    house_of,
    person_of,
)
from povod.web.greetings_pages.common import DayText, DoneWord, LineField, go, page
from povod.web.params import RowId
from povod.web.people import owner_filter
from povod.web.roles import OPERATOR, VIEWER

router = APIRouter(prefix="/events")
SIZE = 50


@router.get("", dependencies=[VIEWER])
def events_page(
    request: Request,
    status: choice(*EVENT_STATES) = "",  # type: ignore[valid-type]
    event_type: choice(*EVENT_TYPES) = "",  # type: ignore[valid-type]
    client_id: IdQuery = "",
    run_id: IdQuery = "",
    code: Word = "",
    reason: Word = "",
    since: DayText = None,
    until: DayText = None,
    cursor: Cursor = "",
    done: DoneWord = "",
) -> Response:
    """The list, newest first."""
    wanted = {"status": status, "event_type": event_type, "client_id": client_id}
    wanted |= {"run_id": run_id, "code": code, "reason": reason}
    days = {"since": since, "until": until}
    house = house_of(request)
    owner = owner_filter(house, person_of(request))
    found = house.greetings.events(limit=SIZE, cursor=cursor, owner=owner, **wanted, **days)
    return page(
        request,
        "greetings/events.html",
        done=done,
        found=found,
        wanted={**wanted, **days},
        cursor=cursor,
        states=EVENT_STATES,
        types=EVENT_TYPES,
    )


@router.get("/{event_id}", dependencies=[VIEWER])
def event_page(request: Request, event_id: RowId, done: DoneWord = "") -> Response:
    """One occasion: what was found, why, and what became of it."""
    event = house_of(request).greetings.event(event_id)
    may_work = person_of(request).may("operator")
    return page(request, "greetings/event.html", done=done, event=event, may_work=may_work)


@router.post("/{event_id}/greet-anyway", dependencies=[OPERATOR])
def greet_anyway(request: Request, event_id: RowId) -> Response:
    """Greet on an occasion that another one superseded."""
    house_of(request).greetings.greet_anyway(event_id, actor_of(request))
    return go(f"/events/{event_id}", done="greeted")


@router.post("/{event_id}/skip", dependencies=[OPERATOR])
def skip(request: Request, event_id: RowId, reason: LineField = "") -> Response:
    """Leave the occasion out."""
    house_of(request).greetings.skip_event(event_id, actor_of(request), reason[:300])
    return go(f"/events/{event_id}", done="skipped")
