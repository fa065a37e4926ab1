"""What the pages and commands read: lists with cursors, single rows, counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.approval import WORDS
from povod.greetings.people import display_name
from povod.kit.errors import InputError, NotFoundError
from povod.store.tables import (
    agent_runs,
    clients,
    events,
    feedback,
    greetings,
    holidays,
    outreach_messages,
)

MOST = 500
TABS = {
    "to_send": ("generated", "approved"),
    "waiting": ("needs_approval",),
    "sent": ("sent",),
    "error": ("error",),
    "skipped": ("skipped", "cancelled", "rejected"),
}
_CLIENT = ("first_name", "middle_name", "last_name", "company_name", "segment", "is_demo")
_EVENT = ("event_type", "event_key", "title", "occasion_date", "match_reason", "metadata")


@dataclass(frozen=True)
class Page:
    """A part of a list; an empty cursor is the end."""

    rows: list[dict[str, Any]]
    next_cursor: str = ""


def page_of(conn: Connection, query: sa.Select[Any], key: Any, limit: int, cursor: str) -> Page:
    """The rows after `cursor`, newest first by `key` (a time-ordered id)."""
    if not 1 <= limit <= MOST:
        raise InputError(f"limit: {limit} is not within 1..{MOST}")
    if cursor:
        query = query.where(key < cursor)
    rows = [
        dict(row) for row in conn.execute(query.order_by(key.desc()).limit(limit + 1)).mappings()
    ]
    more = len(rows) > limit
    kept = rows[:limit]
    return Page(kept, kept[-1]["id"] if more else "")


def event_list(conn: Connection, limit: int, cursor: str, **wanted: Any) -> Page:
    """Events with their client's name, newest first."""
    query = sa.select(events, *_client_columns()).join(clients, clients.c.id == events.c.client_id)
    for name in ("status", "event_type", "client_id", "reason"):
        if wanted.get(name):
            query = query.where(events.c[name] == wanted[name])
    if wanted.get("code"):
        query = query.where(events.c.event_key == f"holiday:{wanted['code']}")
    if wanted.get("run_id"):
        query = query.where(events.c.run_id == wanted["run_id"])
    if wanted.get("owner"):
        query = query.where(clients.c.owner_user_id == wanted["owner"])
    query = _between(query, events.c.deliver_on, wanted)
    page = page_of(conn, query, events.c.id, limit, cursor)
    return Page([_with_name(row) for row in page.rows], page.next_cursor)


def event_row(conn: Connection, event_id: str) -> dict[str, Any]:
    """One event with client, winner and draft."""
    query = (
        sa.select(events, *_client_columns(), greetings.c.id.label("greeting_id"))
        .join(clients, clients.c.id == events.c.client_id)
        .join(greetings, greetings.c.event_id == events.c.id, isouter=True)
        .where(events.c.id == event_id)
    )
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no event {event_id}")
    found = _with_name(dict(row))
    if row["superseded_by"]:
        winner = sa.select(events.c.title).where(events.c.id == row["superseded_by"])
        found["superseded_by_title"] = conn.execute(winner).scalar()
    return found


def greeting_list(conn: Connection, limit: int, cursor: str, **wanted: Any) -> Page:
    """Drafts with their client and event, newest first; texts are left to the single view."""
    query = _greetings_query(with_text=False)
    for condition in greeting_conditions(wanted):
        query = query.where(condition)
    page = page_of(conn, query, greetings.c.id, limit, cursor)
    return Page([_with_name(row) for row in page.rows], page.next_cursor)


