"""Columns as they are stored, past what SQLAlchemy does for each value of each row.

JSON is decoded faster than the driver does it, and only where it is needed.
"""

from typing import Any

import orjson
import sqlalchemy as sa


def as_text(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[str]:
    """A JSON column as it is stored, under that name."""
    return sa.cast(column, sa.Text).label(name)


def decoded(text: str | None) -> Any:
    """The value; None where there is none."""
    return orjson.loads(text) if text else None


def plain(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    """A choice as text: checked by the database when it was written, not again for each row."""
    return sa.type_coerce(column, sa.Text).label(column.name)
