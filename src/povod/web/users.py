"""The people of the house, for its admins: who they are, what they may, how they get in."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from povod.app.people import OneTime
from povod.kit.errors import PovodError
from povod.store.tables.house import ROLES
from povod.web.account import BY_HAND, REFUSALS, Line, house_of, show
from povod.web.params import RowId
from povod.web.roles import ADMIN
from povod.web.session import Person

HERE = "/settings/users"
router = APIRouter(prefix=HERE, include_in_schema=False, dependencies=[BY_HAND, ADMIN])
Admin = Annotated[Person, ADMIN]


@router.get("")
def users_page(request: Request) -> Response:
    """Everybody, with a form for one more."""
    return _page(request)


def _page(
    request: Request, problem: PovodError | None = None, given: OneTime | None = None, **typed: str
) -> Response:
    values: dict[str, Any] = {"rows": house_of(request).people.listed(), "roles": ROLES}
    form = {"login": "", "name": "", "role": "viewer", **typed}
    return show(request, "users.html", problem, given=given, form=form, **values)


def _done(request: Request, word: str, deed: Callable[[], None]) -> Response:
    try:
        deed()
    except REFUSALS as error:
        return _page(request, error)
    return RedirectResponse(f"{HERE}?done={word}", status_code=303)


@router.post("")
def add(
    request: Request, admin: Admin, login: Line = "", name: Line = "", role: Line = "viewer"
) -> Response:
    """One more person; the one-time password stands on this answer and nowhere else."""
    try:
        given = house_of(request).people.add(login, admin.login, name=name, role=role)
    except REFUSALS as error:
        return _page(request, error, login=login, name=name, role=role)
    return _page(request, given=given)


@router.post("/{person_id}/password")
def reset_password(request: Request, admin: Admin, person_id: RowId) -> Response:
    """A one-time password for somebody who lost theirs, on this answer and nowhere else."""
    try:
        given = house_of(request).people.reset_password(person_id, admin.login)
    except REFUSALS as error:
        return _page(request, error)
    return _page(request, given=given)


@router.post("/{person_id}/role")
def change_role(request: Request, admin: Admin, person_id: RowId, role: Line = "") -> Response:
    """Let somebody do more or less."""
    people = house_of(request).people
    return _done(request, "role", lambda: people.change_role(person_id, role, admin.login))


@router.post("/{person_id}/{order}")
def switch(
    request: Request, admin: Admin, person_id: RowId, order: Literal["on", "off"]
) -> Response:
    """Let somebody in again, or no longer."""
    people = house_of(request).people
    return _done(request, order, lambda: people.switch(person_id, admin.login, on=order == "on"))
