"""Many rows in an order of ours: all of their ids in memory, of the rows a batch at a time."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from povod.store.bulk import among
from povod.store.db import Database

BATCH = 500


def in_order(
    db: Database, query: sa.Select[Any], key: sa.Column[Any], ids: sa.Select[Any]
) -> Iterator[list[RowMapping]]:
    """Rows of `query`, found by `key`, in the order of `ids`.

    The ids alone are sorted, once: to sort the rest anew for each batch takes a time that grows
    with the square of a job.
    """
    with db.read() as conn:
        known = list(conn.execute(ids).scalars())
    for start in range(0, len(known), BATCH):
        some = known[start : start + BATCH]
        with db.read() as conn:
            rows = conn.execute(query.where(among(conn, key, some))).mappings()
            found = {row[key]: row for row in rows}
        yield [found[one] for one in some if one in found]
