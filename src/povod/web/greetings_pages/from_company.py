"""A found company becomes a client at the press of a button (G9)."""

from fastapi import APIRouter, Request, Response

from povod.kit.errors import ConflictError
from povod.web.greetings_api.shapes import author_of, house_of
from povod.web.greetings_pages.common import go
from povod.web.params import RowId
from povod.web.roles import OPERATOR

router = APIRouter()


@router.post("/companies/{company_id}/client", dependencies=[OPERATOR])
def make_client(request: Request, company_id: RowId) -> Response:
    """The client's page, also when the company is a client already."""
    house = house_of(request)
    try:
        with house.db.tx() as conn:
            author = author_of(request, "ui")
            client_id = house.book.client_of_company(conn, company_id, author)
    except ConflictError as error:
        if "client_id" not in error.extra:
            raise
        return go(f"/clients/{error.extra['client_id']}", done="exists")
    return go(f"/clients/{client_id}", done="created")
