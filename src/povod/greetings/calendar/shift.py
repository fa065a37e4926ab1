"""The day on which a wish should arrive, given the day of its occasion (G42)."""

from datetime import date, timedelta

from povod.greetings.calendar.workdays import RUSSIA, WorkCalendar

SAME, BEFORE, AFTER = "same", "before", "after"
SHIFTS = (SAME, BEFORE, AFTER)
_LONGEST = 31
"""No country rests longer; a calendar that says so is wrong, and the day itself is taken."""


def deliver_on(day: date, shift: str, calendar: WorkCalendar, country: str = RUSSIA) -> date:
    """`day`, or the nearest working day before or after it when it is a day off."""
    if shift == SAME:
        return day
    step = timedelta(days=-1 if shift == BEFORE else 1)
    found = day
    for _ in range(_LONGEST):
        if calendar.is_workday(found, country):
            return found
        found += step
    return day
