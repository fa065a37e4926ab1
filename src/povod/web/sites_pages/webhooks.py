"""Webhooks: who is told of what, how it went, a message to try it (S128). Addresses stay hidden."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator

from povod.kit.errors import PovodError
from povod.kit.text import clean
from povod.sites.hook_bodies import EVENTS, FORMATS
from povod.web.params import RowId
from povod.web.problems import status_of
from povod.web.roles import ADMIN
from povod.web.sites_pages.common import login_of, show, sites_of

router = APIRouter(prefix="/settings/webhooks", dependencies=[ADMIN])
HERE = "/settings/webhooks"
Line = Annotated[str, Form(max_length=2000), AfterValidator(clean)]


@router.get("")
def webhooks_page(request: Request) -> Response:
    """All of them."""
    return _page(request)


@router.post("")
def add(
    request: Request,
    url: Line,
    events: Annotated[list[str] | None, Form(max_length=20)] = None,
    format: Line = "json",  # noqa: A002 - name of the field
    secret: Line = "",
) -> Response:
    """Let news be sent somewhere; a secret that was made is shown on this answer only."""
    wish: dict[str, Any] = {"url": url, "events": events or [], "format": format, "secret": secret}
    try:
        made = sites_of(request).webhooks.create(wish, login_of(request))
    except PovodError as error:
        # The address is a key to a messenger: it is typed again rather than sent back.
        return _page(request, error=str(error), status_code=status_of(error))
    return _page(request, secret=made.get("secret", ""))


@router.post("/{webhook_id}/test")
def test(request: Request, webhook_id: RowId) -> Response:
    """Send a message now, and say what came of it."""
    return _page(request, tried=sites_of(request).webhooks.test(webhook_id))


@router.post("/{webhook_id}/{order}")
def steer(
    request: Request, webhook_id: RowId, order: Literal["enable", "disable", "delete"]
) -> Response:
    """Switch it on or off, or forget it; what waits for it is then not sent."""
    hooks, by = sites_of(request).webhooks, login_of(request)
    if order == "delete":
        hooks.delete(webhook_id, by)
    else:
        hooks.change(webhook_id, {"enabled": order == "enable"}, by)
    return RedirectResponse(HERE, status_code=303)


def _page(request: Request, *, status_code: int = 200, **more: Any) -> Response:
    values: dict[str, Any] = {"error": "", "secret": "", "tried": None, **more}
    rows = sites_of(request).webhooks.listed()
    return show(
        request, "webhooks.html", status_code=status_code, rows=rows, events=EVENTS,
        formats=FORMATS, **values,
    )  # fmt: skip
