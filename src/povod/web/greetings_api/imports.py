"""Clients as tables, in and out, and the invented ones of the demo (G11-G17, G151)."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile

from povod.book.clients.model import Ground
from povod.kit.errors import InputError
from povod.store import audit
from povod.web.greetings_api.client_models import Basis, ImportOut, Seeded
from povod.web.greetings_api.shapes import actor_of, author_of, house_of, person_of
from povod.web.roles import ADMIN, OPERATOR

router = APIRouter(prefix="/clients", tags=["clients"])
MAX_UPLOAD = 50 * 1024 * 1024
MOST_PROBLEMS = 200
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table",
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in (
            "text/csv", TYPES["xlsx"],
        )},
    }
}  # fmt: skip


@router.post("/import", response_model=ImportOut, dependencies=[OPERATOR])
def import_clients(
    request: Request,
    file: UploadFile,
    dry_run: Annotated[bool, Form()] = False,
    basis: Annotated[Basis, Form()] = "none",
    evidence: Annotated[str, Form(max_length=300)] = "",
) -> dict[str, Any]:
    """Read a CSV or XLSX table of clients; `dry_run` only says what would happen."""
    raw, name = upload_of(file)
    book = house_of(request).book
    author = author_of(request, "csv")
    preview = book.preview_import(raw, name, author, Ground(basis, evidence))
    result = preview.result if dry_run else book.apply_import(preview.import_id)
    titles = preview.header.titles
    return {
        **result.counts(),
        "import_id": preview.import_id,
        "dry_run": dry_run,
        "columns": {titles[place]: field for place, field in preview.header.fields.items()},
        "unmapped": list(preview.header.unmapped),
        "problems": result.problems[:MOST_PROBLEMS],
        "first_rows": [dict(row) for row in preview.first_rows],
    }


def upload_of(file: UploadFile) -> tuple[bytes, str]:
    """The bytes and the name; `InputError` for nothing and for too much."""
    raw = file.file.read(MAX_UPLOAD + 1)
    if len(raw) > MAX_UPLOAD:
        raise InputError("the file is larger than 50 MB; split it", code="file_too_large")
    if not raw:
        raise InputError(
            "choose a file; this one is empty",
            errors=[{"field": "file", "message": "is empty"}],
        )
    return raw, Path((file.filename or "clients.csv").replace("\\", "/")).name[:200]


@router.post("/export", response_class=Response, responses=EXPORTED, dependencies=[OPERATOR])
def export_clients(
    request: Request, kind: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv"
) -> Response:
    """All clients as a table; whole addresses for an admin, masked for others (G136)."""
    return exported(request, kind, masked=not person_of(request).may("admin"))


def exported(request: Request, kind: str, *, masked: bool) -> Response:
    """The table as a download, with a line in the audit."""
    house = house_of(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clients.{kind}"
        count = house.book.export(path, masked=masked)
        data = path.read_bytes()
    facts = {"format": kind, "count": count, "masked": masked}
    with house.db.tx() as conn:
        audit.append(conn, person_of(request).login, "client.export", "clients", facts)
    headers = {"Content-Disposition": f'attachment; filename="clients.{kind}"'}
    return Response(data, media_type=TYPES[kind], headers=headers)


@router.post("/seed-demo", response_model=Seeded, dependencies=[OPERATOR])
def seed_demo(request: Request) -> dict[str, int]:
    """Add the demo's clients; the second time nothing is added."""
    return house_of(request).greetings.seed_demo(actor_of(request))


@router.post("/clear-demo", response_model=dict[str, int], dependencies=[ADMIN])
def clear_demo(request: Request) -> dict[str, int]:
    """Remove the demo's clients with all that is theirs."""
    return house_of(request).greetings.clear_demo(actor_of(request))
