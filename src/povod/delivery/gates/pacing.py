"""Gates about how much: per person, domain and mailbox (15-17). They take the tokens."""

from datetime import timedelta

import sqlalchemy as sa

from povod.delivery.gates.model import HOLD, OPEN, Scene, Verdict
from povod.kit.days import midnight, next_midnight
from povod.store.tables import outreach_messages as messages


def person_cap(scene: Scene) -> Verdict:
    """One message a day to a person; a greeting whose day it is comes before all others."""
    zone = scene.office.settings.app_timezone
    if scene.is_greeting and _gives_way(scene):
        return Verdict(HOLD, "greeting_today", next_midnight(scene.now, zone))
    if not scene.is_greeting and _greeting_today(scene):
        return Verdict(HOLD, "greeting_today", next_midnight(scene.now, zone))
    if scene.at_handoff:
        return OPEN
    until = scene.caps.person(scene.message)
    return OPEN if until is None else Verdict(HOLD, "person_cap", until)


def _greeting_today(scene: Scene) -> bool:
    zone = scene.office.settings.app_timezone
    query = sa.select(messages.c.id).where(
        messages.c.recipient_hash == scene.message["recipient_hash"],
        messages.c.kind == "greeting",
        messages.c.status.in_(["approved", "scheduled", "sending"]),
        messages.c.scheduled_for >= midnight(scene.now, zone),
        messages.c.scheduled_for < next_midnight(scene.now, zone),
    )
    return scene.conn.execute(query.limit(1)).first() is not None


def _gives_way(scene: Scene) -> bool:
    """After an outage yesterday's wish must not push a client's birthday to tomorrow."""
    message = scene.message
    today = midnight(scene.now, message["window_zone"] or scene.office.settings.app_timezone)
    if message["not_before"] is None or message["not_before"] >= today:
        return False
    query = sa.select(messages.c.id).where(
        messages.c.recipient_hash == message["recipient_hash"],
        messages.c.client_id == message["client_id"],
        messages.c.kind == "greeting",
        messages.c.status.in_(["approved", "scheduled", "sending"]),
        messages.c.not_before >= today,
        messages.c.not_before < today + timedelta(days=1),
    )
    return scene.conn.execute(query.limit(1)).first() is not None


def domain_cap(scene: Scene) -> Verdict:
    """Not more than a few letters a day into one firm."""
    until = scene.caps.domain(scene.message)
    return OPEN if until is None else Verdict(HOLD, "domain_cap", until)


def mailbox_cap(scene: Scene) -> Verdict:
    """The mailbox keeps its pause, its daily cap and its provider's limit."""
    next_send = scene.mailbox["next_send_at"]
    if next_send and next_send > scene.now:
        return Verdict(HOLD, "mailbox_spacing", next_send)
    until = scene.caps.mailbox(scene.mailbox)
    return OPEN if until is None else Verdict(HOLD, "mailbox_cap", until)
