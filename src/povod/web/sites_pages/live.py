"""The upper part of a job's page as HTML, again after each change; without it a reload will do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from povod.kit.errors import NotFoundError
from povod.web.params import RowId
from povod.web.sites_pages.common import sites_of
from povod.web.sites_pages.job import live_values

router = APIRouter()
POLL_SECONDS = 1.0


def _known(request: Request, job_id: RowId) -> str:
    """An unknown job is a 404 before any stream begins (N18)."""
    sites_of(request).jobs.get_job(job_id)
    return job_id


@router.get("/live/sites/{job_id}", response_class=EventSourceResponse)
async def job_live(
    request: Request, job_id: Annotated[str, Depends(_known)]
) -> AsyncIterator[ServerSentEvent]:
    """Everything of the job that moves."""
    last = ""
    while not await request.is_disconnected():
        try:
            html = await asyncio.to_thread(_text, request, job_id)
        except NotFoundError:
            return  # somebody deleted the job
        if html != last:
            last = html
            yield ServerSentEvent(raw_data=html)
        await asyncio.sleep(POLL_SECONDS)


def _text(request: Request, job_id: str) -> str:
    values = live_values(request, job_id)
    text: str = request.app.state.renderer.text(request, "sites/live.html", **values)
    return text
