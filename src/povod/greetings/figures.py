"""Figures: how many greetings were made and sent, and what came back, by group (G127)."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import clients, events, feedback, greetings

GOOD_SCORE = 4
GROUPS = {
    "segment": clients.c.segment,
    "kind": events.c.event_type,
    "tone": greetings.c.tone,
    "source": greetings.c.text_source,
}


def figures(
    conn: Connection, since: date | None = None, until: date | None = None
) -> dict[str, Any]:
    """`total` and `groups`, by day of delivery; each counts what `_MEASURES` names."""
    where = []
    if since:
        where.append(greetings.c.deliver_on >= since)
    if until:
        where.append(greetings.c.deliver_on <= until)
    groups = {name: _counted(conn, column, where) for name, column in GROUPS.items()}
    total: dict[str, int] = dict.fromkeys(_MEASURES, 0)
    for counts in groups["segment"].values():
        for name, count in counts.items():
            total[name] += count
    return {"total": total, "groups": groups}


def _answered(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """True for a greeting with such an answer, whatever source it came from."""
    return sa.exists().where(feedback.c.greeting_id == greetings.c.id, *where)


_MEASURES: dict[str, sa.ColumnElement[bool]] = {
    "made": sa.true(),
    "sent": greetings.c.status == "sent",
    "waiting": greetings.c.status == "needs_approval",
    "rejected": greetings.c.status == "rejected",
    "skipped": greetings.c.status.in_(["skipped", "cancelled"]),
    "failed": greetings.c.status == "error",
    "edited": greetings.c.text_source == "human",
    "replied": _answered(feedback.c.outcome == "replied"),
    "rated": _answered(feedback.c.score.is_not(None)),
    "liked": _answered(feedback.c.score >= GOOD_SCORE),
}


def _counted(
    conn: Connection, column: Any, where: list[sa.ColumnElement[bool]]
) -> dict[str, dict[str, int]]:
    sums = [
        sa.func.sum(sa.case((holds, 1), else_=0)).label(name) for name, holds in _MEASURES.items()
    ]
    query = (
        sa.select(column.label("word"), *sums)
        .select_from(greetings)
        .join(clients, clients.c.id == greetings.c.client_id)
        .join(events, events.c.id == greetings.c.event_id)
        .where(*where)
        .group_by(column)
    )
    return {
        str(row["word"]): {name: int(row[name]) for name in _MEASURES}
        for row in conn.execute(query).mappings()
    }
