"""Finding the row of a person, and saying so when there is none; what a role includes."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.kit.errors import InputError, NotFoundError
from povod.kit.text import clean, value_key
from povod.store.tables import users
from povod.store.tables.house import ROLES


def login_key(login: str) -> str:
    """How a login is compared: without regard to case."""
    return value_key(clean(login))


def by_id(conn: Connection, person_id: str, *, lock: bool = False) -> RowMapping:
    """The person; with `lock` nobody else changes it until the transaction ends."""
    query = sa.select(users).where(users.c.id == person_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no user {person_id}")
    return row


def check_role(role: str) -> str:
    """The role, if there is one of that name."""
    if role not in ROLES:
        raise InputError(
            f"there is no role {role!r}: take one of {', '.join(ROLES)}", code="role_unknown"
        )
    return role


def lesser(one: str, other: str) -> str:
    """The role of the two that may do less."""
    return min(one, other, key=ROLES.index)
