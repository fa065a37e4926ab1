"""Live pages: one stream of server-sent events, replayed by id after a broken connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from povod.web.overview import running

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter()
POLL_SECONDS = 0.5
MAX_ID = 2**63 - 1


@router.get("/live/overview", response_class=EventSourceResponse, include_in_schema=False)
async def overview(request: Request) -> AsyncIterator[ServerSentEvent]:
    """The running part of the overview as HTML, again after each change."""
    last = ""
    while not await request.is_disconnected():
        html = await asyncio.to_thread(_running, request)
        if html != last:
            last = html
            yield ServerSentEvent(raw_data=html)
        await asyncio.sleep(POLL_SECONDS)


def _running(request: Request) -> str:
    house: House = request.app.state.house
    with house.db.read() as conn:
        values = running(conn)
    text: str = request.app.state.renderer.text(request, "parts/running.html", **values)
    return text


@router.get("/api/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    last_event_id: Annotated[int, Header(ge=0, le=MAX_ID)] = 0,
    topic: str | None = None,
) -> AsyncIterator[ServerSentEvent]:
    """Progress events as JSON with ids; `Last-Event-ID` continues where a client stopped."""
    house: House = request.app.state.house
    last = last_event_id
    while not await request.is_disconnected():
        for event in await asyncio.to_thread(house.events.read, last, topic):
            last = event.id
            data = {"topic": event.topic, "at": event.at.isoformat(), **event.data}
            yield ServerSentEvent(id=str(event.id), event=event.kind or "progress", data=data)
        await asyncio.sleep(POLL_SECONDS)
