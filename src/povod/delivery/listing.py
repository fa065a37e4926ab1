"""Messages as people look at them: the queue page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.search import text_in
from povod.store.tables import companies, outreach_messages

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


@dataclass(frozen=True)
class MessageFilter:
    """What a list shows."""

    status: str = ""
    text: str = ""
    page: int = 1
    size: int = PAGE_SIZE


@dataclass(frozen=True)
class MessageListing:
    """One page of messages and how many there are in all."""

    rows: Sequence[Any]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def list_messages(conn: Connection, wanted: MessageFilter) -> MessageListing:
    """The page that `wanted` asks for, newest plan first."""
    letters = outreach_messages.c
    where: list[sa.ColumnElement[bool]] = []
    if wanted.status:
        where.append(letters.status == wanted.status)
    if wanted.text:
        columns = (letters.subject, letters.to_value, companies.c.name)
        where.append(text_in(columns, wanted.text))
    joined = outreach_messages.outerjoin(companies, companies.c.id == letters.company_id)
    total = conn.execute(sa.select(sa.func.count()).select_from(joined).where(*where)).scalar_one()
    size = min(max(wanted.size, 1), MAX_PAGE_SIZE)
    page = min(max(wanted.page, 1), max(1, -(-total // size)))
    moment = sa.func.coalesce(letters.sent_at, letters.scheduled_for, letters.created_at)
    query = (
        sa.select(
            letters.id,
            letters.kind,
            letters.subject,
            letters.to_value,
            letters.status,
            letters.delivery_status,
            letters.skip_reason,
            letters.last_error,
            letters.scheduled_for,
            letters.sent_at,
            letters.message_id,
            letters.company_id,
            companies.c.name.label("company"),
        )
        .select_from(joined)
        .where(*where)
        .order_by(moment.desc(), letters.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return MessageListing(conn.execute(query).all(), total, page, size)


def status_counts(conn: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    status = outreach_messages.c.status
    rows = conn.execute(sa.select(status, sa.func.count()).group_by(status))
    return {str(name): int(count) for name, count in rows}
