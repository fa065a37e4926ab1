"""The evidence chain of a message, link by link, and which links verify (D100)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import consents
from povod.delivery.drafts import content_hash
from povod.delivery.moves import Message, get_message
from povod.kit.errors import NotFoundError
from povod.store.files import get_file, sha256
from povod.store.tables import (
    audit_log,
    company_pages,
    contacts,
    deliveries,
    feedback,
    inbound_mail,
    opt_out_registry,
)
from povod.store.tables import outreach_messages as messages

_ATTEMPT = (
    *("attempt_no", "state", "channel", "provider", "route_fallback", "gates_a", "gates_b"),
    *("wire_sha256", "wire_size", "reply_stage", "reply_code", "enhanced_code", "reply_text"),
    *("outcome_class", "queue_id", "claimed_at", "handoff_at", "finished_at", "resolved_by"),
    *("resolved_at", "resolution", "mx_class", "envelope_from"),
)
_MESSAGE = (
    *("id", "kind", "status", "delivery_status", "skip_reason", "last_error", "to_value"),
    *("subject", "dedupe_key", "message_id", "content_hash", "approved_hash", "approved_by"),
    *("approved_at", "scheduled_for", "sent_at", "text_source", "template_id", "created_at"),
)


def find_message(conn: Connection, name: str) -> Message:
    """A message by our id or by its Message-ID, with or without angle brackets."""
    text = name.strip()
    wanted = text if text.startswith("<") else f"<{text}>"
    by_message_id = sa.select(messages.c.id).where(messages.c.message_id == wanted)
    found = conn.execute(by_message_id).scalar()
    if found is None and len(text) == 36 and "@" not in text:
        found = text
    if found is None:
        raise NotFoundError(
            f"no message has the id or Message-ID {name!r}; see povod deliver outbox"
        )
    return get_message(conn, found)


def evidence_chain(conn: Connection, name: str) -> dict[str, Any]:
    """Everything that is known about a message, in the order in which it came to be."""
    message = find_message(conn, name)
    attempts = _rows(
        conn, deliveries, deliveries.c.outreach_message_id == message["id"], "attempt_no"
    )
    inbound = _rows(conn, inbound_mail, inbound_mail.c.outreach_message_id == message["id"])
    return {
        "message": {key: message[key] for key in _MESSAGE},
        "origin": message["evidence"],
        "contact": _contact(conn, message),
        "ground": _ground(conn, message),
        "text": {"source": message["text_source"], "body": message["body"]},
        "attempts": [{key: row[key] for key in _ATTEMPT} for row in attempts],
        "inbound": [_inbound(row) for row in inbound],
        "feedback": _rows(conn, feedback, feedback.c.outreach_message_id == message["id"]),
        "refusals": _refusals(conn, message),
        "audit": _audit(conn, message),
        "verified": _verify(conn, message, attempts, inbound),
    }


def _rows(
    conn: Connection, table: sa.Table, where: Any, order: str = "created_at"
) -> list[dict[str, Any]]:
    query = sa.select(table).where(where).order_by(table.c[order], table.c.id)
    return [dict(row) for row in conn.execute(query).mappings()]


def _contact(conn: Connection, message: Message) -> dict[str, Any] | None:
    if message["contact_id"] is None:
        return None
    query = (
        sa.select(
            contacts.c.value, contacts.c.source_url, contacts.c.found_in, contacts.c.quality_score,
            company_pages.c.content_sha256, company_pages.c.fetched_at,
        )
        .join(company_pages, company_pages.c.id == contacts.c.company_page_id, isouter=True)
        .where(contacts.c.id == message["contact_id"])
    )  # fmt: skip
    row = conn.execute(query).mappings().first()
    return None if row is None else dict(row)


def _ground(conn: Connection, message: Message) -> dict[str, Any] | None:
    row = consents.newest_valid(conn, message, message["updated_at"])
    if row is None:
        return None
    return {key: row[key] for key in ("basis", "evidence_url", "evidence_text", "obtained_at")}


def _inbound(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("kind", "matched_by", "from_value", "subject", "new_text", "details", "received_at")
    return {key: row[key] for key in keys}


def _refusals(conn: Connection, message: Message) -> list[dict[str, Any]]:
    found = _rows(
        conn, opt_out_registry, opt_out_registry.c.value_hash == message["recipient_hash"]
    )
    keys = ("source", "reason", "level", "scope", "registered_at", "expires_at", "lifted_at")
    return [{key: row[key] for key in keys} for row in found]


def _audit(conn: Connection, message: Message) -> list[dict[str, Any]]:
    rows = _rows(conn, audit_log, audit_log.c.subject == message["id"], "id")
    keys = ("actor", "action", "data", "created_at", "hash")
    return [{key: row[key] for key in keys} for row in rows]


def _verify(
    conn: Connection,
    message: Message,
    attempts: list[dict[str, Any]],
    inbound: list[dict[str, Any]],
) -> dict[str, bool]:
    """Each link that a hash can prove: the text, its approval, the bytes sent and received."""
    checks = {
        "content": content_hash(message) == message["content_hash"],
        "approval": message["approved_hash"] == message["content_hash"],
    }
    for row in attempts:
        if row["eml_file_id"]:
            name = f"attempt {row['attempt_no']}"
            checks[name] = _holds(conn, row["eml_file_id"], row["wire_sha256"])
    for number, row in enumerate(inbound, 1):
        if row["raw_file_id"]:
            checks[f"inbound {number}"] = _holds(conn, row["raw_file_id"], row["raw_sha256"])
    return checks


def _holds(conn: Connection, file_id: str, digest: str) -> bool:
    try:
        return sha256(get_file(conn, file_id)) == digest
    except NotFoundError:
        return False
