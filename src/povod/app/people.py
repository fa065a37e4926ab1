"""The first user: an admin with a password that is shown once."""

import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher

from povod.kit.text import value_key
from povod.store.db import Database
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
