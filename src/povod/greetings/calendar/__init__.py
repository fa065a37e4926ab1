"""The calendar: when an occasion falls, which days are working days, when a wish should arrive."""

from povod.greetings.calendar.rules import InvalidRule, Rule, occurrence, parse_rule
from povod.greetings.calendar.shift import deliver_on
from povod.greetings.calendar.workdays import WorkCalendar, load_overrides

__all__ = [
    "InvalidRule",
    "Rule",
    "WorkCalendar",
    "deliver_on",
    "load_overrides",
    "occurrence",
    "parse_rule",
]
