"""A person asks: what is kept about them as a file, and to be forgotten; for admins (D101)."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.background import BackgroundTask

from povod.kit.errors import NotFoundError
from povod.store.tables import contacts
from povod.web.params import RowId
from povod.web.roles import ADMIN

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(prefix="/persons/{kind}/{row_id}", include_in_schema=False, dependencies=[ADMIN])
Kind = Literal["client", "contact"]


@router.get("")
def confirm(request: Request, kind: Kind, row_id: RowId) -> Response:
    """What is kept, and what would happen to it; nothing is changed."""
    house: House = request.app.state.house
    address, client_id = _whom(house, kind, row_id)
    found = house.personal.outline(address, client_id)
    found_page: Response = request.app.state.renderer.page(
        request,
        "person.html",
        found=found,
        kind=kind,
        row_id=row_id,
        back=_back(house, kind, row_id),
    )
    return found_page


@router.post("/forget")
def forget(request: Request, kind: Kind, row_id: RowId) -> Response:
    """Erase the person; back to what is left of the card."""
    house: House = request.app.state.house
    address, client_id = _whom(house, kind, row_id)
    house.personal.forget(address, request.state.person.login, client_id)
    return RedirectResponse(_back(house, kind, row_id), status_code=303)


@router.post("/export")
def export(request: Request, kind: Kind, row_id: RowId) -> Response:
    """All that is kept, as a file for the person."""
    house: House = request.app.state.house
    address, client_id = _whom(house, kind, row_id)
    return package_of(house, address, request.state.person.login, client_id)


def package_of(house: "House", address: str, by: str, client_id: str = "") -> Response:
    """The ZIP as an answer; the file goes when it was sent."""
    folder = tempfile.TemporaryDirectory(prefix="povod-person-")
    path = Path(folder.name) / "person.zip"
    house.personal.export(address, path, by, client_id)
    tidy = BackgroundTask(folder.cleanup)
    return FileResponse(path, filename=path.name, media_type="application/zip", background=tidy)


def _whom(house: "House", kind: Kind, row_id: str) -> tuple[str, str]:
    """The address, and the client if it is one; `NotFoundError` for who is forgotten already."""
    if kind == "client":
        return house.personal.address_of(client_id=row_id), row_id
    address = house.personal.address_of(contact_id=row_id)
    if not address:
        raise NotFoundError("this contact was erased: nothing is kept about it")
    return address, ""


def _back(house: "House", kind: Kind, row_id: str) -> str:
    if kind == "client":
        return f"/clients/{row_id}"
    query = sa.select(contacts.c.company_id).where(contacts.c.id == row_id)
    with house.db.read() as conn:
        return f"/companies/{conn.execute(query).scalar_one()}"
