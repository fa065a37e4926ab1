"""Sites: their profiles, and the last good state of their pages (S15a)."""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool

from povod.kit.errors import ForbiddenError, NotFoundError
from povod.sites.facade import domain_of
from povod.sites.profiles import (
    delete_profile,
    get_profile,
    list_profiles,
    needs_admin,
    put_profile,
)
from povod.store.search import text_in
from povod.store.tables import site_profiles, snapshot_versions, snapshots
from povod.web.params import RowId, listed, one_of
from povod.web.roles import OPERATOR, VIEWER
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import (
    Cursor,
    Limit500,
    Search,
    as_id,
    house_of,
    login_of,
    pack,
    plain,
    sites_of,
    unpack,
)
from povod.web.sites_api.models import Listed, ProfileRequest
from povod.web.sites_api.reading import read_json

router = APIRouter()
SnapshotState = Annotated[
    str,
    Query(json_schema_extra=listed(("active", "gone"))),
    AfterValidator(one_of(("active", "gone"))),
]


@router.get("/sites", response_model=Listed, dependencies=[VIEWER])
def get_sites(request: Request, limit: Limit500 = 50, cursor: Cursor = "") -> dict[str, Any]:
    """Sites that have a profile."""
    after = unpack(cursor, str)
    with house_of(request).db.read() as conn:
        total = conn.execute(sa.select(sa.func.count()).select_from(site_profiles)).scalar_one()
        rows, following = list_profiles(conn, limit, after[0] if after else "")
    items = [plain(row) for row in rows]
    return {"items": items, "next_cursor": pack([following]) if following else None, "total": total}


@router.get("/sites/{domain}", dependencies=[VIEWER])
def get_site(request: Request, domain: str) -> dict[str, Any]:
    """The profile of a site."""
    with house_of(request).db.read() as conn:
        return plain(get_profile(conn, _named(domain)))


@router.put("/sites/{domain}", dependencies=[OPERATOR], openapi_extra=body(ProfileRequest))
async def put_site(request: Request, domain: str) -> dict[str, Any]:
    """Make or change a profile; every change is a new version."""
    given = await read_json(request, ProfileRequest)
    return await run_in_threadpool(_put, request, _named(domain), given)


def _put(request: Request, domain: str, given: ProfileRequest) -> dict[str, Any]:
    with house_of(request).db.read() as conn:
        before = _data(conn, domain)
    if needs_admin(given.data, before) and not request.state.person.may("admin"):
        raise ForbiddenError("robots, residential proxies and budgets are set by an admin")
    deps, by = sites_of(request).deps, login_of(request)
    return plain(put_profile(deps, domain, given.data, by, version=given.version))


def _data(conn: Connection, domain: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = get_profile(conn, domain)["data"]
    except NotFoundError:
        return {}
    return data


@router.delete("/sites/{domain}", status_code=204, dependencies=[OPERATOR])
def delete_site(request: Request, domain: str) -> Response:
    """Forget a profile; the state of the site stays."""
    delete_profile(sites_of(request).deps, _named(domain), login_of(request))
    return Response(status_code=204)


def _named(domain: str) -> str:
    """The domain as profiles have it; what is none has no profile."""
    return domain_of(domain) if len(domain) <= 255 else domain[:255]


@router.get("/snapshots", response_model=Listed, dependencies=[VIEWER])
def get_snapshots(
    request: Request,
    domain: Annotated[str, Query(max_length=255)] = "",
    q: Search = "",
    state: SnapshotState = "",
    limit: Limit500 = 50,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """The last good state of pages and variants."""
    query = sa.select(snapshots)
    if domain:
        query = query.where(snapshots.c.domain == _named(domain))
    if state:
        query = query.where(snapshots.c.state == state)
    if q:
        query = query.where(text_in([snapshots.c.url], q))
    counted = query.with_only_columns(sa.func.count(), maintain_column_froms=True)
    key = (snapshots.c.domain, snapshots.c.url_key, snapshots.c.variant_key)
    after = unpack(cursor, str, str, str)
    begin = query.where(sa.tuple_(*key) > sa.tuple_(*after)) if after else query
    with house_of(request).db.read() as conn:
        total = conn.execute(counted).scalar_one()
        rows = conn.execute(begin.order_by(*key).limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = pack([last["domain"], last["url_key"], last["variant_key"]]) if last else None
    return {"items": [plain(r) for r in rows[:limit]], "next_cursor": following, "total": total}


@router.get("/snapshots/{snapshot_id}/history", response_model=Listed, dependencies=[VIEWER])
def get_history(
    request: Request, snapshot_id: RowId, limit: Limit500 = 50, cursor: Cursor = ""
) -> dict[str, Any]:
    """The changes of one page or variant, newest first."""
    mine = snapshot_versions.c.snapshot_id == snapshot_id
    query = sa.select(snapshot_versions).where(mine)
    after = unpack(cursor, str)
    last_id = snapshot_versions.c.id
    begin = query.where(last_id < as_id(after[0])) if after else query
    with house_of(request).db.read() as conn:
        known = sa.select(snapshots.c.id).where(snapshots.c.id == snapshot_id)
        if conn.execute(known).first() is None:
            raise NotFoundError(f"there is no snapshot {snapshot_id}")
        total = conn.execute(sa.select(sa.func.count()).where(mine)).scalar_one()
        ordered = begin.order_by(last_id.desc()).limit(limit + 1)
        rows = conn.execute(ordered).mappings().all()
    following = pack([str(rows[limit - 1]["id"])]) if len(rows) > limit else None
    return {"items": [plain(r) for r in rows[:limit]], "next_cursor": following, "total": total}
