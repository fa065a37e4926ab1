"""Turns an order into the facts a text may know: for templates, for models, for the guardrails."""

import hashlib
import json
from typing import Any

from povod.greetings.orders import Order
from povod.kit.settings import Settings
from povod.writing.greetings.catalogue import template_kind
from povod.writing.greetings.choice import choose_tone
from povod.writing.greetings.facts import GreetingFacts

LAST_TEXTS = 3
_NAMES = ("first_name", "middle_name", "last_name", "short_name", "salutation", "company_name")


def tone_of(order: Order, operator: str = "") -> str:
    """Official or warm; the first rule of G55 that speaks."""
    preferences = order.client["preferences"] or {}
    holiday = order.holiday
    manual = order.event["event_type"] == "manual"
    own = operator or (order.event["tone"] if manual else "")
    return choose_tone(
        operator=own or None,
        preference=preferences.get("tone"),
        segment=order.client["segment"],
        event_type=order.event["event_type"],
        rule_tone=(holiday["tone"] or None) if holiday else None,
    )


def facts_of(order: Order, settings: Settings, tone: str, **given: Any) -> GreetingFacts:
    """Everything that a greeting of this order may say."""
    client, event, holiday = order.client, order.event, order.holiday
    kind = template_kind(
        event["event_type"],
        rule_kind=holiday["kind"] if holiday else "",
        rule_code=holiday["code"] if holiday else "",
        group=order.is_group,
    )
    values: dict[str, Any] = {
        "occasion_kind": kind,
        "tone": tone,
        "language": client["language"],
        "addressee": "group" if order.is_group else "one",
        "gender": client["gender"],
        **{name: client[name] for name in _NAMES},
        "occasion": event["title"],
        "occasion_instrumental": event["title_instrumental"],
        "short_instrumental": holiday["short_instrumental"] if holiday else "",
        "occasion_code": holiday["code"] if holiday else "",
        "early": order.early,
        "year": event["occasion_year"],
        "okved": client["okved"],
        "client_id": client["id"],
        "sender_name": settings.sender_name,
        "sender_position": settings.sender_position,
        "sender_company": settings.sender_company,
        "recent_texts": tuple(row["body"] for row in order.recent[:LAST_TEXTS]),
        "ui_language": "ru",
    }
    return GreetingFacts.of({**values, **given})


def facts_hash(order: Order, tone: str) -> str:
    """Changes when something changes that a finished draft rests on (G54)."""
    client, event = order.client, order.event
    parts = [
        *(client[name] for name in _NAMES),
        *(client["gender"], client["language"], client["email"], client["preferred_channel"]),
        *(tone, event["title"], event["title_instrumental"], order.early),
    ]
    text = json.dumps(parts, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def known_profession(order: Order) -> str:
    """A word of the calendar's own list, never the client's text (G71)."""
    words = order.holiday["professions"] if order.holiday else []
    given = f"{order.client['profession']} {order.client['position']}".casefold()
    return next((word for word in words if word.casefold() in given), "")
