"""The list of greetings: tabs, filters, one decision for many (G132)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import AfterValidator

from povod.greetings.views import TABS
from povod.store.tables.greetings import EVENT_TYPES, SEGMENTS
from povod.web.greetings_api.shapes import (
    Cursor,
    IdQuery,
    actor_of,
    choice,
    house_of,
    person_of,
)
from povod.web.greetings_pages.common import DayText, DoneWord, LineField, page
from povod.web.params import row_id
from povod.web.people import owner_filter
from povod.web.roles import APPROVER, VIEWER

router = APIRouter(prefix="/greetings")
SIZE = 50
SOURCES = ("template", "llm", "human")
TONES = ("official", "warm")
Ids = Annotated[list[Annotated[str, AfterValidator(row_id)]], Form(max_length=200)]


@router.get("", dependencies=[VIEWER])
def greetings_page(
    request: Request,
    tab: choice(*TABS) = "",  # type: ignore[valid-type]
    segment: choice(*SEGMENTS) = "",  # type: ignore[valid-type]
    kind: choice(*EVENT_TYPES) = "",  # type: ignore[valid-type]
    tone: choice(*TONES) = "",  # type: ignore[valid-type]
    text_source: choice(*SOURCES) = "",  # type: ignore[valid-type]
    client_id: IdQuery = "",
    run_id: IdQuery = "",
    since: DayText = None,
    until: DayText = None,
    cursor: Cursor = "",
    done: DoneWord = "",
) -> Response:
    """The list, newest first."""
    house, person = house_of(request), person_of(request)
    wanted = {"tab": tab, "segment": segment, "kind": kind, "tone": tone}
    wanted |= {"text_source": text_source, "client_id": client_id, "run_id": run_id}
    days = {"since": since, "until": until}
    owner = owner_filter(house, person)
    found = house.greetings.greetings(limit=SIZE, cursor=cursor, owner=owner, **wanted, **days)
    return page(
        request,
        "greetings/list.html",
        done=done,
        found=found,
        wanted={**wanted, **days},
        cursor=cursor,
        counts=house.greetings.tabs(),
        segments=SEGMENTS,
        kinds=EVENT_TYPES,
        tones=TONES,
        sources=SOURCES,
        may_decide=person.may("approver"),
    )


@router.post("/bulk", dependencies=[APPROVER])
def decide_many(
    request: Request,
    action: Annotated[Literal["approve", "reject", "skip", "regenerate"], Form()],
    ids: Ids,
    comment: LineField = "",
) -> Response:
    """One decision for the marked ones; what is left out is named with its reason."""
    greetings = house_of(request).greetings
    result = greetings.bulk(action, actor_of(request), ids=ids, comment=comment[:1000])
    left_out = [(greeting_id, reason) for greeting_id, reason in result["left_out"].items()]
    values: dict[str, Any] = {"action": action, "count": len(result["done"]), "left_out": left_out}
    return page(request, "greetings/bulk.html", **values)
