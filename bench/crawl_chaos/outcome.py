"""What a run left behind, and how it is held against another one."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

FILES = ("full.csv", "seo.csv")


@dataclass
class Outcome:
    """What one run left behind."""

    kills: int = 0
    seconds: float = 0
    work_seconds: float = 0
    finish_seconds: float = 0
    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    states: dict[tuple[str, str], Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    requests: int = 0
    again: int = 0
    faults: list[str] = field(default_factory=list)


def path_of(url: str) -> str:
    """Path and query of an address."""
    return unquote("/" + url.partition("://")[2].partition("/")[2])


def plain(value: Any) -> Any:
    """A value that can be held against another one."""
    return json.dumps(value, sort_keys=True, default=str) if isinstance(value, dict) else value


def without_times(raw: bytes) -> bytes:
    """A CSV file without the moment of each fetch; everything else byte by byte."""
    text = raw.decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text, newline=""))
    place = next(rows).index("fetched_at")
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [value for at, value in enumerate(row) if at != place]
        for row in csv.reader(io.StringIO(text, newline=""))
    )
    return out.getvalue().encode()


def compare(outcome: Outcome, reference: Outcome) -> None:
    """A disturbed run must find what the undisturbed one found."""
    _compare_things(outcome, "addresses", outcome.rows, reference.rows)
    _compare_things(outcome, "states", outcome.states, reference.states)
    for name in FILES:
        mine, theirs = outcome.files[name].splitlines(), reference.files[name].splitlines()
        if mine != theirs:
            pairs = zip([*mine, b""], [*theirs, b""], strict=False)
            one, other = next((one, other) for one, other in pairs if one != other)
            at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            parts = [line[max(0, at - 30) : at + 60].decode(errors="replace")
                     for line in (one, other)]  # fmt: skip
            outcome.faults.append(f"{name} differs: {parts[0]!r} for {parts[1]!r}")


def _compare_things(outcome: Outcome, what: str, mine: Any, theirs: Any) -> None:
    differ = sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))
    if differ:
        shown = f"{mine.get(differ[0])} for {theirs.get(differ[0])}"[:300]
        outcome.faults.append(f"{len(differ)} {what} differ: {differ[0]}: {shown}")
