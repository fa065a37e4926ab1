"""From a claimed message to the letter that goes on the wire."""

from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.footer import unsubscribe_link
from povod.delivery.mailboxes import Mailbox
from povod.delivery.mime import Card, Letter
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.tokens import unsubscribe_token
from povod.delivery.worker.claim import Claim
from povod.kit.email import normalize_email
from povod.store.files import get_file
from povod.store.tables import outreach_messages as messages

CARD_WIDTH, CARD_HEIGHT = 600, 420
"""Shown at half its pixels, so that it is sharp on dense screens."""


def letter_of(office: Office, claim: Claim) -> Letter:
    """The letter of an attempt; its date is that of the claim, so its bytes are fixed (D70)."""
    message, mailbox = claim.message, claim.mailbox
    with office.db.read() as conn:
        thread = _thread(conn, message)
        card = _card(conn, message)
    link = unsubscribe_link(office.settings, office.keys, message["id"])
    mailto = _mailto(office, message, mailbox)
    return Letter(
        message_id=message["message_id"],
        date=claim.claimed_at.replace(microsecond=0),
        from_email=mailbox["from_email"],
        from_name=mailbox["from_name"],
        reply_to=mailbox["reply_to"],
        to_email=envelope_recipient(message),
        to_name=message["to_name"] if "@" not in message["to_name"] else "",
        subject=message["subject"],
        text=message["body"],
        html=message["body_html"],
        card=card,
        language=message["language"],
        unsubscribe=(link, mailto) if link else (mailto,),
        one_click=bool(link),
        in_reply_to=thread[-1] if thread else "",
        references=tuple(thread),
    )


def _card(conn: Connection, message: Message) -> Card | None:
    """The picture of a greeting, read at its own size."""
    if message["card_file_id"] is None:
        return None
    body = get_file(conn, message["card_file_id"])
    alt = str(message["metadata"].get("card_alt", "")) or message["subject"]
    return Card(body=body, alt=alt, width=CARD_WIDTH, height=CARD_HEIGHT)


def envelope_recipient(message: Message) -> str:
    """The stored address with its domain as A-labels: nothing else may be mailed (D22)."""
    return normalize_email(message["to_value"])


def _thread(conn: Connection, message: Message) -> list[str]:
    """Message-IDs of the earlier letters of a sequence, the first one first."""
    if message["followup_of"] is None:
        return []
    first = message["followup_of"]
    query = (
        sa.select(messages.c.message_id)
        .where(sa.or_(messages.c.id == first, messages.c.followup_of == first))
        .where(messages.c.id != message["id"], messages.c.message_id.is_not(None))
        .order_by(messages.c.step_no, messages.c.id)
    )
    return [str(value) for value in conn.execute(query).scalars()]


def _mailto(office: Office, message: Message, mailbox: Mailbox) -> str:
    """Refusing by mail: to the address that the inbox reads, with the token as subject (D79)."""
    token = unsubscribe_token(office.keys, message["id"])
    to = office.settings.unsubscribe_mailto or mailbox["reply_to"] or mailbox["from_email"]
    return f"mailto:{quote(to, safe='@+.')}?subject=unsubscribe%20{token}"
