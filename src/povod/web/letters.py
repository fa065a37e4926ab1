"""Letters: the queue, one letter with its evidence chain, and the decisions a person takes."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from povod.delivery.listing import MessageFilter, list_messages, status_counts
from povod.store.tables.delivery import MESSAGE_STATES

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)


@router.get("/letters")
def letters_page(request: Request, q: str = "", status: str = "", page: int = 1) -> Response:
    """The queue; the whole state is in the address."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        listing = list_messages(conn, MessageFilter(status, q.strip(), page))
        counts = status_counts(conn)
    states = [state for state in MESSAGE_STATES if counts.get(state)]
    values = {"listing": listing, "counts": counts, "states": states, "q": q, "status": status}
    found: Response = request.app.state.renderer.page(request, "letters.html", **values)
    return found


@router.get("/letters/{message_id}")
def letter_page(request: Request, message_id: str) -> Response:
    """One letter: text, state, and why it was written."""
    house: House = request.app.state.house
    story = house.story(message_id)
    found: Response = request.app.state.renderer.page(request, "letter.html", story=story)
    return found


@router.post("/letters/{message_id}/{action}")
def decide(
    request: Request, message_id: str, action: str, note: Annotated[str, Form()] = ""
) -> Response:
    """Approve, reject or cancel; the state machine says whether it can be done."""
    house: House = request.app.state.house
    person = request.state.person
    if not person.may("approver"):
        raise HTTPException(403, "this needs the role approver")
    house.decide(message_id, action, actor=person.login, note=note)
    return RedirectResponse(f"/letters/{message_id}", status_code=303)
