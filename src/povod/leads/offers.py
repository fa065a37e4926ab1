"""Offers: who writes and what for. Rows with versions; no sender's name stands in code (L93)."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import InputError
from povod.store.tables import offers
from povod.store.upsert import insert_new
from povod.writing.briefs import OfferBrief

REQUIRED = ("sender_name", "sender_company", "value", "call_to_action")
DEMO_KEY = "demo"


class NoOfferError(InputError):
    """There is no active offer of the user's own, so there is nothing to write about."""


def save_offer(
    conn: Connection, key: str, data: Mapping[str, Any], by: str, *, is_demo: bool = False
) -> int:
    """Store `data` as the newest version of the offer `key` and return that version.

    Raises `InputError` that names every missing field.
    """
    missing = [name for name in REQUIRED if not str(data.get(name, "")).strip()]
    if missing:
        raise InputError(f"offer {key!r}: fill in {', '.join(missing)}")
    newest = sa.select(sa.func.max(offers.c.version)).where(offers.c.key == key)
    version = int(conn.execute(newest).scalar() or 0) + 1
    conn.execute(offers.update().where(offers.c.key == key).values(active=False))
    row = {"key": key, "version": version, "data": dict(data), "created_by": by, "is_demo": is_demo}
    conn.execute(offers.insert().values(**row, active=True))
    return version


def ensure_demo_offer(conn: Connection) -> None:
    """The offer that ships with the demo; made once."""
    text = resources.files("povod.leads").joinpath("data/demo_offer.json").read_text("utf-8")
    row = {
        "key": DEMO_KEY,
        "version": 1,
        "data": json.loads(text),
        "created_by": "demo",
        "is_demo": True,
        "active": True,
    }
    insert_new(conn, offers, [row], ["key", "version"])


def active_offer(conn: Connection, key: str = "", *, demo: bool = False) -> OfferBrief:
    """The offer `key`, or the newest active one; the demo's offer only in the demo.

    Raises `NoOfferError` that says how to make one.
    """
    query = sa.select(offers).where(offers.c.active).order_by(offers.c.is_demo, offers.c.id.desc())
    if key:
        query = query.where(offers.c.key == key)
    if not demo:
        query = query.where(offers.c.is_demo.is_(False))
    row = conn.execute(query.limit(1)).first()
    if row is None:
        wanted = f"offer {key!r}" if key else "offer of your own"
        raise NoOfferError(
            f"there is no active {wanted}, so no letter is written; add one with "
            f"`povod leads offers import FILE.json` (fields: {', '.join(REQUIRED)})"
        )
    return OfferBrief.from_data(row.key, row.version, row.data)
