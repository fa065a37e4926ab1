"""The calendar: a month at a glance, or its occasions as a list (G131)."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from povod.greetings.month import month_of
from povod.web.greetings_api.shapes import choice, house_of
from povod.web.greetings_pages.common import page
from povod.web.roles import VIEWER

router = APIRouter()
MOST_ROWS = 500
Month = Annotated[str, Query(pattern=r"^((19|20|21)\d\d-(0[1-9]|1[0-2]))?$")]


@router.get("/calendar", dependencies=[VIEWER])
def calendar_page(
    request: Request,
    month: Month = "",
    view: choice("month", "list") = "month",  # type: ignore[valid-type]
) -> Response:
    """The page; the month is in the address."""
    house = house_of(request)
    today = house.greetings.parts.today()
    first = date.fromisoformat(f"{month}-01") if month else today.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    with house.db.read() as conn:
        weeks = month_of(conn, first)
    found = []
    if view == "list":
        last = after - timedelta(days=1)
        rows = house.greetings.events(limit=MOST_ROWS, since=first, until=last).rows
        found = sorted(rows, key=lambda row: (row["deliver_on"], row["client_name"]))
    return page(
        request,
        "greetings/calendar.html",
        weeks=weeks,
        rows=found,
        view=view or "month",
        first=first,
        today=today,
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{after:%Y-%m}",
    )
