"""Attempts as people look at them: page by page, newest first."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.tables import deliveries, outreach_messages

_OWN = (
    *("id", "attempt_no", "channel", "provider", "state", "reply_stage", "reply_code"),
    *("reply_text", "outcome_class", "claimed_at", "finished_at"),
)


@dataclass(frozen=True)
class AttemptFilter:
    """What a list shows."""

    state: str = ""
    kind: str = ""
    page: int = 1
    size: int = PAGE_SIZE


def list_attempts(conn: Connection, wanted: AttemptFilter) -> Listing:
    """The page that `wanted` asks for."""
    messages = outreach_messages.c
    where: list[sa.ColumnElement[bool]] = []
    if wanted.state:
        where.append(deliveries.c.state == wanted.state)
    if wanted.kind:
        where.append(messages.kind == wanted.kind)
    query = (
        sa.select(
            *(deliveries.c[name] for name in _OWN),
            messages.id.label("message_id"),
            messages.kind,
            messages.subject,
            messages.to_value.label("to"),
        )
        .join(outreach_messages, messages.id == deliveries.c.outreach_message_id)
        .where(*where)
        .order_by(deliveries.c.id.desc())
    )
    return read_page(conn, query, wanted.page, wanted.size)
