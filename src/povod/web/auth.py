"""Signing in and out, with a limit on wrong passwords (design section 7)."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from povod.kit.settings.types import Limit
from povod.web.params import local_path
from povod.web.session import LOCAL, Person

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
TRIES = [Limit(10, 300)]
TOO_MANY = "Too many tries. Wait a few minutes."
WRONG = "Wrong name or password."


@router.get("/login")
def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - name of the field
    """The sign-in page."""
    page: Response = request.app.state.renderer.page(request, "login.html", next=next, failed="")
    return page


@router.post("/login")
def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form()] = "/",  # noqa: A002 - name of the field
) -> Response:
    """Check the password; a session cookie on success, 429 after too many tries."""
    house: House = request.app.state.house
    wait = house.quotas.take(f"login:{_client(request)}", TRIES)
    if wait > timedelta():
        refused = _failed(request, next, 429, TOO_MANY)
        refused.headers["Retry-After"] = str(int(wait.total_seconds()) + 1)
        return refused
    person = house.people.sign_in(login, password)
    if person is None:
        return _failed(request, next, 401, WRONG)
    response = RedirectResponse(local_path(next), status_code=303)
    sessions = request.app.state.sessions
    sessions.sign_in(request, response, person["id"], person["session_epoch"])
    return response


def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _failed(request: Request, target: str, status: int, reason: str) -> Response:
    page: Response = request.app.state.renderer.page(
        request, "login.html", next=target, failed=reason
    )
    page.status_code = status
    return page


@router.post("/logout")
def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    person: Person | None = request.state.person
    if person is not None and person != LOCAL and not person.by_token:
        request.app.state.house.people.sign_out(person.login)
    response = RedirectResponse("/login", status_code=303)
    request.app.state.sessions.sign_out(response)
    return response
