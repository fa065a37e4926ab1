"""Proxies: what they did, and a list to take in (S145). Passwords are never shown."""

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from povod.crawl.proxies.model import PROXY_TIERS
from povod.crawl.proxies.store import import_proxies, set_enabled
from povod.store import audit
from povod.store.paging import PAGE_SIZE, read_page
from povod.store.tables import proxies
from povod.web.params import Page, RowId
from povod.web.roles import OPERATOR
from povod.web.sites_pages.common import house_of, login_of, show, sites_of

router = APIRouter(dependencies=[OPERATOR])
_SHOWN = [column for column in proxies.c if column.name != "password_sealed"]


@router.get("/proxies")
def proxies_page(request: Request, page: Page = 1) -> Response:
    """All of them, with their record."""
    return _page(request, page)


def _page(request: Request, page: int = 1, status: int = 200, **more: Any) -> Response:
    query = sa.select(*_SHOWN).order_by(proxies.c.tier, proxies.c.host, proxies.c.id)
    with house_of(request).db.read() as conn:
        listing = read_page(conn, query, page, PAGE_SIZE)
    values: dict[str, Any] = {"listing": listing, "tiers": PROXY_TIERS, "report": None, **more}
    return show(request, "proxies.html", status_code=status, **values)


@router.post("/proxies")
def take(
    request: Request,
    text: Annotated[str, Form(max_length=500_000)] = "",
    tier: Annotated[str, Form(max_length=20)] = "dc",
    provider: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Keep the good lines; bad ones are named by number."""
    deps = sites_of(request).deps
    given = text.replace("\0", "")
    report = import_proxies(
        deps.db, deps.sealer, given, tier=tier, provider=provider.replace("\0", "").strip()
    )
    with deps.db.tx() as conn:
        facts = {"kept": report.kept, "tier": tier}
        audit.append(conn, login_of(request), "proxy_change", "import", facts)
    return _page(request, report=report)


@router.post("/proxies/{proxy_id}/{order}")
def switch(request: Request, proxy_id: RowId, order: Literal["enable", "disable"]) -> Response:
    """Use a proxy, or let it be."""
    house = house_of(request)
    set_enabled(house.db, proxy_id, order == "enable")
    with house.db.tx() as conn:
        audit.append(conn, login_of(request), "proxy_change", proxy_id, {"enabled": order})
    return RedirectResponse("/proxies", status_code=303)
