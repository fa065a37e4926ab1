"""Clients from a table: look first, then take in; and out again (G11-G17)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile

from povod.book.clients.model import Ground
from povod.book.clients.words import BASES
from povod.kit.errors import InputError
from povod.kit.tabular.model import TableError
from povod.web.greetings_api.client_models import Basis, Short
from povod.web.greetings_api.imports import exported, upload_of
from povod.web.greetings_api.shapes import author_of, house_of, person_of
from povod.web.greetings_pages.common import page
from povod.web.params import RowId
from povod.web.problems import status_of
from povod.web.roles import OPERATOR

router = APIRouter(prefix="/clients")
PROBLEMS_SHOWN = 100


@router.get("/import", dependencies=[OPERATOR])
def import_page(request: Request) -> Response:
    """Choose a file."""
    return _page(request)


def _page(request: Request, problem: str = "", status: int = 200) -> Response:
    values: dict[str, Any] = {"problem": problem, "bases": BASES, "preview": None, "result": None}
    return page(request, "clients/import.html", status=status, **values)


@router.post("/import", dependencies=[OPERATOR])
def look(
    request: Request,
    file: UploadFile,
    basis: Annotated[Basis, Form()] = "none",
    evidence: Annotated[Short, Form()] = "",
) -> Response:
    """What the table would change; nothing is written but the file itself."""
    try:
        raw, name = upload_of(file)
        author = author_of(request, "csv")
        preview = house_of(request).book.preview_import(raw, name, author, Ground(basis, evidence))
    except (InputError, TableError) as error:
        return _page(request, str(error), status_of(error))
    problems = preview.result.problems[:PROBLEMS_SHOWN]
    values: dict[str, Any] = {"problem": "", "bases": BASES, "preview": preview, "result": None}
    return page(request, "clients/import.html", **values, problems=problems, name=name)


@router.post("/import/{import_id}", dependencies=[OPERATOR])
def apply(request: Request, import_id: RowId) -> Response:
    """Write what was looked at."""
    result = house_of(request).book.apply_import(import_id)
    problems = result.problems[:PROBLEMS_SHOWN]
    values: dict[str, Any] = {"problem": "", "bases": BASES, "preview": None, "result": result}
    return page(request, "clients/import.html", done="imported", **values, problems=problems)


@router.get("/export", dependencies=[OPERATOR])
def export(
    request: Request, kind: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv"
) -> Response:
    """All clients as a table; whole addresses for an admin only (G136)."""
    return exported(request, kind, masked=not person_of(request).may("admin"))
