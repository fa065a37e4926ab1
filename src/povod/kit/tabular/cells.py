"""What stands in one cell."""

import re
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | date | datetime | None
"""Values that a table can hold; a datetime must be timezone-aware."""

_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\u200b-\u200f\ufeff]*[=+\-@＝＋－＠]")
"""Beginnings that a spreadsheet may take for a formula or step over on the way to one."""


def safe_cell(text: str) -> str:
    """The text, with a leading `'` where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """The text that `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


def column_letter(number: int) -> str:
    """Name of a column as spreadsheets show it: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def text_of(value: object) -> str:
    """A value that a spreadsheet stored, as text: whole floats without `.0`, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != value.time().min else _day(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _day(value: datetime) -> str:
    return value.date().isoformat()
