"""The public page on which a recipient refuses: looking changes nothing, only a post acts (D77)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response
from sqlalchemy.engine import Connection

from povod.delivery.inbox.effects import Effects
from povod.delivery.moves import Message, get_message
from povod.delivery.tokens import read_unsubscribe_token
from povod.kit.errors import NotFoundError
from povod.kit.masking import mask_email
from povod.kit.settings.types import Limit

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
# Per link and never per address: a company's mail scanner asks for many links at once.
REQUESTS = [Limit(30, 60)]
Scope = Literal["all", "letter", "greeting"]


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def look(request: Request, token: str) -> Response:
    """What would happen, and the button."""
    return _page(request, _message_of(request, token), done=False)


@router.post("/u/{token}")
def refuse(request: Request, token: str, scope: Annotated[Scope, Form()] = "all") -> Response:
    """The refusal, by the page's form or by a mail program's one click (RFC 8058)."""
    house: House = request.app.state.house
    found = _message_of(request, token)
    with house.db.tx(durable=True) as conn:
        _refuse(house, conn, get_message(conn, found["id"], lock=True), scope)
    return _page(request, found, done=True)


def _message_of(request: Request, token: str) -> Message:
    """The message of the link; 404 for a link that was not made here."""
    house: House = request.app.state.house
    message_id = read_unsubscribe_token(house.delivery.office.keys, token)
    if message_id is None:
        raise HTTPException(404, "this link is not known here")
    wait = house.quotas.take(f"unsubscribe:{message_id}", REQUESTS)
    if wait > timedelta():
        headers = {"Retry-After": str(int(wait.total_seconds()) + 1)}
        raise HTTPException(429, "too many requests for this link", headers)
    try:
        with house.db.read() as conn:
            return get_message(conn, message_id)
    except NotFoundError:
        raise HTTPException(404, "this link is not known here") from None


def _refuse(house: "House", conn: Connection, message: Message, scope: Scope) -> None:
    """All: the full effects of an opt-out. A part: an entry that the gates obey."""
    office = house.delivery.office
    if not message["to_value"]:
        return  # erased: the address is not kept, so nobody can write to it from here
    if scope == "all":
        Effects(office).refuse(conn, message, "page", "by the link in the letter")
        return
    office.suppression.add(
        conn,
        message["to_value"],
        source="page",
        reason="opt_out",
        now=office.clock.now(),
        scope=scope,
        message=message,
    )


def _page(request: Request, message: Message, *, done: bool) -> Response:
    address = mask_email(message["to_value"]) if message["to_value"] else ""
    page: Response = request.app.state.renderer.page(
        request, "unsubscribe.html", address=address, done=done
    )
    return page
