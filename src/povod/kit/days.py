"""Local days in named zones: where they begin and which instant a time of day is.

Local times that a clock change skips move forward; of doubled ones `fold` chooses.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, at: time, zone: str, fold: int) -> datetime:
    """A local time as UTC; skipped ones move forward by the length of the gap."""
    local = datetime.combine(day, at.replace(fold=fold), ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(ZoneInfo(zone)).time() != at.replace(fold=0):
        # In a gap fold 0 is read with the offset before it, which lands after the gap.
        local = local.replace(fold=0)
    return local.astimezone(UTC)


def midnight(moment: datetime, zone: str) -> datetime:
    """The beginning of the local day of `moment`."""
    return instant(moment.astimezone(ZoneInfo(zone)).date(), time(), zone, 0)


def next_midnight(moment: datetime, zone: str) -> datetime:
    """The beginning of the next local day."""
    return instant(moment.astimezone(ZoneInfo(zone)).date() + timedelta(days=1), time(), zone, 0)
