"""Events: occasions that were found, and greetings that people order (G38, G41)."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from povod.greetings.manual import LONGEST_TITLE, MOST_CLIENTS
from povod.kit.errors import InputError
from povod.store.tables.greetings import EVENT_STATES, EVENT_TYPES
from povod.web.greetings_api.shapes import (
    Cursor,
    Day,
    DayQuery,
    Id,
    IdQuery,
    In,
    Limit,
    Line,
    Listed,
    Prose,
    Word,
    actor_of,
    choice,
    house_of,
    person_of,
)
from povod.web.once import REPEATED, Key, once
from povod.web.params import RowId
from povod.web.people import owner_filter
from povod.web.roles import OPERATOR, VIEWER

router = APIRouter(prefix="/events", tags=["events"])
Title = Annotated[Line, Field(min_length=1, max_length=LONGEST_TITLE)]
Segment = Literal["", "vip", "new", "loyal", "standard"]
Tone = Literal["", "official", "warm"]


class EventOut(BaseModel):
    """An occasion of a client."""

    id: str
    client_id: str
    client_name: str
    client_segment: str
    event_type: str
    event_key: str
    title: str
    occasion_date: date
    deliver_on: date
    tone: str
    match_reason: str
    rank: int
    score: int
    status: str
    reason: str
    superseded_by: str | None
    greeting_id: str | None = None
    run_id: str | None
    created_by: str
    created_at: datetime


class EventList(Listed):
    """A part of the list, newest first."""

    items: list[EventOut]


class ManualIn(In):
    """A greeting that a person orders: for one client, several, or a segment."""

    event_date: Day
    title: Title
    client_id: Id | None = None
    client_ids: list[Id] = Field([], max_length=MOST_CLIENTS)
    segment: Segment = ""
    title_instrumental: Annotated[Line, Field(max_length=LONGEST_TITLE)] = ""
    tone: Tone = ""
    note: Annotated[Prose, Field(max_length=1000)] = ""

    def wish(self) -> dict[str, Any]:
        """The order as the job knows it."""
        said = self.model_dump(exclude={"client_id"})
        return said | {"client_ids": [*self.client_ids, *filter(None, [self.client_id])]}


class ManualOut(BaseModel):
    """What became of an order, client by client."""

    made: list[str]
    duplicates: list[str]
    skipped: dict[str, str]


class Concerned(BaseModel):
    """A client of an order: why left out, which other occasions are lost."""

    id: str
    name: str
    reason: str
    loses: list[str]


class ManualPreview(BaseModel):
    """The clients of an order and one rendered text."""

    clients: list[Concerned]
    text: dict[str, str]


class Why(In):
    """A reason in words."""

    reason: Annotated[Line, Field(max_length=300)] = ""


@router.get("", response_model=EventList, dependencies=[VIEWER])
def get_events(
    request: Request,
    status: choice(*EVENT_STATES) = "",  # type: ignore[valid-type]
    event_type: choice(*EVENT_TYPES) = "",  # type: ignore[valid-type]
    client_id: IdQuery = "",
    run_id: IdQuery = "",
    code: Word = "",
    reason: Word = "",
    since: DayQuery = None,
    until: DayQuery = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Occasions, newest first; `since` and `until` are days of delivery."""
    wanted = {"status": status, "event_type": event_type, "client_id": client_id, "code": code}
    wanted |= {"reason": reason, "run_id": run_id, "since": since, "until": until}
    house = house_of(request)
    wanted["owner"] = owner_filter(house, person_of(request))
    found = house.greetings.events(limit=limit, cursor=cursor, **wanted)
    return {"items": found.rows, "next_cursor": found.next_cursor}


@router.post(
    "/manual",
    status_code=201,
    response_model=ManualOut,
    responses={200: {"model": ManualOut, "description": REPEATED}},
    dependencies=[OPERATOR],
)
def order(
    request: Request, given: ManualIn, response: Response, idempotency_key: Key = ""
) -> dict[str, Any]:
    """Order greetings; 409 when the only client has that occasion already (G172)."""
    need_somebody(given)

    def make() -> dict[str, Any]:
        result = house_of(request).greetings.manual(actor_of(request), **given.wish())
        return {"made": result.made, "duplicates": result.duplicates, "skipped": result.skipped}

    return once(request, response, idempotency_key, given, make)


def need_somebody(given: ManualIn) -> None:
    """`InputError` unless the order names clients or a segment."""
    if not given.wish()["client_ids"] and not given.segment:
        message = "name a client, several clients or a segment"
        raise InputError(message, errors=[{"field": "client_id", "message": message}])


@router.post("/manual/preview", response_model=ManualPreview, dependencies=[OPERATOR])
def preview_order(request: Request, given: ManualIn) -> dict[str, Any]:
    """Who would be greeted, what each loses on that day, and one text; nothing is written."""
    need_somebody(given)
    return house_of(request).greetings.preview_manual(**given.wish())


@router.get("/{event_id}", response_model=EventOut, dependencies=[VIEWER])
def get_event(request: Request, event_id: RowId) -> dict[str, Any]:
    """One occasion."""
    return house_of(request).greetings.event(event_id)


@router.post("/{event_id}/greet-anyway", response_model=EventOut, dependencies=[OPERATOR])
def greet_anyway(request: Request, event_id: RowId) -> dict[str, Any]:
    """Greet on an occasion that another one superseded."""
    return house_of(request).greetings.greet_anyway(event_id, actor_of(request))


@router.post("/{event_id}/skip", response_model=EventOut, dependencies=[OPERATOR])
def skip(request: Request, event_id: RowId, given: Why) -> dict[str, Any]:
    """Leave an occasion out."""
    return house_of(request).greetings.skip_event(event_id, actor_of(request), given.reason)
