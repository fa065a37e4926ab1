"""Whether the house can work, in words that hold no secret (S15b, N40, N41)."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from povod.store.migrate import is_current
from povod.store.tables import processing_jobs

if TYPE_CHECKING:
    from povod.app.house import House

PATIENCE = timedelta(seconds=30)
"""Due work that nobody took for so long has nobody to take it."""

NO_WORKER = "no worker"


def health_of(house: "House") -> dict[str, Any]:
    """`ok`, `degraded` (something of value is missing) or `failed` (nothing can be done)."""
    try:
        if not is_current(house.db):
            return _failed("migrations are pending: run `povod db upgrade`")
        stats = house.ledger.stats()
        workers = _workers(house)
    except SQLAlchemyError as error:
        return _failed(type(error).__name__)
    components = {"workers": workers, "files": _files(house), **_services(house)}
    bad = [name for name, state in components.items() if state not in ("ok", "off", "idle")]
    return {
        "status": "degraded" if bad else "ok",
        "database": house.db.dialect,
        "components": components,
        "work": vars(stats),
    }


def _failed(reason: str) -> dict[str, Any]:
    return {"status": "failed", "database": reason, "components": {}}


def _workers(house: "House") -> str:
    """Nobody signs in for work, so it is told by work that waits and that is done."""
    jobs, now = processing_jobs.c, house.clock.now()
    held = sa.select(jobs.id).where(jobs.state == "running", jobs.lease_until > now)
    due = sa.select(sa.func.min(jobs.run_at)).where(jobs.state == "queued", jobs.run_at <= now)
    last = sa.select(sa.func.max(jobs.finished_at))
    with house.db.read() as conn:
        if conn.execute(held.limit(1)).first() is not None:
            return "ok"
        oldest, finished = conn.execute(due).scalar(), conn.execute(last).scalar()
    if oldest is None:
        return "idle"
    lately = finished is not None and now - finished < PATIENCE
    return "ok" if lately or now - oldest < PATIENCE else NO_WORKER


def _files(house: "House") -> str:
    if house.settings.s3_endpoint:
        return "ok"
    folder = house.settings.data_dir
    there = folder if folder.exists() else folder.absolute().parent
    return "ok" if os.access(there, os.W_OK) else "DATA_DIR cannot be written"


def _services(house: "House") -> dict[str, str]:
    """Services that are set up; they are asked when they are needed, not here."""
    settings = house.settings
    return {
        "redis": "ok" if settings.redis_url else "off",
        "flaresolverr": "ok" if settings.flaresolverr_url else "off",
        "firecrawl": "ok" if settings.firecrawl_api_key else "off",
    }
