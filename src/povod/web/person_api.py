"""What is kept about a person, for programs of admins: exported, or erased (D101, D111)."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import AfterValidator, BaseModel, Field

from povod.kit.text import clean
from povod.web.greetings_api.shapes import FAULTS, In, house_of, person_of
from povod.web.person import package_of
from povod.web.roles import ADMIN

router = APIRouter(prefix="/api/persons", tags=["persons"], dependencies=[ADMIN], responses=FAULTS)


class Whom(In):
    """The person, by an e-mail address or a telephone number in any spelling."""

    address: Annotated[str, Field(max_length=320), AfterValidator(clean)]


class Erased(BaseModel):
    """What an erasure did; all is empty when it was done before.

    While `under_way` is not 0 a worker holds a message: ask again in some minutes.
    """

    rows: dict[str, int]
    cancelled: int
    stored_files: int
    outbox_files: int
    under_way: int


@router.post(
    "/export",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "A ZIP"}},
)
def export(request: Request, whom: Whom) -> Response:
    """All that is kept about a person, as a ZIP of JSON, CSV, mails and cards."""
    return package_of(house_of(request), whom.address, person_of(request).login)


@router.post("/erase", response_model=Erased)
def erase(request: Request, whom: Whom) -> object:
    """Erase all that is kept about a person; they are never written to again."""
    return house_of(request).personal.forget(whom.address, person_of(request).login)
