"""From an approved greeting to its message in the one outbox (G52, G103).

The key of the message names client, occasion and year: whatever is corrected, switched or reset,
the outbox has one message for them.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from sqlalchemy.engine import Connection

from povod.delivery.drafts import Draft, many_lines, one_line
from povod.delivery.footer import split_footer
from povod.delivery.moves import get_message
from povod.delivery.states import OPEN as MESSAGE_OPEN
from povod.delivery.states import Actor
from povod.greetings.facts import facts_of
from povod.greetings.hours import GreetingHours, hours_of
from povod.greetings.moves import change, get_greeting
from povod.greetings.orders import Order
from povod.greetings.parts import Parts
from povod.greetings.people import display_name
from povod.greetings.standing import channel_for
from povod.kit.errors import ConflictError
from povod.writing.greetings.render import Rendered, assemble, short_form
from povod.writing.guardrails import is_promotional

Row = Mapping[str, Any]
GREETING, ADVERTISING, EMAIL = "greeting", "advertising", "email"


def dedupe_key(event: Row, channel: str) -> str:
    """The same for every attempt to greet this client on this occasion (D18)."""
    year = event["occasion_year"]
    return f"greeting:{event['client_id']}:{event['event_key']}:{year}:{channel}"


def order_hours(order: Order, parts: Parts) -> GreetingHours:
    """When this order may be sent."""
    return hours_of(
        deliver_on=order.event["deliver_on"],
        occasion_date=order.event["occasion_date"],
        zone=order.client["time_zone"],
        default_zone=parts.settings.app_timezone,
        opens=parts.opens,
        closes=parts.closes,
        max_late_days=parts.settings.greeting_max_late_days,
    )


def whole_text(greeting: Row, order: Order, parts: Parts) -> Rendered:
    """The greeting as it is read: salutation, body, signature."""
    facts = facts_of(order, parts.settings, greeting["tone"], salutation=greeting["salutation"])
    return assemble(greeting["subject"], greeting["body"], greeting["wish"], facts)


def html_of(text: str) -> str:
    """Paragraphs of a text as HTML; nothing in it is markup."""
    paragraphs = (part.strip() for part in text.split("\n\n"))
    lines = (escape(part).replace("\n", "<br>\n") for part in paragraphs if part)
    return "\n".join(f"<p>{line}</p>" for line in lines)


def draft_of(greeting: Row, order: Order, parts: Parts) -> Draft:
    """The message of a greeting."""
    facts = facts_of(order, parts.settings, greeting["tone"], salutation=greeting["salutation"])
    rendered = assemble(greeting["subject"], greeting["body"], greeting["wish"], facts)
    client, event = order.client, order.event
    channel = _channel(client, parts)
    text = rendered.text if channel == EMAIL else short_form(rendered, facts)
    hours = order_hours(order, parts)
    return Draft(
        kind=GREETING,
        purpose=ADVERTISING if is_promotional(rendered.text) else GREETING,
        channel=channel,
        client_id=client["id"],
        to_value=client["email"] if channel == EMAIL else client["phone"],
        to_name=display_name(client) if not order.is_group else "",
        subject=rendered.subject,
        body=text,
        body_html=html_of(text) if channel == EMAIL else "",
        language=client["language"],
        campaign="greetings",
        card_file_id=greeting["card_file_id"],
        not_before=hours.not_before,
        expires_at=hours.expires_at,
        window_start=hours.window_start,
        window_end=hours.window_end,
        window_zone=hours.zone,
        is_demo=client["is_demo"],
        dedupe_key=dedupe_key(event, channel),
        evidence=evidence(greeting, order),
        metadata={"greeting_id": greeting["id"], "card_alt": card_alt(order, rendered.wish)},
        template_id=greeting["template_id"],
        template_version=greeting["template_version"] or None,
        variant_id=greeting["variant_id"],
        variant_propensity=greeting["variant_propensity"],
        text_source=greeting["text_source"],
    )


def _channel(client: Row, parts: Parts) -> str:
    from povod.greetings.model import Client

    person = Client(
        id=client["id"], preferred_channel=client["preferred_channel"], phone=client["phone"]
    )
    return channel_for(person, parts.delivery.channels)


def card_alt(order: Order, wish: str) -> str:
    """What stands on the card, for those who do not see it."""
    return f"{order.event['title']}. {wish}".strip()


def evidence(greeting: Row, order: Order) -> dict[str, Any]:
    """Why this client, why now, and who wrote it; shown by `povod why`."""
    event, holiday = order.event, order.holiday
    occasion: dict[str, Any] = {
        "event_id": event["id"],
        "type": event["event_type"],
        "title": event["title"],
        "date": event["occasion_date"].isoformat(),
        "deliver_on": event["deliver_on"].isoformat(),
        "match": event["match_reason"],
    }
    if holiday is not None:
        rule = {"code": holiday["code"], "rule": holiday["rule"], "version": holiday["version"]}
        occasion["rule"] = rule
    text = {
        "source": greeting["text_source"],
        "template": greeting["template_id"],
        "template_version": greeting["template_version"],
        "model": greeting["model"],
        "prompt_version": greeting["prompt_version"],
        "fallback": greeting["fallback_reason"],
        "violations": [v["code"] for v in greeting["violations"] or []],
    }
    return {
        "greeting_id": greeting["id"],
        "occasion": occasion,
        "text": {name: value for name, value in text.items() if value},
        "approval": {"reasons": greeting["approval_reasons"], "by": greeting["approved_by"]},
    }


def hand_over(
    conn: Connection, greeting: Row, order: Order, parts: Parts, person: Actor | None = None
) -> tuple[Row, str]:
    """Put the greeting into the outbox, approved by `person` or by the policy.

    Returns the greeting with its message's id, and the message's status.
    """
    delivery = parts.delivery
    draft = draft_of(greeting, order, parts)
    if greeting["message_id"] is None:
        message = delivery.put(conn, draft)
        greeting = change(conn, greeting, message_id=message["id"])
    else:
        message = get_message(conn, greeting["message_id"], lock=True)
    if message["status"] not in MESSAGE_OPEN:
        raise ConflictError(f"the message of this greeting is {message['status']} already")
    message = _same_content(conn, message, draft, parts, person)
    if person is not None:
        if message["status"] in ("draft", "needs_approval"):
            message = delivery.approve(conn, message["id"], person)
    elif message["status"] == "draft":
        message = delivery.submit(conn, message["id"])
    return get_greeting(conn, greeting["id"]), str(message["status"])


def take_back(conn: Connection, greeting: Row, order: Order, parts: Parts, person: Actor) -> None:
    """Bring the message of a changed greeting up to date; what was approved waits again.

    Raises `ConflictError` when a worker has it already.
    """
    if greeting["message_id"] is None:
        return
    message = get_message(conn, greeting["message_id"], lock=True)
    if message["status"] not in MESSAGE_OPEN:
        raise ConflictError(f"the message of this greeting is {message['status']} already")
    _same_content(conn, message, draft_of(greeting, order, parts), parts, person)


def _same_content(
    conn: Connection, message: Row, draft: Draft, parts: Parts, person: Actor | None
) -> Row:
    """Bring a stored message up to the draft: a text may have been edited since."""
    text, footer = split_footer(message["body"])
    same = (
        text == many_lines(draft.body)
        and message["subject"] == one_line(draft.subject)
        and message["to_value"] == draft.to_value
        and message["card_file_id"] == draft.card_file_id
    )
    if same:
        return message
    return parts.delivery.edit(
        conn,
        message["id"],
        person or Actor("operator", "povod"),
        subject=draft.subject,
        body=draft.body + footer,
        body_html=draft.body_html + html_of(footer.partition("-- \n")[2]),
        to_value=draft.to_value,
        card_file_id=draft.card_file_id or "",
    )
