"""The first page: funnel, a month of letters and replies, running work, what waits for a person."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from povod.leads.funnel import bars, funnel
from povod.store.tables import dedup_pairs, inbound_mail, outreach_messages

if TYPE_CHECKING:
    from povod.app.house import House

router = APIRouter(include_in_schema=False)
DAYS = 30


@dataclass(frozen=True)
class Day:
    """Letters and replies of one day."""

    day: date
    sent: int
    replied: int


@router.get("/")
def overview(request: Request) -> Response:
    """The page."""
    house: House = request.app.state.house
    with house.db.read() as conn:
        values = {
            "funnel": funnel(conn),
            "bars": bars(conn),
            "days": last_days(conn, house.clock.now().date()),
            "waiting": waiting(conn),
        }
    page: Response = request.app.state.renderer.page(request, "overview.html", **values)
    return page


def last_days(conn: Connection, today: date) -> list[Day]:
    """The last 30 days with what was sent and answered; days without mail included."""
    first = today - timedelta(days=DAYS - 1)
    sent = _per_day(conn, outreach_messages.c.sent_at)
    replied = _per_day(conn, inbound_mail.c.received_at, inbound_mail.c.kind == "reply")
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [Day(day, sent.get(day, 0), replied.get(day, 0)) for day in days]


def _per_day(
    conn: Connection, column: sa.Column[object], *where: sa.ColumnElement[bool]
) -> dict[date, int]:
    day = sa.func.date(column)
    query = sa.select(day, sa.func.count()).where(column.is_not(None), *where).group_by(day)
    return {date.fromisoformat(str(found)): count for found, count in conn.execute(query)}


def waiting(conn: Connection) -> dict[str, int]:
    """What needs a person: approvals, doubts, review pairs."""
    letters = outreach_messages.c
    counts = {
        "needs_approval": sa.select(sa.func.count()).where(letters.status == "needs_approval"),
        "uncertain": sa.select(sa.func.count()).where(letters.status == "uncertain"),
        "pairs": sa.select(sa.func.count()).where(dedup_pairs.c.status == "review"),
        "mail": sa.select(sa.func.count()).where(inbound_mail.c.review == "open"),
    }
    return {name: conn.execute(query).scalar_one() for name, query in counts.items()}
