"""A ledger on either database, and ways to look at and to age its rows."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.engine.ledger import Ledger
from povod.engine.work import NewWork
from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.tables import processing_jobs as jobs

Enqueue = Callable[..., str]
RowOf = Callable[[str], sa.RowMapping]


@pytest.fixture
def ledger(db: Database, clock: FixedClock) -> Ledger:
    return Ledger(db, clock)


@pytest.fixture
def enqueue(ledger: Ledger) -> Enqueue:
    def put(queue: str = "default", kind: str = "step", **options: Any) -> str:
        with ledger.db.tx() as conn:
            work_id = ledger.enqueue(conn, NewWork(queue, kind, **options))
        assert work_id is not None
        return work_id

    return put


@pytest.fixture
def row_of(db: Database) -> RowOf:
    def read(work_id: str) -> sa.RowMapping:
        with db.read() as conn:
            return conn.execute(sa.select(jobs).where(jobs.c.id == work_id)).mappings().one()

    return read


@pytest.fixture
def expire_leases(db: Database) -> Callable[[], None]:
    """As if a lease time had passed; the server's clock cannot be moved."""

    def expire() -> None:
        with db.tx() as conn:
            past = db.lease_time(conn) - timedelta(seconds=1)
            conn.execute(sa.update(jobs).where(jobs.c.state == "running").values(lease_until=past))

    return expire


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Database 15 of a running Redis; skips without one, fails in CI."""
    redis = pytest.importorskip("redis")
    base = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    url = f"{base.rsplit('/', 1)[0]}/15"
    try:
        redis.Redis.from_url(url, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        message = f"Redis cannot be reached ({type(error).__name__}); start it to run this test"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return url
