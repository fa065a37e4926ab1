"""Tables of clients and their answers; the calendar and greetings join them with their job."""

import sqlalchemy as sa

from povod.store.tables.base import metadata
from povod.store.types import choice, document, flag, integer, key, moment, ref, stamps, text

clients = sa.Table(
    "clients",
    metadata,
    key(),
    ref("company_id", "companies.id"),
    text("last_name"),
    text("first_name"),
    text("middle_name"),
    text("email"),
    text("email_key"),
    text("phone"),
    text("company_name"),
    text("position"),
    choice("segment", ("standard", "vip", "new", "loyal"), default="standard"),
    choice("preferred_channel", ("email", "sms", "messenger", "telegram"), default="email"),
    sa.Column("birth_date", sa.Date, nullable=True),
    text("country", default="RU"),
    text("zone"),
    flag("active", default=True),
    flag("is_demo"),
    document("attributes"),
    *stamps(),
)

feedback = sa.Table(
    "feedback",
    metadata,
    key(),
    ref("outreach_message_id", "outreach_messages.id", ondelete="CASCADE"),
    choice("outcome", ("replied", "ignored", "unknown", "liked", "disliked")),
    integer("score", nullable=True),
    text("note"),
    text("source"),
    moment("at", nullable=False),
    *stamps(),
)
