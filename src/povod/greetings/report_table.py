"""The report of a run as a table: part, name, value (G115)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from povod.kit.tabular import write_csv

HEADER = ("part", "name", "value")
COUNTERS = (
    *("scanned", "generated", "sent", "skipped_existing", "errors", "superseded", "capped"),
    *("skipped", "needs_approval", "queued"),
)


def write_report(path: Path, run: Mapping[str, Any]) -> int:
    """Write the counters and the whole report of a run; the number of lines."""
    return write_csv(path, HEADER, report_lines(run))


def report_lines(run: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """First the counters, then each value of the report by its place in it."""
    for name in ("id", "status", "started_at", "finished_at"):
        yield "run", name, run[name]
    for name in COUNTERS:
        yield "counters", name, run[name]
    for part, said in (run["report"] or {}).items():
        yield from _lines(part, said)


def _lines(part: str, said: Any) -> Iterator[tuple[str, str, Any]]:
    if not isinstance(said, Mapping | list):
        yield part, "", said
        return
    for name, value in said.items() if isinstance(said, Mapping) else enumerate(said, 1):
        if isinstance(value, Mapping | list):
            yield from _lines(f"{part}.{name}", value)
        else:
            yield part, str(name), value
