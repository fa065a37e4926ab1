"""The token of scripts: made at the first start, shown once."""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from pydantic import SecretStr

from povod.kit.errors import ConflictError
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import settings as settings_table
from povod.store.upsert import insert_new, upsert

TOKEN_ROW = "admin_token"  # noqa: S105 - the name of a row
TOKEN_BYTES = 24


class AdminToken:
    """The value of `X-Admin-Token` (S20): given by ADMIN_TOKEN, else made once and kept hashed."""

    def __init__(self, db: Database, given: SecretStr | None) -> None:
        self._db = db
        self._given = digest_of(given.get_secret_value()) if given else ""

    def ensure(self) -> str | None:
        """The new token when this is the first start without one; else None."""
        if self._stored():
            return None
        token, row = _new()
        with self._db.tx() as conn:
            made = insert_new(conn, settings_table, [row], ["id"])
        return token if made else None

    def renew(self, by: str) -> str:
        """Another token in place of the one that was made here, which ends at once."""
        if self._given:
            raise ConflictError(
                "ADMIN_TOKEN is set, so the token is what that says: change it there and restart"
            )
        token, row = _new()
        with self._db.tx() as conn:
            upsert(conn, settings_table, [row], ["id"], ["value", "updated_at"])
            audit.append(conn, by, "admin_token.renew", TOKEN_ROW)
        return token

    def fits(self, token: str) -> bool:
        """Whether this is the token; takes the same time for any wrong one."""
        stored = self._stored()
        return bool(stored) and hmac.compare_digest(stored, digest_of(token))

    def _stored(self) -> str:
        """Read each time: another process may make it, or renew it, while this one runs."""
        if self._given:
            return self._given
        query = sa.select(settings_table.c.value).where(settings_table.c.id == TOKEN_ROW)
        with self._db.read() as conn:
            value = conn.execute(query).scalar() or {}
        return str(value.get("sha256", ""))


def _new() -> tuple[str, dict[str, object]]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, {"id": TOKEN_ROW, "value": {"sha256": digest_of(token)}}


def digest_of(token: str) -> str:
    """What is stored of a token: it is too long to be guessed, so a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()
