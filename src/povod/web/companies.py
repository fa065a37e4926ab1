"""Companies: the list and the card with pages, contacts, facts, letters and merges."""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from povod.book.listing import CompanyFilter, cities, company_card, list_companies, state_counts
from povod.store.tables import outreach_messages
from povod.store.tables.book import COMPANY_STATES
from povod.web.company_story import company_story
from povod.web.params import CompanySort, CompanyState, Page, RowId, Text
from povod.web.people import owner_filter

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)


@router.get("/companies")
def companies_page(
    request: Request,
    q: Text = "",
    status: CompanyState = "",
    city: Text = "",
    sort: CompanySort = "name",
    page: Page = 1,
) -> Response:
    """The list; the whole state is in the address."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        listing = list_companies(conn, CompanyFilter(q, status, city, sort, page))
        counts = state_counts(conn)
        values = {"listing": listing, "cities": cities(conn), "counts": counts}
    states = [state for state in COMPANY_STATES if counts.get(state)]
    values |= {"q": q, "status": status, "city": city, "sort": sort, "states": states}
    found: Response = request.app.state.renderer.page(request, "companies.html", **values)
    return found


@router.get("/companies/{company_id}")
def company_page(request: Request, company_id: RowId) -> Response:
    """One company."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        card = company_card(conn, company_id)
        letters = conn.execute(
            sa.select(outreach_messages)
            .where(outreach_messages.c.company_id == company_id)
            .order_by(outreach_messages.c.id)
        ).all()
        story = company_story(conn, company_id, owner_filter(house, request.state.person))
    found: Response = request.app.state.renderer.page(
        request, "company.html", card=card, letters=letters, story=story
    )
    return found