def greeting_conditions(wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """The filters of the list of greetings as conditions."""
    found: list[sa.ColumnElement[bool]] = []
    tab = wanted.get("tab")
    if tab:
        if tab not in TABS:
            raise InputError(f"tab: {tab!r} is not one of {', '.join(TABS)}")
        found.append(greetings.c.status.in_(TABS[tab]))
    named = ("status", "tone", "text_source", "client_id", "run_id")
    found += [greetings.c[name] == wanted[name] for name in named if wanted.get(name)]
    if wanted.get("segment"):
        found.append(clients.c.segment == wanted["segment"])
    if wanted.get("owner"):
        found.append(clients.c.owner_user_id == wanted["owner"])
    if wanted.get("kind"):
        found.append(events.c.event_type == wanted["kind"])
    since, until = wanted.get("since"), wanted.get("until")
    if since:
        found.append(greetings.c.deliver_on >= since)
    if until:
        found.append(greetings.c.deliver_on <= until)
    return found


def greeting_ids(conn: Connection, wanted: Mapping[str, Any], most: int) -> tuple[list[str], int]:
    """Ids of the greetings that a filter names, and how many there are in all."""
    query = (
        sa.select(greetings.c.id)
        .join(clients, clients.c.id == greetings.c.client_id)
        .join(events, events.c.id == greetings.c.event_id)
        .where(*greeting_conditions(wanted))
    )
    total = conn.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    ids = conn.execute(query.order_by(greetings.c.id).limit(most)).scalars()
    return list(ids), int(total)


def greeting_row(conn: Connection, greeting_id: str) -> dict[str, Any]:
    """One draft with client, event, message, reasons in words and the client's earlier texts."""
    query = _greetings_query(with_text=True).where(greetings.c.id == greeting_id)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no greeting {greeting_id}")
    found = _with_name(dict(row))
    why = found["approval_reasons"] or []
    found["approval_words"] = {reason: WORDS.get(reason, reason) for reason in why}
    earlier = (
        sa.select(*(greetings.c[n] for n in ("id", "subject", "body", "deliver_on", "status")))
        .where(greetings.c.client_id == row["client_id"], greetings.c.id < greeting_id)
        .order_by(greetings.c.id.desc())
        .limit(3)
    )
    found["earlier"] = [dict(one) for one in conn.execute(earlier).mappings()]
    return found


def _greetings_query(*, with_text: bool) -> sa.Select[Any]:
    heavy = () if with_text else ("body", "history", "metadata")
    own = [column for column in greetings.c if column.name not in heavy]
    return (
        sa.select(
            *own,
            *_client_columns(),
            *(events.c[name].label(f"event_{name}") for name in _EVENT),
            holidays.c.code.label("holiday_code"),
            outreach_messages.c.status.label("message_status"),
            outreach_messages.c.scheduled_for,
            outreach_messages.c.sent_at,
            outreach_messages.c.last_error,
        )
        .join(clients, clients.c.id == greetings.c.client_id)
        .join(events, events.c.id == greetings.c.event_id)
        .join(holidays, holidays.c.id == events.c.holiday_id, isouter=True)
        .join(outreach_messages, outreach_messages.c.id == greetings.c.message_id, isouter=True)
    )


def _client_columns() -> list[Any]:
    return [clients.c[name].label(f"client_{name}") for name in _CLIENT]


def _with_name(row: dict[str, Any]) -> dict[str, Any]:
    names = {name: row[f"client_{name}"] for name in _CLIENT[:4]}
    return {**row, "client_name": display_name(names)}


def _between(query: sa.Select[Any], column: Any, wanted: Mapping[str, Any]) -> sa.Select[Any]:
    if wanted.get("since"):
        query = query.where(column >= wanted["since"])
    if wanted.get("until"):
        query = query.where(column <= wanted["until"])
    return query


def tab_counts(conn: Connection) -> dict[str, int]:
    """How many drafts stand in each tab."""
    counted = sa.select(greetings.c.status, sa.func.count()).group_by(greetings.c.status)
    by_status = {row[0]: row[1] for row in conn.execute(counted)}
    return {tab: sum(by_status.get(s, 0) for s in states) for tab, states in TABS.items()}


def run_list(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """The last runs without their reports, newest first."""
    columns = [column for column in agent_runs.c if column.name != "report"]
    query = sa.select(*columns).order_by(agent_runs.c.started_at.desc(), agent_runs.c.id.desc())
    return [dict(row) for row in conn.execute(query.limit(limit)).mappings()]


def run_row(conn: Connection, run_id: str) -> dict[str, Any]:
    """One run with its report."""
    row = conn.execute(sa.select(agent_runs).where(agent_runs.c.id == run_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no run {run_id}")
    return dict(row)


def feedback_rows(conn: Connection, greeting_id: str) -> list[dict[str, Any]]:
    """What came back to one greeting."""
    query = sa.select(feedback).where(feedback.c.greeting_id == greeting_id)
    return [dict(row) for row in conn.execute(query.order_by(feedback.c.id)).mappings()]


def dashboard(conn: Connection, today: date, now: datetime) -> dict[str, Any]:
    """The counters of the first page."""
    week = today + timedelta(days=7)
    alive = sa.and_(clients.c.deleted_at.is_(None), clients.c.erased_at.is_(None))
    ahead = events.c.deliver_on.between(today, week) & events.c.status.in_(["planned", "composed"])
    monday = today - timedelta(days=today.weekday())
    this_week = datetime.combine(monday, datetime.min.time(), UTC)
    sent = (outreach_messages.c.kind == "greeting") & (outreach_messages.c.sent_at >= this_week)
    reasons = (
        sa.select(events.c.reason, sa.func.count())
        .where(events.c.reason != "", events.c.deliver_on >= today - timedelta(days=30))
        .group_by(events.c.reason)
    )
    not_greeted = {row[0]: row[1] for row in conn.execute(reasons)}
    return {
        "clients": _count(conn, clients, alive),
        "events_next_7_days": _count(conn, events, ahead),
        "waiting": _count(conn, greetings, greetings.c.status == "needs_approval"),
        "sent_this_week": _count(conn, outreach_messages, sent),
        "not_greeted": not_greeted,
        "late": not_greeted.get("late", 0),
        "capped": not_greeted.get("holiday_limit", 0),
        "tabs": tab_counts(conn),
        "runs": run_list(conn, 10),
        "now": now,
    }


def _count(conn: Connection, table: sa.Table, *where: Any) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(*where)
    return int(conn.execute(query).scalar_one())


def holiday_rows(
    conn: Connection, *, kind: str = "", enabled: bool | None = None, query: str = ""
) -> Sequence[dict[str, Any]]:
    """Rules of the calendar by code."""
    wanted = sa.select(holidays).order_by(holidays.c.code)
    if kind:
        wanted = wanted.where(holidays.c.kind == kind)
    if enabled is not None:
        wanted = wanted.where(holidays.c.is_business_relevant == enabled)
    rows = [dict(row) for row in conn.execute(wanted).mappings()]
    word = query.strip().casefold()
    return [row for row in rows if word in row["title"].casefold() or word in row["code"]]
