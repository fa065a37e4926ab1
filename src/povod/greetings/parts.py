"""What greetings work with, handed in by the composition root."""

from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from povod.delivery.facade import Delivery
from povod.engine.quotas import Quotas
from povod.greetings.calendar.workdays import WorkCalendar, load_overrides
from povod.greetings.model import Options
from povod.greetings.ranking import Limits
from povod.kit.clock import Clock
from povod.kit.settings import Settings
from povod.store.db import Database


@dataclass(frozen=True)
class Parts:
    """Database, clock, settings and the way out of the house."""

    db: Database
    clock: Clock
    settings: Settings
    delivery: Delivery
    quotas: Quotas | None = None
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What is worked out once for many runs: working days, the rules with their matches."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which "today" is meant, whatever zone the process runs in."""
        return ZoneInfo(self.settings.app_timezone)

    def today(self) -> date:
        """The date in `APP_TIMEZONE`."""
        return self.clock.now().astimezone(self.zone).date()

    def options(self, missed_since: date | None = None, days: int | None = None) -> Options:
        """The detector's options, from the settings."""
        settings = self.settings
        return Options(
            lookahead_days=settings.lookahead_days if days is None else days,
            max_late_days=settings.greeting_max_late_days,
            leap_day=settings.leap_day,
            holiday_day_off=settings.holiday_day_off,
            birthday_day_off=settings.birthday_day_off,
            anniversaries=settings.greeting_anniversaries,
            max_professional=settings.max_professional_per_year,
            missed_since=missed_since,
            calendar=self.calendar(),
        )

    def calendar(self) -> WorkCalendar:
        """Working days, with the operator's own."""
        calendar: WorkCalendar | None = self.memory.get("calendar")
        if calendar is None:
            calendar = WorkCalendar(load_overrides(self.settings.workdays_file))
            self.memory["calendar"] = calendar
        return calendar

    def limits(self) -> Limits:
        """How often a client may be greeted."""
        settings = self.settings
        return Limits(
            settings.greeting_cooldown_days,
            settings.greeting_max_per_year,
            settings.max_professional_per_year,
        )

    @property
    def opens(self) -> time:
        """First hour of a greeting, in the client's zone."""
        return self.settings.greeting_window_start

    @property
    def closes(self) -> time:
        """Last hour of a greeting, in the client's zone."""
        return self.settings.greeting_window_end
