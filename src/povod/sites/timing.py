"""When a scheduled crawl begins (S129): pure, with the time handed in.

The cron line is read on the clocks of its zone. During the maintenance window no run begins: one
that falls into it waits for the end of the window, and several that do become one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from povod.engine.schedules import check_cron, next_cron
from povod.engine.windows import parse_window, parse_zone
from povod.kit.errors import InputError

EVERY_SIX_HOURS = "0 */6 * * *"
RETRIES = 3
RETRY_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Timing:
    """Cron line, zone and maintenance window of a schedule."""

    cron: str = EVERY_SIX_HOURS
    zone: str = "UTC"
    maintenance: str = ""

    def check(self) -> None:
        """Refuse what cannot be kept; the error names the field."""
        for field, look in (
            ("cron", self._check_cron),
            ("zone", self._check_zone),
            ("maintenance", self._check_window),
        ):
            try:
                look()
            except InputError as error:
                said = [{"field": field, "message": str(error)}]
                raise InputError(f"{field}: {error}", errors=said) from None

    def next_run(self, after: datetime) -> datetime:
        """The first start after `after`."""
        return self.allowed_from(next_cron(self.cron, self.zone, after))

    def allowed_from(self, at: datetime) -> datetime:
        """`at`, or the end of the maintenance window that is open then."""
        if not self.maintenance:
            return at
        end = parse_window(self.maintenance, self.zone).next_closed(at)
        return end.astimezone(at.tzinfo)

    def _check_cron(self) -> None:
        check_cron(self.cron)

    def _check_zone(self) -> None:
        parse_zone(self.zone)

    def _check_window(self) -> None:
        if not self.maintenance:
            return
        window = parse_window(self.maintenance, self.zone)
        if window.covers_everything:
            raise InputError("this window leaves no time to run; example: 02:00-05:00")


def retry_at(now: datetime, tries: int) -> datetime | None:
    """When a start that failed `tries` times is tried again; None: not any more."""
    return now + RETRY_AFTER if tries <= RETRIES else None
