"""Searching in texts the same way on both databases."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def text_in(columns: Sequence[sa.ColumnElement[Any]], text: str) -> sa.ColumnElement[bool]:
    """True where each word of `text` stands in one of `columns`, whatever the case of letters.

    SQLite's own `lower` knows ASCII only; `Database` gives every connection one that knows all.
    It is called in Python, so the columns are joined first: one call for each row and word.
    """
    joined: sa.ColumnElement[Any] = sa.func.coalesce(columns[0], "")
    for column in columns[1:]:
        joined = joined + "\n" + sa.func.coalesce(column, "")
    return sa.and_(*(joined.icontains(word, autoescape=True) for word in text.split()))
