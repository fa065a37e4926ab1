"""Tokens by which programs use the API as a person, and may do no more than that person."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from povod.app.people.admin_token import digest_of
from povod.app.people.rows import by_id, check_role, lesser
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.text import clean
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import api_tokens, users

TOKEN_BYTES = 32
LONGEST_NAME = 100
MOST_DAYS = 3650
SEEN_EVERY = timedelta(hours=1)
_SHOWN = [column for column in api_tokens.c if column.name != "token_hash"]


@dataclass(frozen=True)
class NewToken:
    """A token that was just made; nobody can look it up again."""

    id: str
    name: str
    role: str
    expires_at: datetime | None
    token: str = field(repr=False)


@dataclass(frozen=True)
class Bearer:
    """Whom a token stands for, and what it may do now."""

    id: str
    login: str
    role: str


class ApiTokens:
    """The tokens of all people."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def make(
        self, person_id: str, by: str, *, name: str, role: str = "", days: int | None = None
    ) -> NewToken:
        """A token of the person's own role or a lesser one, for good or for some days."""
        ends, secret = self._end(days), secrets.token_urlsafe(TOKEN_BYTES)
        called = _checked_name(name)
        with self._db.tx() as conn:
            person = by_id(conn, person_id, lock=True)
            made = NewToken(new_id(), called, _checked_role(person, role), ends, secret)
            row = {"user_id": person["id"], "token_hash": digest_of(secret), "expires_at": ends}
            row |= {"id": made.id, "name": made.name, "role": made.role}
            conn.execute(api_tokens.insert().values(**row))
            facts = {"id": made.id, "name": made.name, "role": made.role, "until": ends}
            audit.append(conn, by, "token.make", person["login"], facts)
        return made

    def _end(self, days: int | None) -> datetime | None:
        if days is None:
            return None
        if not 1 <= days <= MOST_DAYS:
            raise InputError(
                f"a token lasts 1 to {MOST_DAYS} days, or until it is revoked", code="token_days"
            )
        return self._clock.now() + timedelta(days=days)

    def listed(self, person_id: str) -> list[RowMapping]:
        """The tokens of a person that were not revoked, newest first, each with `ended`."""
        ended = sa.func.coalesce(api_tokens.c.expires_at <= self._clock.now(), False)
        query = sa.select(*_SHOWN, ended.label("ended")).where(
            api_tokens.c.user_id == person_id, api_tokens.c.revoked_at.is_(None)
        )
        with self._db.read() as conn:
            return list(conn.execute(query.order_by(api_tokens.c.id.desc())).mappings())

    def revoke(self, person_id: str, token_id: str, by: str) -> None:
        """End a token of this person at once."""
        alive = (
            api_tokens.c.id == token_id,
            api_tokens.c.user_id == person_id,
            api_tokens.c.revoked_at.is_(None),
        )
        with self._db.tx() as conn:
            person = by_id(conn, person_id)
            ended = api_tokens.update().where(*alive).values(revoked_at=self._clock.now())
            if not conn.execute(ended).rowcount:
                raise NotFoundError(f"{person['login']} has no token {token_id}, or no longer")
            audit.append(conn, by, "token.revoke", person["login"], {"id": token_id})

    def bearer(self, token: str) -> Bearer | None:
        """Whom this token lets in now; a person who may do less than before pulls it down."""
        now = self._clock.now()
        query = (
            sa.select(api_tokens, users.c.login, users.c.role.label("own_role"))
            .join(users, users.c.id == api_tokens.c.user_id)
            .where(
                api_tokens.c.token_hash == digest_of(token),
                api_tokens.c.revoked_at.is_(None),
                sa.or_(api_tokens.c.expires_at.is_(None), api_tokens.c.expires_at > now),
                users.c.active,
            )
        )
        with self._db.read() as conn:
            row = conn.execute(query).mappings().first()
        if row is None:
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] >= SEEN_EVERY:
            self._seen(row["id"], now)
        return Bearer(row["user_id"], row["login"], lesser(row["role"], row["own_role"]))

    def _seen(self, token_id: str, now: datetime) -> None:
        """Not at every request: a reader should seldom have to wait for the one writer."""
        with self._db.tx() as conn:
            used = api_tokens.update().where(api_tokens.c.id == token_id)
            conn.execute(used.values(last_used_at=now))


def _checked_name(text: str) -> str:
    name = clean(text)
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError(
            f"name the token after what uses it, in up to {LONGEST_NAME} characters",
            code="token_name",
        )
    return name


def _checked_role(person: RowMapping, role: str) -> str:
    wanted = check_role(role or person["role"])
    if lesser(wanted, person["role"]) != wanted:
        raise ForbiddenError(
            f"{person['login']} is {person['role']}, so no token of theirs can be {wanted}",
            code="token_role",
        )
    if not person["active"]:
        raise ConflictError(
            f"{person['login']} is switched off: switch them on first", code="person_off"
        )
    return wanted
