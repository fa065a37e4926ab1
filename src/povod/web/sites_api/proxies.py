"""Proxies: listed without passwords, imported, switched, checked, forgotten (S82, S83)."""

import asyncio
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from povod.crawl.proxies.model import PROXY_TIERS
from povod.crawl.proxies.store import import_proxies, set_enabled
from povod.kit.errors import NotFoundError
from povod.store import audit
from povod.store.tables import proxies
from povod.web.params import RowId, listed, one_of
from povod.web.roles import OPERATOR
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import (
    Cursor,
    Limit500,
    as_id,
    chosen,
    house_of,
    login_of,
    pack,
    plain,
    sites_of,
    unpack,
)
from povod.web.sites_api.models import Listed, ProxyChange, ProxyImport
from povod.web.sites_api.reading import read_json

router = APIRouter(dependencies=[OPERATOR])
STATES = ("active", "resting", "degraded", "burned")
Tier = Annotated[
    str, Query(json_schema_extra=listed(PROXY_TIERS)), AfterValidator(one_of(PROXY_TIERS))
]
State = Annotated[str, Query(json_schema_extra=listed(STATES)), AfterValidator(one_of(STATES))]
_SHOWN = [column for column in proxies.c if column.name != "password_sealed"]


@router.get("/proxies", response_model=Listed)
def get_proxies(
    request: Request, tier: Tier = "", state: State = "", limit: Limit500 = 50, cursor: Cursor = ""
) -> dict[str, Any]:
    """All proxies, without passwords."""
    query = chosen(*_SHOWN)
    if tier:
        query = query.where(proxies.c.tier == tier)
    if state:
        query = query.where(proxies.c.state == state)
    counted = query.with_only_columns(sa.func.count(), maintain_column_froms=True)
    key, after = proxies.c.id, unpack(cursor, str)
    begin = query.where(key > as_id(after[0])) if after else query
    with house_of(request).db.read() as conn:
        total = conn.execute(counted).scalar_one()
        rows = conn.execute(begin.order_by(key).limit(limit + 1)).mappings().all()
    following = pack([str(rows[limit - 1]["id"])]) if len(rows) > limit else None
    return {"items": [plain(r) for r in rows[:limit]], "next_cursor": following, "total": total}


@router.post("/proxies", status_code=201, openapi_extra=body(ProxyImport))
@router.post("/proxies/import", openapi_extra=body(ProxyImport))
async def add_proxies(request: Request) -> dict[str, Any]:
    """Take a list, one address a line; bad lines are named by number, good ones kept."""
    given = await read_json(request, ProxyImport)
    return await run_in_threadpool(_import, request, given)


def _import(request: Request, given: ProxyImport) -> dict[str, Any]:
    deps = sites_of(request).deps
    report = import_proxies(
        deps.db,
        deps.sealer,
        given.text,
        tier=given.tier,
        provider=given.provider,
        tags=given.tags,
        cost_per_gb=given.cost_per_gb,
    )
    with deps.db.tx() as conn:
        facts = {"kept": report.kept, "tier": given.tier}
        audit.append(conn, login_of(request), "proxy_change", "import", facts)
    bad = [{"line": line.number, "reason": line.reason} for line in report.bad]
    return {"kept": report.kept, "bad": bad}


@router.patch("/proxies/{proxy_id}", openapi_extra=body(ProxyChange))
async def change_proxy(request: Request, proxy_id: RowId) -> dict[str, Any]:
    """Switch a proxy on or off; switching on forgives what it was burned for."""
    given = await read_json(request, ProxyChange)
    return await run_in_threadpool(_switch, request, proxy_id, given.enabled)


def _switch(request: Request, proxy_id: str, enabled: bool) -> dict[str, Any]:
    house = house_of(request)
    set_enabled(house.db, proxy_id, enabled)
    with house.db.tx() as conn:
        audit.append(conn, login_of(request), "proxy_change", proxy_id, {"enabled": enabled})
        row = conn.execute(chosen(*_SHOWN).where(proxies.c.id == proxy_id)).mappings().one()
    return plain(row)


@router.delete("/proxies/{proxy_id}", status_code=204)
def delete_proxy(request: Request, proxy_id: RowId) -> Response:
    """Forget a proxy."""
    with house_of(request).db.tx() as conn:
        gone = conn.execute(sa.delete(proxies).where(proxies.c.id == proxy_id)).rowcount
        if not gone:
            raise NotFoundError(f"there is no proxy {proxy_id}")
        audit.append(conn, login_of(request), "proxy_change", proxy_id, {"deleted": True})
    return Response(status_code=204)


@router.post("/proxies/check")
def check_proxies(request: Request) -> dict[str, int]:
    """Try proxies that were idle for long; how many were tried."""
    return {"checked": asyncio.run(sites_of(request).check_proxies())}
