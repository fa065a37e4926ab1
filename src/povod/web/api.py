"""The JSON API: funnel, companies, letters."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from povod.book.listing import CompanyFilter, company_card, list_companies
from povod.delivery.listing import MessageFilter, list_messages
from povod.leads.funnel import funnel
from povod.web.params import CompanySort, CompanyState, MessageState, Page, RowId, Size, Text

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(prefix="/api")


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON values: times in ISO, money as text."""
    values: Mapping[str, Any] = row._mapping
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@router.get("/leads/funnel")
def get_funnel(request: Request) -> dict[str, int]:
    """The funnel in absolute numbers."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        return funnel(conn).as_dict()


@router.get("/companies")
def get_companies(
    request: Request,
    q: Text = "",
    status: CompanyState = "",
    city: Text = "",
    sort: CompanySort = "name",
    page: Page = 1,
    size: Size = 50,
) -> dict[str, Any]:
    """Companies, filtered and sorted, one page."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        found = list_companies(conn, CompanyFilter(q, status, city, sort, page, size))
    return {"total": found.total, "page": found.page, "items": [plain(row) for row in found.rows]}


@router.get("/companies/{company_id}")
def get_company(request: Request, company_id: RowId) -> dict[str, Any]:
    """One company with contacts, pages and facts."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        card = company_card(conn, company_id)
    parts = {"contacts": card.contacts, "pages": card.pages, "facts": card.facts}
    return {
        **plain(card.company),
        **{name: [plain(row) for row in rows] for name, rows in parts.items()},
    }


@router.get("/letters")
def get_letters(
    request: Request, q: Text = "", status: MessageState = "", page: Page = 1, size: Size = 50
) -> dict[str, Any]:
    """Messages of the outbox, one page."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        found = list_messages(conn, MessageFilter(status, q, page, size))
    return {"total": found.total, "page": found.page, "items": [plain(row) for row in found.rows]}


@router.get("/letters/{message_id}/why")
def get_story(request: Request, message_id: str) -> dict[str, Any]:
    """The evidence chain of one message."""
    house: House = request.app.state.house
    found: dict[str, Any] = house.story(message_id).as_dict()
    return found
