"""When a deferred message is tried again (D30)."""

from datetime import datetime, timedelta
from random import Random

from povod.delivery.hours import hours_for
from povod.delivery.moves import Message
from povod.kit.settings import Settings

STEPS = (0.25, 1, 4, 12, 24)
"""Hours after the first, second … counted attempt."""

SPREAD = 0.2
MOST_ATTEMPTS = 6
LONGEST = timedelta(hours=72)


def next_try(
    settings: Settings, message: Message, counted: int, first: datetime, now: datetime, seed: str
) -> datetime | None:
    """The next attempt after `counted` counted ones, inside the window; None: give up.

    Letters end after 72 hours, greetings when they expire.
    """
    if counted >= MOST_ATTEMPTS:
        return None
    hours = STEPS[min(counted, len(STEPS)) - 1]
    share = Random(seed).uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - spacing
    moment = now + timedelta(hours=hours * share)
    moment = hours_for(settings, message).next_open(moment) or moment
    last = message["expires_at"] if message["kind"] == "greeting" else first + LONGEST
    return None if last is not None and moment > last else moment
