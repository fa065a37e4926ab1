"""Tables of the house: people who use it, what they did, what it remembers."""

import sqlalchemy as sa

from povod.store.tables.base import metadata
from povod.store.types import choice, document, flag, integer, key, moment, ref, stamps, text

ROLES = ("viewer", "operator", "approver", "admin")

users = sa.Table(
    "users",
    metadata,
    key(),
    sa.Column("login_key", sa.Text, nullable=False, unique=True),
    text("login"),
    text("name"),
    choice("role", ROLES),
    text("password_hash"),
    flag("must_change_password"),
    flag("active", default=True),
    text("language"),
    text("theme"),
    moment("last_login_at"),
    integer("session_epoch"),
    *stamps(),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    key(),
    ref("user_id", "users.id", nullable=False, ondelete="CASCADE"),
    text("name"),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    choice("role", ROLES),
    moment("expires_at"),
    moment("last_used_at"),
    moment("revoked_at"),
    *stamps(),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    text("actor"),
    text("action"),
    text("subject"),
    document("data"),
    text("previous_hash"),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    *stamps(mutable=False),
    sqlite_autoincrement=True,
)

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    document("value"),
    *stamps(),
)
