"""The list of clients (G130)."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from povod.book.clients.listing import (
    SORTS,
    STATES,
    ClientFilter,
    list_clients,
    segment_counts,
)
from povod.kit.masking import mask_email
from povod.store.tables.greetings import SEGMENTS
from povod.web.greetings_api.shapes import choice, house_of, person_of
from povod.web.greetings_pages.common import DoneWord, page
from povod.web.masked import mask_phone
from povod.web.params import MAX_PAGE, Text
from povod.web.people import owner_filter, shown
from povod.web.roles import VIEWER
from povod.web.session import Person

router = APIRouter()


@router.get("/clients", dependencies=[VIEWER])
def clients_page(
    request: Request,
    q: Text = "",
    segment: choice(*SEGMENTS) = "",  # type: ignore[valid-type]
    state: choice(*STATES) = "",  # type: ignore[valid-type]
    sort: choice(*SORTS) = "name",  # type: ignore[valid-type]
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
    done: DoneWord = "",
) -> Response:
    """The list with masked addresses; a client's own page shows them and keeps who looked."""
    house, person = house_of(request), person_of(request)
    owner = owner_filter(house, person)
    wanted = ClientFilter(q, segment, state, owner, sort or "name", number)
    with house.db.read() as conn:
        listing = list_clients(conn, wanted)
        counts = segment_counts(conn)
    rows = [_row(row, person) for row in listing.rows]
    values: dict[str, Any] = {
        "listing": listing,
        "rows": rows,
        "counts": counts,
        "q": q,
        "segment": segment,
    }
    values |= {"state": state, "sort": sort or "name", "segments": SEGMENTS, "states": STATES}
    return page(request, "clients/list.html", done=done, **values)


def _row(row: Row[Any], person: Person) -> dict[str, Any]:
    found = shown(row._mapping, person)
    found["email"], found["phone"] = mask_email(row.email), mask_phone(row.phone)
    return found
