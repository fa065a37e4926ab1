"""What the pages of sites share: the house, the person, a page with its status."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request, Response
from pydantic import AfterValidator

from povod.kit.text import clean

if TYPE_CHECKING:
    from povod.app.house import House
    from povod.sites.facade import Sites

Domain = Annotated[str, Query(max_length=255), AfterValidator(clean)]


def house_of(request: Request) -> "House":
    """The house of this console."""
    house: House = request.app.state.house
    return house


def sites_of(request: Request) -> "Sites":
    """Its job of watched sites."""
    return house_of(request).sites


def login_of(request: Request) -> str:
    """Who asks."""
    return str(request.state.person.login)


def show(request: Request, template: str, /, *, status_code: int = 200, **values: Any) -> Response:
    """A page of this folder."""
    found: Response = request.app.state.renderer.page(request, f"sites/{template}", **values)
    found.status_code = status_code
    return found
