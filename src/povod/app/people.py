"""The first user and the token of scripts: made at the first start, shown once."""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from pydantic import SecretStr

from povod.kit.text import value_key
from povod.store.db import Database
from povod.store.tables import settings as settings_table
from povod.store.tables import users
from povod.store.upsert import insert_new

FIRST_LOGIN = "admin"
PASSWORD_BYTES = 12


def ensure_first_user(db: Database) -> str | None:
    """Make the admin if there is nobody yet; its password, or None when somebody is there."""
    with db.read() as conn:
        if conn.execute(sa.select(users.c.id).limit(1)).first() is not None:
            return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    row = {
        "login": FIRST_LOGIN,
        "login_key": value_key(FIRST_LOGIN),
        "role": "admin",
        "password_hash": PasswordHasher().hash(password),
        "must_change_password": True,
    }
    with db.tx() as conn:
        made = insert_new(conn, users, [row], ["login_key"])
    return password if made else None


TOKEN_ROW = "admin_token"  # noqa: S105 - the name of a row
TOKEN_BYTES = 24


class AdminToken:
    """The value of `X-Admin-Token` (S20): given by ADMIN_TOKEN, else made once and kept hashed."""

    def __init__(self, db: Database, given: SecretStr | None) -> None:
        self._db = db
        self._digest = _digest(given.get_secret_value()) if given else ""

    def ensure(self) -> str | None:
        """The new token when this is the first start without one; else None."""
        if self._stored():
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row = {"id": TOKEN_ROW, "value": {"sha256": _digest(token)}}
        with self._db.tx() as conn:
            made = insert_new(conn, settings_table, [row], ["id"])
        return token if made else None

    def fits(self, token: str) -> bool:
        """Whether this is the token; takes the same time for any wrong one."""
        stored = self._stored()
        return bool(stored) and hmac.compare_digest(stored, _digest(token))

    def _stored(self) -> str:
        """Read once there is one: another process may make it after this one started."""
        if not self._digest:
            query = sa.select(settings_table.c.value).where(settings_table.c.id == TOKEN_ROW)
            with self._db.read() as conn:
                value = conn.execute(query).scalar() or {}
            self._digest = str(value.get("sha256", ""))
        return self._digest


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
