"""How commands speak: a table on a terminal, plain lines in a pipe, one JSON object on wish."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

ZONE: ContextVar[tzinfo] = ContextVar("zone of the dates that people see", default=UTC)


def as_json(value: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(value, ensure_ascii=False, default=_plain, indent=2))  # noqa: T201


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def say(text: str = "") -> None:
    """One line for the person."""
    print(text, flush=True)  # noqa: T201


def complain(text: str) -> None:
    """An error or a warning, on standard error."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table: drawn on a terminal, tab-separated in a pipe."""
    lines = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        _aligned(title, columns, lines)
        return
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left")
    for column in columns:
        drawn.add_column(column)
    for line in lines:
        drawn.add_row(*line)
    Console(markup=False, emoji=False).print(drawn)


def _aligned(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    if title:
        say(title)
    widths = [max(len(text) for text in column) for column in zip(columns, *lines, strict=True)]
    for line in [list(columns), *lines]:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        say("  " + "  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value)


def moment(value: datetime, seconds: str = "") -> str:
    """A time as it is shown to a person: in the zone of the house."""
    local = value.astimezone(ZONE.get()) if value.tzinfo else value
    return local.strftime(f"%Y-%m-%d %H:%M{seconds}")


def facts(rows: Mapping[str, Any]) -> None:
    """`name  value` lines."""
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        say(f"  {name.ljust(width)}  {_cell(value)}")
