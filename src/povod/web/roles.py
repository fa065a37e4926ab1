"""Who may do what: one dependency for pages and API, refusals kept in the audit (S134, G136)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import Depends, Request

from povod.kit.errors import ForbiddenError
from povod.store import audit
from povod.web.session import Person

if TYPE_CHECKING:
    from povod.app.house import House


def needs(role: str) -> Callable[[Request], Person]:
    """A dependency that lets only people pass whose role includes `role`."""

    def check(request: Request) -> Person:
        person: Person = request.state.person
        if not person.may(role):
            _remember(request, person, role)
            raise ForbiddenError(f"this needs the role {role}; you are {person.role}")
        return person

    return check


def _remember(request: Request, person: Person, role: str) -> None:
    house: House = request.app.state.house
    facts = {"method": request.method, "needs": role, "has": person.role}
    with house.db.tx() as conn:
        audit.append(conn, person.login, "access_denied", request.url.path, facts)


VIEWER = Depends(needs("viewer"))
OPERATOR = Depends(needs("operator"))
APPROVER = Depends(needs("approver"))
ADMIN = Depends(needs("admin"))
