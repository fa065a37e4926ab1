"""The first page: funnel, a month of letters and replies, running work, what waits for a person."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.delivery.stop import standing
from povod.leads.funnel import bars, funnel
from povod.store.tables import dedup_pairs, greetings, inbound_mail, outreach_messages
from povod.web.chart import Day, draw
from povod.web.problems import wants_json
from povod.web.roles import ADMIN, OPERATOR
from povod.web.sites_api.health import card
from povod.web.sites_pages.reading import held_diffs, running_jobs

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
DAYS = 30


@router.get("/")
def overview(request: Request) -> Response:
    """The page; programs get the service card (S6)."""
    if wants_json(request):
        return JSONResponse(card())
    house: House = request.app.state.house
    with house.db.read() as conn:
        zone = ZoneInfo(house.settings.app_timezone)
        chart = draw(last_days(conn, house.clock.now(), zone))
        values = running(conn)
    page: Response = request.app.state.renderer.page(
        request, "overview.html", chart=chart, **values
    )
    return page


def running(conn: Connection) -> dict[str, Any]:
    """What changes while work is done: the live part of the page."""
    return {"funnel": funnel(conn), "bars": bars(conn), "waiting": waiting(conn)} | {
        "crawls": running_jobs(conn),
        "stop": standing(conn),
    }


@router.post("/sending/pause", dependencies=[OPERATOR])
def pause(request: Request, reason: Annotated[str, Form(min_length=1, max_length=300)]) -> Response:
    """The emergency stop: whoever sees the fire pulls it."""
    house: House = request.app.state.house
    person = request.state.person
    with house.db.tx() as conn:
        house.delivery.pause(conn, Actor(person.role, person.login), reason)
    return RedirectResponse("/", status_code=303)


@router.post("/sending/resume", dependencies=[ADMIN])
def resume(request: Request) -> Response:
    """Lift the emergency stop (D104)."""
    house: House = request.app.state.house
    person = request.state.person
    with house.db.tx() as conn:
        house.delivery.resume(conn, Actor(person.role, person.login))
    return RedirectResponse("/", status_code=303)


def last_days(conn: Connection, now: datetime, zone: ZoneInfo) -> list[Day]:
    """The last 30 days of `zone` with what was sent and answered; quiet days included."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    since = datetime.combine(days[0], time(), zone)
    sent = _per_day(conn, outreach_messages.c.sent_at, since)
    received = inbound_mail.c.received_at
    replied = _per_day(conn, received, since, inbound_mail.c.kind == "reply")
    return [Day(day, sent.get(day, 0), replied.get(day, 0)) for day in days]


def _per_day(
    conn: Connection, column: sa.Column[Any], since: datetime, *where: sa.ColumnElement[bool]
) -> dict[date, int]:
    """Counts by the date that the clock on the wall showed; SQLite has no zones, only shifts."""
    if conn.dialect.name == "sqlite":
        shift = since.utcoffset() or timedelta()
        day = sa.func.date(column, f"{int(shift.total_seconds())} seconds")
    else:
        day = sa.func.date(sa.func.timezone(str(since.tzinfo), column))
    query = sa.select(day, sa.func.count()).where(column >= since, *where).group_by(sa.text("1"))
    return {date.fromisoformat(str(found)): count for found, count in conn.execute(query)}


def waiting(conn: Connection) -> dict[str, int]:
    """What needs a person: approvals, doubts, pairs of companies, answers to look at."""
    letters = outreach_messages.c
    counts = {
        "needs_approval": sa.select(sa.func.count()).where(letters.status == "needs_approval"),
        "uncertain": sa.select(sa.func.count()).where(letters.status == "uncertain"),
        "pairs": sa.select(sa.func.count()).where(dedup_pairs.c.status == "review"),
        "mail": sa.select(sa.func.count()).where(inbound_mail.c.review == "open"),
        "greetings": sa.select(sa.func.count()).where(greetings.c.status == "needs_approval"),
        "held_diffs": held_diffs(),
    }
    return {name: conn.execute(query).scalar_one() for name, query in counts.items()}
