"""The first user: made at the first start, the password shown once."""

import sqlalchemy as sa

from povod.app.people.passwords import hashed, one_time
from povod.kit.text import value_key
from povod.store.db import Database
from povod.store.tables import users
from povod.store.upsert import insert_new

FIRST_LOGIN = "admin"


def ensure_first_user(db: Database) -> str | None:
    """Make the admin if there is nobody yet; its password, or None when somebody is there."""
    with db.read() as conn:
        if conn.execute(sa.select(users.c.id).limit(1)).first() is not None:
            return None
    password = one_time()
    row = {
        "login": FIRST_LOGIN,
        "login_key": value_key(FIRST_LOGIN),
        "role": "admin",
        "password_hash": hashed(password),
        "must_change_password": True,
    }
    with db.tx() as conn:
        made = insert_new(conn, users, [row], ["login_key"])
    return password if made else None
