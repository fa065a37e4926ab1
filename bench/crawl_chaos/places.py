"""Databases of our own, emptied at the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from povod.kit.ids import new_id

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@contextmanager
def postgres_database() -> Iterator[str]:
    """A database of our own."""
    name = f"povod_chaos_{new_id().replace('-', '')}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def redis_database() -> Iterator[str]:
    """An empty database of Redis, emptied again at the end."""
    from redis import Redis

    for number in range(14, 0, -1):
        url = f"{REDIS.rsplit('/', 1)[0]}/{number}"
        client = Redis.from_url(url)
        if client.dbsize() == 0:
            break
    else:
        raise SystemExit("no database of Redis is empty")
    try:
        yield url
    finally:
        client.flushdb()
        client.close()
