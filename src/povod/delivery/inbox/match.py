"""Which message does a mail belong to (D84)?

Only a secret that the real letter carried counts: a token of ours, or our Message-ID. Nobody can
bounce or opt out another person without one.
"""

import re
from dataclasses import dataclass
from email.message import Message as Mail

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.inbox.mailtext import header, headers, own_parts, parse, part_text
from povod.delivery.keys import Keys
from povod.delivery.moves import Message, get_message
from povod.delivery.tokens import is_bounce_token, read_unsubscribe_token
from povod.store.tables import deliveries
from povod.store.tables import outreach_messages as messages

_MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_VERP = re.compile(r"\+([a-z2-7]{26})@", re.IGNORECASE)
UNSUBSCRIBE_TOKEN = re.compile(r"unsubscribe[\s+]+([\w-]{40,60})", re.IGNORECASE)
_ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")


@dataclass(frozen=True)
class Match:
    """The message, and by which secret it was recognised."""

    message: Message
    by: str


def match_report(conn: Connection, keys: Keys, mail: Mail) -> Match | None:
    """For a bounce: the envelope token, else our Message-ID inside the letter that came back."""
    return _by_token(conn, keys, mail) or _by_ids(conn, returned_ids(mail), "returned_letter")


def match_answer(conn: Connection, keys: Keys, mail: Mail) -> Match | None:
    """For an answer: In-Reply-To and References, else the envelope token."""
    ids = [i for name in ("In-Reply-To", "References") for i in _ids(header(mail, name))]
    return _by_ids(conn, ids, "in_reply_to") or _by_token(conn, keys, mail)


def match_unsubscribe(conn: Connection, keys: Keys, mail: Mail) -> Match | None:
    """A refusal by mail: the token stands in the subject or in the address (D79)."""
    for text in (header(mail, "Subject"), *(v for n in _ENVELOPE for v in headers(mail, n))):
        found = UNSUBSCRIBE_TOKEN.search(text)
        message_id = read_unsubscribe_token(keys, found[1]) if found else None
        if message_id is not None:
            known = sa.select(messages.c.id).where(messages.c.id == message_id)
            if conn.execute(known).first() is not None:
                return Match(get_message(conn, message_id, lock=True), "unsubscribe_token")
    return None


def returned_ids(mail: Mail) -> list[str]:
    """Message-IDs of the letter, or of its headers, that a report gives back."""
    found: list[str] = []
    for part in own_parts(mail):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Mail):
                found += _ids(header(payload[0], "Message-ID"))
        elif kind in ("text/rfc822-headers", "message/global-headers"):
            inner = parse(part_text(part).encode("utf-8", "surrogateescape"))
            found += _ids(header(inner, "Message-ID"))
    if not found:
        found += _ids_in_text(mail)
    return found


def _ids_in_text(mail: Mail) -> list[str]:
    """Free-form reports paste the letter below their text."""
    ids: list[str] = []
    for part in own_parts(mail):
        if part.get_content_type() == "text/plain":
            for line in part_text(part).splitlines():
                if line.lower().lstrip("> ").startswith("message-id:"):
                    ids += _ids(line)
    return ids


def _ids(text: str) -> list[str]:
    return _MESSAGE_ID.findall(text)


def _by_ids(conn: Connection, ids: list[str], how: str) -> Match | None:
    for message_id in dict.fromkeys(ids):
        query = sa.select(messages.c.id).where(messages.c.message_id == message_id)
        row_id = conn.execute(query).scalar()
        if row_id is not None:
            return Match(get_message(conn, row_id, lock=True), how)
    return None


def _by_token(conn: Connection, keys: Keys, mail: Mail) -> Match | None:
    for name in _ENVELOPE:
        for value in headers(mail, name):
            for found in _VERP.finditer(value):
                token = found[1].lower()
                if not is_bounce_token(keys, token):
                    continue
                query = sa.select(deliveries.c.outreach_message_id).where(
                    deliveries.c.verp_token == token
                )
                row_id = conn.execute(query).scalar()
                if row_id is not None:
                    return Match(get_message(conn, row_id, lock=True), "envelope_token")
    return None
