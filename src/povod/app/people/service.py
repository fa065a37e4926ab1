"""The people of the house: who may use it, as what, and with which password.

Each deed names who does it (`by`: a login, or `cli`) and leaves a line in the audit log in its own
transaction; no password ever stands there.
"""

import re
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.app.people import passwords
from povod.app.people.rows import by_id, check_role, login_key
from povod.app.people.tokens import ApiTokens
from povod.kit.clock import Clock
from povod.kit.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.text import clean
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import users
from povod.store.upsert import insert_new

_LOGIN = re.compile(r"\w[\w.@+-]{0,63}")
NOT_LOGINS = frozenset(
    {
        *("admin-token", "cli", "demo", "file", "inbox", "local"),
        *("policy", "povod", "reaper", "resolver", "schedule", "system", "worker"),
    }
)
"""Names under which the house itself stands in the audit log."""


@dataclass(frozen=True)
class OneTime:
    """A person with the password that gets them in once; nobody can look it up again."""

    id: str
    login: str
    password: str = field(repr=False)


class People:
    """Who may use this house."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.tokens = ApiTokens(db, clock)

    def listed(self) -> list[RowMapping]:
        """Everybody by login, those who are switched off last."""
        query = sa.select(users).order_by(users.c.active.desc(), users.c.login_key)
        with self._db.read() as conn:
            return list(conn.execute(query).mappings())

    def get(self, person_id: str) -> RowMapping:
        """One person."""
        with self._db.read() as conn:
            return by_id(conn, person_id)

    def find(self, login: str) -> RowMapping:
        """The person with this login."""
        with self._db.read() as conn:
            row = self._of_login(conn, login)
        if row is None:
            raise NotFoundError(f"there is no user {login!r}: `povod users list` names them")
        return row

    def _of_login(self, conn: Connection, login: str) -> RowMapping | None:
        query = sa.select(users).where(users.c.login_key == login_key(login))
        return conn.execute(query).mappings().first()

    def sign_in(self, login: str, password: str) -> RowMapping | None:
        """The person, if that is the password and they are not switched off."""
        with self._db.read() as conn:
            row = self._of_login(conn, login)
        known = row if row and row["active"] else None
        if not passwords.fits(known["password_hash"] if known else None, password) or known is None:
            return None
        with self._db.tx() as conn:
            _set(conn, known, last_login_at=self._clock.now())
            audit.append(conn, known["login"], "login", known["login"])
        return known

    def sign_out(self, login: str) -> None:
        """A person left by themselves (S135)."""
        with self._db.tx() as conn:
            audit.append(conn, login, "logout", login)

    def add(self, login: str, by: str, *, name: str = "", role: str = "viewer") -> OneTime:
        """A new person, who gets in with a one-time password."""
        given = OneTime(new_id(), _checked_login(login), passwords.one_time())
        row = {
            "id": given.id,
            "login": given.login,
            "login_key": login_key(login),
            "name": clean(name),
            "role": check_role(role),
            "password_hash": passwords.hashed(given.password),
            "must_change_password": True,
        }
        with self._db.tx() as conn:
            if not insert_new(conn, users, [row], ["login_key"]):
                raise ConflictError(
                    f"there is a user {given.login} already: take another login", code="login_taken"
                )
            audit.append(conn, by, "user.add", given.login, {"role": role})
        return given

    def change_role(self, person_id: str, role: str, by: str) -> None:
        """Let a person do more or less from now on."""
        with self._db.tx() as conn:
            row = self._taken_in_hand(conn, person_id, by, stays=check_role(role) == "admin")
            if row["role"] != role:
                _set(conn, row, role=role)
                facts = {"from": row["role"], "to": role}
                audit.append(conn, by, "user.role", row["login"], facts)

    def switch(self, person_id: str, by: str, *, on: bool) -> None:
        """Let a person in again, or end their sessions and tokens at once."""
        with self._db.tx() as conn:
            row = self._taken_in_hand(conn, person_id, by, stays=on)
            if row["active"] != on:
                # A session that began before does not come back to life.
                _set(conn, row, active=on, session_epoch=row["session_epoch"] + 1)
                audit.append(conn, by, "user.on" if on else "user.off", row["login"])

    def reset_password(self, person_id: str, by: str) -> OneTime:
        """A one-time password in place of the one that was lost; all sessions end."""
        fresh = passwords.one_time()
        stored = passwords.hashed(fresh)
        with self._db.tx() as conn:
            row = by_id(conn, person_id, lock=True)
            _refuse_oneself(row, by)
            epoch = row["session_epoch"] + 1
            _set(conn, row, password_hash=stored, must_change_password=True, session_epoch=epoch)
            audit.append(conn, by, "user.password_reset", row["login"])
        return OneTime(row["id"], row["login"], fresh)

    def change_password(self, person_id: str, present: str, fresh: str) -> int:
        """One's own choice; all sessions end but those of the number that is given back."""
        row = self.get(person_id)
        if not passwords.fits(row["password_hash"], present):
            raise InputError(
                "the present password is wrong: try again, or let an admin reset it",
                code="password_wrong",
            )
        passwords.check_choice(fresh, present, row["login"])
        stored, epoch = passwords.hashed(fresh), int(row["session_epoch"]) + 1
        with self._db.tx() as conn:
            if by_id(conn, person_id, lock=True)["password_hash"] != row["password_hash"]:
                raise ConflictError(
                    "the password was changed meanwhile: sign in again", code="password_changed"
                )
            _set(conn, row, password_hash=stored, must_change_password=False, session_epoch=epoch)
            audit.append(conn, row["login"], "user.password", row["login"])
        return epoch

    def _taken_in_hand(
        self, conn: Connection, person_id: str, by: str, *, stays: bool
    ) -> RowMapping:
        """The row of somebody else; unless an admin `stays` one, another must be left."""
        admins = sa.select(users.c.id).where(users.c.role == "admin", users.c.active)
        # Locked together and in order: two admins cannot switch each other off.
        left = set(conn.execute(admins.order_by(users.c.id).with_for_update()).scalars())
        row = by_id(conn, person_id, lock=True)
        _refuse_oneself(row, by)
        if not stays and left == {row["id"]}:
            raise ConflictError(
                f"{row['login']} is the last admin: make somebody else admin first",
                code="last_admin",
            )
        return row


def _checked_login(text: str) -> str:
    login = clean(text)
    if not _LOGIN.fullmatch(login) or login_key(login) in NOT_LOGINS:
        raise InputError(
            f"{login!r} cannot be a login: take up to 64 letters, digits and . _ - + @, "
            "and no name of the house itself",
            code="login_invalid",
        )
    return login


def _refuse_oneself(row: RowMapping, by: str) -> None:
    if row["login_key"] == login_key(by):
        raise ForbiddenError(
            "nobody does this to themselves: ask another admin; your password is changed on the "
            "page of your account",
            code="oneself",
        )


def _set(conn: Connection, row: RowMapping, **values: object) -> None:
    conn.execute(users.update().where(users.c.id == row["id"]).values(**values))
