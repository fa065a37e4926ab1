"""Ordering a greeting by hand: whom, when, what for; a preview first (G38)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from povod.book.clients.listing import ClientFilter, list_clients
from povod.greetings.people import display_name
from povod.kit.errors import ConflictError, InputError
from povod.store.tables import clients
from povod.store.tables.greetings import SEGMENTS
from povod.web.greetings_api.shapes import (
    FIRST_DAY,
    LAST_DAY,
    Line,
    Prose,
    actor_of,
    house_of,
    person_of,
)
from povod.web.greetings_pages.common import go, page
from povod.web.params import Text, row_id
from povod.web.people import owner_filter
from povod.web.problems import status_of
from povod.web.roles import OPERATOR

router = APIRouter(prefix="/events/new")
FOUND = 20
MOST_CHOSEN = 200
OneId = Annotated[str, AfterValidator(row_id)]


class OrderForm(BaseModel):
    """The order as a browser sends it."""

    event_date: Annotated[date | None, Field(ge=FIRST_DAY, le=LAST_DAY)] = None
    title: Line = ""
    title_instrumental: Line = ""
    client_ids: list[OneId] = Field([], max_length=MOST_CHOSEN)
    segment: Literal["", "vip", "new", "loyal", "standard"] = ""
    tone: Literal["", "official", "warm"] = ""
    note: Prose = ""
    action: Literal["preview", "order"] = "preview"

    def wish(self) -> dict[str, Any]:
        """As the job knows it."""
        if self.event_date is None:
            raise InputError("choose the day of the occasion")
        return {**self.model_dump(exclude={"action"}), "event_date": self.event_date}


@router.get("", dependencies=[OPERATOR])
def form_page(
    request: Request,
    q: Text = "",
    client_id: Annotated[list[OneId] | None, Query(max_length=MOST_CHOSEN)] = None,
) -> Response:
    """The form; clients are found by a search, a segment is chosen in the form."""
    return _page(request, OrderForm(client_ids=client_id or []), q)


def _page(
    request: Request,
    given: OrderForm,
    q: str = "",
    preview: Mapping[str, Any] | None = None,
    error: InputError | ConflictError | None = None,
) -> Response:
    house = house_of(request)
    with house.db.read() as conn:
        chosen = conn.execute(
            sa.select(clients).where(clients.c.id.in_(given.client_ids)).order_by(clients.c.id)
        ).mappings()
        names = [_named(row) for row in chosen]
        owner = owner_filter(house, person_of(request))
        hits = list_clients(conn, ClientFilter(q, owner=owner, size=FOUND)).rows if q else []
    found = [_named(row._mapping) for row in hits if row.id not in given.client_ids]
    return page(
        request,
        "greetings/manual.html",
        status=status_of(error) if error else 200,
        given=given,
        q=q,
        chosen=names,
        found=found,
        preview=preview,
        problem=str(error) if error else "",
        segments=SEGMENTS,
        today=house.greetings.parts.today(),
    )


def _named(row: Any) -> dict[str, str]:
    return {"id": row["id"], "name": display_name(row), "company": row["company_name"]}


@router.post("", dependencies=[OPERATOR])
def order(request: Request, given: Annotated[OrderForm, Form()]) -> Response:
    """Look at it, or order it."""
    greetings = house_of(request).greetings
    try:
        if given.action == "preview":
            return _page(request, given, preview=greetings.preview_manual(**given.wish()))
        made = greetings.manual(actor_of(request), **given.wish())
    except (InputError, ConflictError) as error:
        return _page(request, given, error=error)
    if len(made.made) == 1:
        return go(f"/events/{made.made[0]}", done="ordered")
    return go("/events", event_type="manual", done="ordered")
