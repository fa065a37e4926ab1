"""The progress of a job as server-sent events, replayed by id (S110-S112)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from povod.engine.events import Event
from povod.sites.states import FINAL, job_topic
from povod.store.tables import job_events
from povod.web.params import RowId
from povod.web.roles import VIEWER
from povod.web.sites_api.common import house_of, sites_of
from povod.web.sites_api.hub import Hub
from povod.web.sites_api.models import JobResponse

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(dependencies=[VIEWER])
RETRY_MS = 3000
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 5.0
LOG_LINES = 100
BATCH = 500
MAX_ID = 2**63 - 1
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
ENDS = ("complete", "error")
EventId = Annotated[int, Query(ge=0, le=MAX_ID)]


def _known(request: Request, job_id: RowId) -> str:
    """An unknown job is a 404 before any stream begins (N18)."""
    sites_of(request).jobs.get_job(job_id)
    return job_id


@router.get(
    "/jobs/{job_id}/stream",
    response_class=StreamingResponse,
    responses={200: {"description": "Events", "content": {"text/event-stream": {}}}},
)
async def stream(
    request: Request,
    job_id: Annotated[str, Depends(_known)],
    last_event_id: EventId | None = None,
    unnamed: Annotated[bool, Query()] = False,
    last_event_id_header: Annotated[str, Header(alias="Last-Event-ID", max_length=30)] = "",
) -> StreamingResponse:
    """Progress until the job ends; `Last-Event-ID` continues where a client stopped."""
    given = last_event_id
    if last_event_id_header.isascii() and last_event_id_header.isdigit():
        given = min(int(last_event_id_header), MAX_ID)
    follower = Follower(house_of(request), request.app.state.hub, job_id, given, not unnamed)
    return StreamingResponse(follower.lines(), 200, HEADERS, "text/event-stream")


@dataclass
class Follower:
    """One client that follows one job."""

    house: "House"
    hub: Hub
    job_id: str
    after: int | None
    named: bool = True

    async def lines(self) -> AsyncIterator[bytes]:
        """The stream."""
        topic = job_topic(self.job_id)
        yield f"retry: {RETRY_MS}\n\n".encode()
        with self.hub.listen(topic) as queue:
            last = 0
            async for event_id, text in self._past(topic):
                last = max(last, event_id)
                yield text
            if await asyncio.to_thread(self._is_over):
                # What was written while the past was read is part of it.
                for event in await asyncio.to_thread(self._read, topic, last):
                    yield self._text(event)
                return
            async for text in self._live(queue, last):
                yield text

    async def _past(self, topic: str) -> AsyncIterator[tuple[int, bytes]]:
        given = self.after
        if given is not None and await asyncio.to_thread(self._is_known, topic, given):
            after = given
        else:
            after, first = await asyncio.to_thread(self._beginning, topic)
            for event_id, text in first:
                yield event_id, text
        while events := await asyncio.to_thread(self._read, topic, after):
            for event in events:
                after = event.id
                yield event.id, self._text(event)

    async def _live(self, queue: "asyncio.Queue[Event | None]", last: int) -> AsyncIterator[bytes]:
        silent = 0.0
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), LOOK_SECONDS)
            except TimeoutError:
                silent += LOOK_SECONDS
                if silent >= HEARTBEAT_SECONDS:
                    silent = 0.0
                    yield b": still here\n\n"
                continue
            if event is None:
                return
            silent = 0.0
            if event.id > last:
                last = event.id
                yield self._text(event)
                if _ends(event):
                    return

    # -- what is read in a thread -----------------------------------------------------------

    def _read(self, topic: str, after: int) -> list[Event]:
        return self.house.events.read(after, topic, BATCH)

    def _is_over(self) -> bool:
        return self.house.sites.jobs.get_job(self.job_id)["status"] in FINAL

    def _is_known(self, topic: str, event_id: int) -> bool:
        query = sa.select(job_events.c.id).where(
            job_events.c.id == event_id, job_events.c.topic == topic
        )
        with self.house.db.read() as conn:
            return conn.execute(query).first() is not None

    def _beginning(self, topic: str) -> tuple[int, list[tuple[int, bytes]]]:
        """For a client that knows nothing: the job as it is, and its last log lines."""
        self.house.events.flush()
        logs = (
            sa.select(job_events)
            .where(job_events.c.topic == topic, job_events.c.kind == "log")
            .order_by(job_events.c.id.desc())
            .limit(LOG_LINES)
        )
        newest = sa.select(sa.func.max(job_events.c.id)).where(job_events.c.topic == topic)
        with self.house.db.read() as conn:
            rows = conn.execute(logs).all()
            last = conn.execute(newest).scalar() or 0
        shown = self.house.sites.response(self.job_id)
        job = JobResponse.model_validate(shown).model_dump(mode="json")
        if job["status"] in FINAL:
            last = self._before_end(topic, last)
        lines = [(last, self._said(last, "reset", job))]
        lines += [(0, self._said(None, row.kind, row.data)) for row in reversed(rows)]
        return last, lines

    def _before_end(self, topic: str, last: int) -> int:
        """A client of an ended job still gets the event of its end."""
        query = sa.select(sa.func.max(job_events.c.id)).where(
            job_events.c.topic == topic, job_events.c.kind.in_((*ENDS, "state"))
        )
        with self.house.db.read() as conn:
            end = conn.execute(query).scalar()
        return min(last, end - 1) if end else last

    # -- text -------------------------------------------------------------------------------

    def _text(self, event: Event) -> bytes:
        return self._said(event.id, event.kind, event.data)

    def _said(self, event_id: int | None, kind: str, data: Any) -> bytes:
        head = f"id: {event_id}\n" if event_id is not None else ""
        head += f"event: {kind}\n" if self.named else ""
        body = orjson.dumps({"type": kind, "data": data})
        return head.encode() + b"data: " + body + b"\n\n"


def _ends(event: Event) -> bool:
    """`complete` and `error` come last; a cancelled job has only its change of state."""
    is_cancelled = event.kind == "state" and event.data.get("to") == "cancelled"
    return event.kind in ENDS or is_cancelled
