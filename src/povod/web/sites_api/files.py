"""Files of jobs: listed, ordered, downloaded, all in one archive (S11, S12)."""

import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Annotated, Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AfterValidator
from sqlalchemy.engine import RowMapping
from starlette.concurrency import run_in_threadpool

from povod.kit.errors import InputError, NotFoundError
from povod.sites.exports.write import FORMATS, Kind
from povod.store import audit
from povod.store.tables import exports, jobs
from povod.store.tables.sites import EXPORT_TYPES
from povod.web.params import RowId, listed, one_of
from povod.web.roles import OPERATOR, VIEWER
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import house_of, login_of, sites_of
from povod.web.sites_api.models import ExportOut, ExportRequest
from povod.web.sites_api.ranges import Part, wanted_part
from povod.web.sites_api.reading import read_json

router = APIRouter()
CHUNK = 256 * 1024
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_SHOWN = (
    *("type", "format", "layout", "dialect", "partial", "size_bytes", "sha256", "rows"),
    "created_at",
)
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {name: {} for name in (*MEDIA.values(),)}},
    206: {"description": "A part of it"},
    304: {"description": "Not changed"},
    416: {"description": "No such part"},
}
Type = Annotated[
    str, Query(json_schema_extra=listed(EXPORT_TYPES)), AfterValidator(one_of(EXPORT_TYPES))
]
Format = Annotated[str, Query(json_schema_extra=listed(FORMATS)), AfterValidator(one_of(FORMATS))]


@router.get("/jobs/{job_id}/exports", response_model=list[ExportOut], dependencies=[VIEWER])
def get_exports(
    request: Request,
    job_id: RowId,
    type: Type = "",  # noqa: A002
    format: Format = "",  # noqa: A002
) -> list[dict[str, Any]]:
    """The files of a job."""
    sites = sites_of(request)
    sites.jobs.get_job(job_id)
    return [
        shown(row)
        for row in sites.exports.list(job_id)
        if type in ("", row["type"]) and format in ("", row["format"])
    ]


def shown(row: Any) -> dict[str, Any]:
    """A row of `exports` as the API shows it."""
    return {
        "id": str(row["id"]),
        "job_id": str(row["job_id"]),
        **{name: row[name] for name in _SHOWN},
        "url": f"/api/exports/{row['id']}/download",
        "expired": row["expired_at"] is not None,
    }


@router.post(
    "/jobs/{job_id}/exports",
    status_code=202,
    dependencies=[OPERATOR],
    openapi_extra=body(ExportRequest),
)
async def order_export(request: Request, job_id: RowId) -> Response:
    """Order a file; its row appears in the list when it is ready."""
    given = await read_json(request, ExportRequest)
    kind = Kind(given.type, given.format, given.layout, given.dialect)
    sites, login = sites_of(request), login_of(request)
    work = await run_in_threadpool(
        lambda: sites.order_export(job_id, kind, login, unchanged=given.include_unchanged)
    )
    return JSONResponse({"ok": True, "work_id": work or None}, 202)


@router.get("/exports/{export_id}/download", dependencies=[VIEWER], responses=_BINARY)
def download(request: Request, export_id: RowId) -> Response:
    """One file; `Range` and `If-None-Match` are understood."""
    house = house_of(request)
    row = _export(request, export_id)
    if row["expired_at"] is not None:
        raise InputError(
            "the file was removed after its time of keeping; order it again", code="export_expired"
        )
    with house.db.tx() as conn:
        facts = {"job": str(row["job_id"]), "type": row["type"], "format": row["format"]}
        audit.append(conn, login_of(request), "file_download", export_id, facts)
    etag, name = f'"{row["sha256"]}"', file_name(row["domain"], row)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(name),
        "Cache-Control": "private, no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    part = wanted_part(request.headers, row["size_bytes"], etag)
    if part is None:
        headers["Content-Range"] = f"bytes */{row['size_bytes']}"
        return Response(status_code=416, headers=headers)
    file = sites_of(request).store.open(row["path"])
    headers |= part.headers()
    media = MEDIA[row["format"]]
    return StreamingResponse(_pieces(file, part), part.status, headers, media)


def _export(request: Request, export_id: str) -> RowMapping:
    query = (
        sa.select(exports, jobs.c.domain)
        .join(jobs, jobs.c.id == exports.c.job_id)
        .where(exports.c.id == export_id)
    )
    with house_of(request).db.read() as conn:
        row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no file {export_id}")
    return row


def file_name(domain: str, row: Any) -> str:
    """A name of our making: the site, what it is, its kind."""
    parts = [domain, row["type"]]
    parts += [row["layout"]] if row["layout"] != "standard" else []
    parts += [row["dialect"]] if row["dialect"] != "canonical" else []
    parts += ["partial"] if row["partial"] else []
    return f"{'-'.join(parts)}.{row['format']}"


def disposition(name: str) -> str:
    """RFC 6266 with the name in ASCII and, when that is not enough, in UTF-8 (RFC 5987)."""
    simple = "".join(sign if sign.isascii() and sign.isprintable() else "_" for sign in name)
    simple = simple.replace('"', "_").replace("\\", "_")
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{quote(name, safe='')}"


def _pieces(file: IO[bytes], part: Part) -> Iterator[bytes]:
    try:
        left = part.stop - part.start
        _skip(file, part.start)
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
    finally:
        file.close()


def _skip(file: IO[bytes], size: int) -> None:
    """Bodies of an S3 store cannot be sought."""
    while size > 0 and (piece := file.read(min(CHUNK, size))):
        size -= len(piece)


@router.get(
    "/jobs/{job_id}/archive",
    dependencies=[VIEWER],
    responses={200: {"description": "All files", "content": {"application/zip": {}}}},
)
def archive(request: Request, job_id: RowId) -> Response:
    """All files of a job as a ZIP."""
    sites = sites_of(request)
    job = sites.jobs.get_job(job_id)
    rows = [row for row in sites.exports.list(job_id) if row["expired_at"] is None]
    if not rows:
        raise NotFoundError(f"job {job_id} has no files yet")
    with house_of(request).db.tx() as conn:
        audit.append(conn, login_of(request), "file_download", job_id, {"files": len(rows)})
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for row in rows:
            with (
                sites.store.open(row["path"]) as file,
                target.open(file_name(job["domain"], row), "w") as member,
            ):
                while piece := file.read(CHUNK):
                    member.write(piece)
    size = packed.tell()
    packed.seek(0)
    headers = {
        "Content-Disposition": disposition(f"{job['domain']}-{job_id[:8]}.zip"),
        "Content-Length": str(size),
    }
    return StreamingResponse(_pieces(packed, Part(0, size, size)), 200, headers, "application/zip")
