"""Gates about now: switches, pauses, expiry, windows (1, 2, 3, 18)."""

from datetime import timedelta

from povod.delivery import mailboxes, stop
from povod.delivery.gates.model import HOLD, OPEN, SKIP, Scene, Verdict
from povod.delivery.hours import hours_for

GRACE = timedelta(minutes=5)
"""A letter claimed inside the window may still be handed over this long after its end."""


def sending_enabled(scene: Scene) -> Verdict:
    """The main switch: letters wait on every channel, greetings only where they would leave."""
    binds = scene.leaves_host or not scene.is_greeting
    if scene.office.settings.email_sending_enabled or not binds:
        return OPEN
    return Verdict(HOLD, "sending_disabled")


def not_paused(scene: Scene) -> Verdict:
    """Neither everything nor this mailbox is stopped."""
    if stop.standing(scene.conn) is not None:
        return Verdict(HOLD, "paused")
    if mailboxes.can_send(scene.mailbox, scene.now):
        return OPEN
    box = scene.mailbox
    return Verdict(HOLD, f"mailbox_{box['status']}:{box['name']}", box["paused_until"])


def not_expired(scene: Scene) -> Verdict:
    """A wish that comes too late is not sent."""
    expires = scene.message["expires_at"]
    return Verdict(SKIP, "expired") if expires and expires <= scene.now else OPEN


def window(scene: Scene) -> Verdict:
    """Not before its time, and only in the hours of D44."""
    earliest = scene.message["not_before"]
    if earliest and earliest > scene.now:
        return Verdict(HOLD, "not_before", earliest)
    hours = hours_for(scene.office.settings, scene.message)
    grace = GRACE if scene.at_handoff else timedelta()
    if hours.is_open(scene.now, grace):
        return OPEN
    return Verdict(HOLD, "outside_window", hours.next_open(scene.now))
