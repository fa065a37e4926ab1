"""Messages as people look at them: the queue page by page."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.paging import PAGE_SIZE, Listing, read_page
from povod.store.search import text_in
from povod.store.tables import companies, outreach_messages


@dataclass(frozen=True)
class MessageFilter:
    """What a list shows."""

    status: str = ""
    text: str = ""
    page: int = 1
    size: int = PAGE_SIZE


def list_messages(conn: Connection, wanted: MessageFilter) -> Listing:
    """The page that `wanted` asks for, newest plan first."""
    letters = outreach_messages.c
    where: list[sa.ColumnElement[bool]] = []
    if wanted.status:
        where.append(letters.status == wanted.status)
    if wanted.text:
        columns = (letters.subject, letters.to_value, companies.c.name)
        where.append(text_in(columns, wanted.text))
    joined = outreach_messages.outerjoin(companies, companies.c.id == letters.company_id)
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
    )
    return read_page(conn, query, wanted.page, wanted.size)


def status_counts(conn: Connection) -> dict[str, int]:
    """How many messages are in each state."""
    status = outreach_messages.c.status
    rows = conn.execute(sa.select(status, sa.func.count()).group_by(status))
    return {str(name): int(count) for name, count in rows}
