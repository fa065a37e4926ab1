"""Searching in texts the same way on both databases."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def text_in(columns: Sequence[sa.ColumnElement[Any]], text: str) -> sa.ColumnElement[bool]:
    """True where one of `columns` contains `text`, whatever the case of its letters.

    SQLite folds ASCII only, so the usual capitalisations of the text are tried as well.
    """
    spellings = {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    return sa.or_(
        *(column.icontains(word, autoescape=True) for column in columns for word in spellings)
    )
