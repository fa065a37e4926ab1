"""Letters: the queue, one letter with its evidence chain, and the decisions a person takes."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from povod.delivery.listing import MessageFilter, list_messages, status_counts
from povod.delivery.states import Actor, IllegalMove, check_move
from povod.store.tables.delivery import MESSAGE_STATES
from povod.web.params import MessageState, Page, RowId, Text

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
NEEDED_ROLE = "approver"
# What a person may order, and the state that it leads to.
DECISIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
# Orders about a letter in doubt (D31).
ORDERS = {"sent": "sent", "resend": "scheduled", "abandon": "failed"}
Action = Literal["approve", "reject", "cancel", "sent", "resend", "abandon"]


@router.get("/letters")
def letters_page(
    request: Request, q: Text = "", status: MessageState = "", page: Page = 1
) -> Response:
    """The queue; the whole state is in the address."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        listing = list_messages(conn, MessageFilter(status, q, page))
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
    allowed: list[str] = []
    if request.state.person.may(NEEDED_ROLE):
        allowed = choices(story.message["status"])
    found: Response = request.app.state.renderer.page(
        request, "letter.html", story=story, allowed=allowed
    )
    return found


def choices(status: str) -> list[str]:
    """What an approver may decide about a message in this state, by the status table."""
    orders = ORDERS if status == "uncertain" else DECISIONS
    return [name for name, after in orders.items() if _may_move(status, after)]


def _may_move(before: str, after: str) -> bool:
    try:
        check_move(before, after, Actor(NEEDED_ROLE))
    except IllegalMove:
        return False
    return True


@router.post("/letters/{message_id}/{action}")
def decide(
    request: Request,
    message_id: RowId,
    action: Action,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A person's decision; the state machine says whether it can be taken."""
    house: House = request.app.state.house
    person = request.state.person
    if not person.may(NEEDED_ROLE):
        raise HTTPException(403, f"this needs the role {NEEDED_ROLE}")
    if action in ORDERS:
        house.resolve(message_id, action, actor=person.login, reason=note)
    else:
        house.decide(message_id, action, actor=person.login, note=note)
    return RedirectResponse(f"/letters/{message_id}", status_code=303)
