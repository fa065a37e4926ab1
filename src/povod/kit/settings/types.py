"""Value types that settings share: comma lists, ranges, quota limits."""

from dataclasses import dataclass
from datetime import time
from math import inf
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator


def split_list(value: Any) -> Any:
    """`"a, b; c"` (commas, semicolons or newlines) becomes `["a", "b", "c"]`."""
    if not isinstance(value, str):
        return value
    parts = value.replace(";", ",").replace("\n", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


CommaList = Annotated[list[str], BeforeValidator(split_list)]


@dataclass(frozen=True)
class Limit:
    """At most `count` calls within any `seconds`."""

    count: int
    seconds: float


def parse_limits(value: Any) -> Any:
    """`"10/1s,600/60s"` becomes limits; the text is kept as the error's example."""
    if not isinstance(value, str):
        return value
    limits = []
    for part in split_list(value):
        count, slash, window = part.partition("/")
        if not slash or not window.endswith("s"):
            raise ValueError("expected limits such as 10/1s,600/60s")
        limit = Limit(int(count), float(window[:-1]))
        if limit.count < 1 or not 0 < limit.seconds < inf:
            raise ValueError("expected limits above zero such as 10/1s,600/60s")
        limits.append(limit)
    return limits


Limits = Annotated[list[Limit], BeforeValidator(parse_limits)]


@dataclass(frozen=True)
class Span:
    """A range of numbers to draw from, both ends included."""

    low: float
    high: float


def parse_span(value: Any) -> Any:
    """`"30-45"` or `"30"` becomes a span."""
    if not isinstance(value, str):
        return value
    low, _, high = value.partition("-")
    span = Span(float(low), float(high or low))
    if not 0 <= span.low <= span.high < inf:
        raise ValueError("expected a range such as 30-45")
    return span


SpanField = Annotated[Span, BeforeValidator(parse_span)]


def parse_clock_time(value: Any) -> Any:
    """`"09:10"` becomes a time of day."""
    return time.fromisoformat(value) if isinstance(value, str) else value


ClockTime = Annotated[time, BeforeValidator(parse_clock_time)]


def known_zone(name: str) -> str:
    """The name of a time zone, if there is such a zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("there is no such time zone") from None
    return name


ZoneName = Annotated[str, AfterValidator(known_zone)]
