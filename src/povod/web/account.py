"""One's own account: who I am, my password, my tokens; refusals in the person's language."""

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from povod.kit.errors import ConflictError, ForbiddenError, InputError, PovodError, TooManyError
from povod.store.tables.house import ROLES
from povod.web.auth import TRIES
from povod.web.params import RowId
from povod.web.problems import status_of
from povod.web.session import LOCAL, Person

if TYPE_CHECKING:
    from povod.app.house import House

HERE = "/account"
REFUSALS = (InputError, ConflictError, ForbiddenError, TooManyError)
"""Said on the page itself, in words for their `code`; what is not found is a page of its own."""
DONE = ("password", "revoked", "role", "on", "off")
"""What a page of people can say after a deed: words in the address, never texts from it."""

Secret = Annotated[str, Form(max_length=1000)]
Line = Annotated[str, Form(max_length=200)]


def by_hand(request: Request) -> Person:
    """A dependency: people and their passwords are the affair of people, not of tokens."""
    person: Person = request.state.person
    if person.by_token:
        raise ForbiddenError("a token manages no accounts: sign in with a password")
    return person


def own_account(request: Request) -> Person:
    """A dependency: there is no account to change while nobody signs in (WEB_AUTH=off)."""
    person = by_hand(request)
    if person == LOCAL:
        raise ForbiddenError("nobody signs in while WEB_AUTH=off, so there is no account to change")
    return person


BY_HAND = Depends(by_hand)
Me = Annotated[Person, Depends(own_account)]
router = APIRouter(prefix=HERE, include_in_schema=False, dependencies=[BY_HAND])


def house_of(request: Request) -> "House":
    """The house of this console."""
    house: House = request.app.state.house
    return house


def show(
    request: Request, template: str, problem: PovodError | None = None, **values: Any
) -> Response:
    """A page of people, with the refusal of what was asked for on top."""
    done = request.query_params.get("done", "")
    values |= {"problem": problem, "done": done if done in DONE else ""}
    page: Response = request.app.state.renderer.page(request, f"account/{template}", **values)
    if problem is not None:
        page.status_code = status_of(problem)
        if "retry_after" in problem.extra:
            page.headers["Retry-After"] = str(problem.extra["retry_after"])
    return page


@router.get("")
def account(request: Request) -> Response:
    """Who am I here, and with what do I get in."""
    return _page(request)


def _page(request: Request, problem: PovodError | None = None, **values: Any) -> Response:
    person: Person = request.state.person
    if person == LOCAL:
        return show(request, "open.html", problem)
    if person.must_change:
        return show(request, "first.html", problem)
    people = house_of(request).people
    own = {
        "me": people.get(person.id),
        "tokens": people.tokens.listed(person.id),
        "roles": [role for role in ROLES if person.may(role)],
    }
    return show(request, "own.html", problem, **{"made": None, **own, **values})


@router.post("/password")
def change_password(
    request: Request, me: Me, present: Secret, fresh: Secret, again: Secret
) -> Response:
    """Another password; this session goes on, all others end."""
    house = house_of(request)
    try:
        _take_a_try(house, me)
        if fresh != again:
            raise InputError("the new password was not typed the same twice", code="password_typed")
        epoch = house.people.change_password(me.id, present, fresh)
    except REFUSALS as error:
        return _page(request, error)
    response = RedirectResponse(f"{HERE}?done=password", status_code=303)
    request.app.state.sessions.sign_in(request, response, me.id, epoch)
    return response


def _take_a_try(house: "House", me: Person) -> None:
    """As at the sign-in: whoever found a browser open has few guesses at the password."""
    wait = house.quotas.take(f"password:{me.id}", TRIES)
    if wait > timedelta():
        seconds = math.ceil(wait.total_seconds())
        raise TooManyError("too many tries: wait a few minutes", extra={"retry_after": seconds})


@router.post("/tokens")
def make_token(
    request: Request, me: Me, name: Line = "", role: Line = "", days: Line = ""
) -> Response:
    """A token, shown on this answer and never again."""
    tokens = house_of(request).people.tokens
    try:
        made = tokens.make(me.id, me.login, name=name, role=role, days=_days(days))
    except REFUSALS as error:
        return _page(request, error)
    return _page(request, made=made)


def _days(text: str) -> int | None:
    """An empty field is a token without an end; what is no number is no length of time."""
    return int(text) if text.isdecimal() and len(text) < 10 else None if not text.strip() else 0


@router.post("/tokens/{token_id}/revoke")
def revoke_token(request: Request, me: Me, token_id: RowId) -> Response:
    """End one of my tokens."""
    house_of(request).people.tokens.revoke(me.id, token_id, me.login)
    return RedirectResponse(f"{HERE}?done=revoked", status_code=303)
