"""Webhooks: made, changed, tried, forgotten; address and secret are never shown (S15a, S128).

They send what the house knows to an address outside, so they are set by an admin (S134).
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from povod.web.params import RowId
from povod.web.roles import ADMIN
from povod.web.sites_api.bodies import body
from povod.web.sites_api.common import Cursor, Limit500, as_id, login_of, pack, sites_of, unpack
from povod.web.sites_api.models import Listed, WebhookChange, WebhookRequest
from povod.web.sites_api.reading import read_json

router = APIRouter(dependencies=[ADMIN])


@router.get("/webhooks", response_model=Listed)
def get_webhooks(request: Request, limit: Limit500 = 50, cursor: Cursor = "") -> dict[str, Any]:
    """All webhooks, oldest first."""
    after, hooks = unpack(cursor, str), sites_of(request).webhooks
    rows = hooks.listed(limit + 1, as_id(after[0]) if after else "")
    following = pack([rows[limit - 1]["id"]]) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": following, "total": hooks.count()}


@router.post("/webhooks", status_code=201, openapi_extra=body(WebhookRequest))
async def add_webhook(request: Request) -> dict[str, Any]:
    """Let news be sent somewhere."""
    given = await read_json(request, WebhookRequest)
    wish = {name: value for name, value in given if name in given.model_fields_set}
    return await run_in_threadpool(sites_of(request).webhooks.create, wish, login_of(request))


@router.get("/webhooks/{webhook_id}")
def get_webhook(request: Request, webhook_id: RowId) -> dict[str, Any]:
    """One webhook, and how its last message went."""
    return sites_of(request).webhooks.get(webhook_id)


@router.patch("/webhooks/{webhook_id}", openapi_extra=body(WebhookChange))
async def change_webhook(request: Request, webhook_id: RowId) -> dict[str, Any]:
    """Change some of it; switch it on or off."""
    given = await read_json(request, WebhookChange)
    wish = {name: value for name, value in given if name in given.model_fields_set}
    by = login_of(request)
    return await run_in_threadpool(sites_of(request).webhooks.change, webhook_id, wish, by)


@router.delete("/webhooks/{webhook_id}", status_code=204)
def delete_webhook(request: Request, webhook_id: RowId) -> Response:
    """Forget a webhook; what waits for it is not sent."""
    sites_of(request).webhooks.delete(webhook_id, login_of(request))
    return Response(status_code=204)


@router.post("/webhooks/{webhook_id}/test")
def test_webhook(request: Request, webhook_id: RowId) -> dict[str, Any]:
    """Send a message now, and say what came of it."""
    return sites_of(request).webhooks.test(webhook_id)
