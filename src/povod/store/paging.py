"""One page of a long list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


@dataclass(frozen=True)
class Listing:
    """Rows of one page and how many there are in all."""

    rows: Sequence[Any]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def read_page(conn: Connection, query: sa.Select[Any], page: int, size: int) -> Listing:
    """The page of `query` (ordered, unlimited); a page beyond the last is the last."""
    counted = query.order_by(None).with_only_columns(sa.func.count(), maintain_column_froms=True)
    empty = Listing([], conn.execute(counted).scalar_one(), 1, min(max(size, 1), MAX_PAGE_SIZE))
    place = min(max(page, 1), empty.pages)
    limited = query.limit(empty.size).offset((place - 1) * empty.size)
    return Listing(conn.execute(limited).all(), empty.total, place, empty.size)
