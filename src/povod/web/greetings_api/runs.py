"""Runs: started, listed, with their reports; figures of what was sent (G113-G117)."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from povod.greetings.figures import figures
from povod.web.greetings_api.shapes import DayQuery, In, house_of
from povod.web.greetings_api.starting import WAIT_SECONDS, start_run
from povod.web.once import Key, once
from povod.web.params import RowId
from povod.web.roles import OPERATOR, VIEWER

router = APIRouter(tags=["runs"])


class RunOrder(In):
    """Whether what is due is sent at once, and whether the answer waits for the end."""

    deliver: bool = True
    wait: bool = True


class RunDone(BaseModel):
    """The counters of a run; zero as long as it is at work."""

    run_id: str
    status: str = "running"
    scanned_events: int = 0
    generated_greetings: int = 0
    sent_deliveries: int = 0
    skipped_existing: int = 0
    errors: int = 0
    needs_approval: int = 0
    queued: int = 0
    superseded: int = 0
    capped: int = 0
    skipped: int = 0


class RunOut(BaseModel):
    """A run."""

    id: str
    triggered_by: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    run_date: date
    lookahead_days: int
    llm_mode: str
    image_mode: str
    scanned: int
    generated: int
    sent: int
    skipped_existing: int
    errors: int
    superseded: int
    capped: int
    skipped: int
    needs_approval: int
    queued: int
    notes: str


class RunList(BaseModel):
    """The last runs, newest first."""

    items: list[RunOut]


class Figures(BaseModel):
    """What was made and sent, and what came back, by segment, kind, tone and source."""

    total: dict[str, int]
    groups: dict[str, dict[str, dict[str, int]]]


@router.post(
    "/agent/run-once",
    response_model=RunDone,
    responses={202: {"model": RunDone, "description": "The run goes on"}},
    dependencies=[OPERATOR],
)
def run_once(
    request: Request,
    response: Response,
    given: RunOrder | None = None,
    idempotency_key: Key = "",
) -> dict[str, Any]:
    """Find occasions, write greetings, send what is due; 409 `run_active` while one runs."""
    order = given or RunOrder()

    def run() -> dict[str, Any]:
        seconds = WAIT_SECONDS if order.wait else 0
        started = start_run(house_of(request), "api", deliver=order.deliver, seconds=seconds)
        if started.done is None:
            response.status_code = 202
            return {"run_id": started.run_id}
        return {name: started.done[name] for name in RunDone.model_fields if name in started.done}

    return once(request, response, idempotency_key, order, run)


@router.get("/agent/runs", response_model=RunList, dependencies=[VIEWER])
def get_runs(request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """The last runs."""
    return {"items": house_of(request).greetings.runs(limit)}


@router.get("/agent/runs/{run_id}", response_model=RunOut, dependencies=[VIEWER])
def get_run(request: Request, run_id: RowId) -> dict[str, Any]:
    """One run."""
    return house_of(request).greetings.run(run_id)


@router.get("/agent/runs/{run_id}/report", response_model=dict[str, Any], dependencies=[VIEWER])
def get_report(request: Request, run_id: RowId) -> dict[str, Any]:
    """What the run tells: reasons, texts, cards, durations, errors."""
    report: dict[str, Any] = house_of(request).greetings.run(run_id)["report"]
    return report


@router.get("/reports/greetings", response_model=Figures, dependencies=[VIEWER])
def get_figures(request: Request, since: DayQuery = None, until: DayQuery = None) -> dict[str, Any]:
    """Counts by segment, kind, tone and source, by day of delivery."""
    with house_of(request).db.read() as conn:
        return figures(conn, since, until)
