"""A text on its way into the outbox: what the upper rooms hand over, made safe to store."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from povod.delivery.addresses import email_key
from povod.kit.html import sanitize_html
from povod.kit.text import clean

PRIORITIES = {"greeting": 2, "followup": 3, "letter": 5}
MAX_SUBJECT, MAX_BODY = 150, 20_000
_UNSEEN = frozenset({"Cc", "Cf"})
_ENCODED_WORD = re.compile(r"=\?")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message to one recipient. `dedupe_key` names the occasion, never the address (D18)."""

    kind: str
    to_value: str
    subject: str
    body: str
    dedupe_key: str
    purpose: str = "advertising"
    channel: str = "email"
    company_id: str | None = None
    contact_id: str | None = None
    client_id: str | None = None
    to_name: str = ""
    body_html: str = ""
    language: str = "ru"
    campaign: str = "default"
    card_file_id: str | None = None
    jurisdiction: str = ""
    recipient_zone: str = ""
    priority: int | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    window_start: str = ""
    window_end: str = ""
    window_zone: str = ""
    is_demo: bool = False
    footer: bool = True
    links: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    template_id: str = ""
    template_version: int | None = None
    variant_id: str = ""
    variant_propensity: float | None = None
    text_source: str = "template"
    followup_of: str | None = None
    sequence_id: str | None = None
    step_no: int = 0
    resend_of: str | None = None


def one_line(text: str) -> str:
    """A header's text: no control or format characters, nothing that looks encoded (D135, D137)."""
    return _ENCODED_WORD.sub("= ?", clean(replace_surrogates(text)))


def many_lines(text: str) -> str:
    """A body: line ends as `\\n`, no control characters but tab, lone surrogates replaced."""
    plain = replace_surrogates(text).replace("\r\n", "\n").replace("\r", "\n")
    unseen = {ord(c): None for c in set(plain) - {"\n", "\t"} if _is_unseen(c)}
    return unicodedata.normalize("NFC", plain.translate(unseen)).strip("\n")


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN


def replace_surrogates(text: str) -> str:
    """Lone surrogates become U+FFFD: no database and no mail can carry them (D147)."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def safe_html(html: str) -> str:
    """HTML of a person or a model without anything that runs or loads (D69)."""
    return sanitize_html(replace_surrogates(html)) if html else ""


def storable_address(value: str) -> str:
    """The address as given; only what no database can store is replaced."""
    return replace_surrogates(value).replace("\x00", "\ufffd")


def content_hash(message: Mapping[str, Any]) -> str:
    """What an approval covers: channel, recipient, subject, bodies, pictures (D17)."""
    parts = {
        "channel": message["channel"],
        "to_value_key": message["to_value_key"],
        "subject": message["subject"],
        "body": message["body"],
        "body_html": message["body_html"],
        "card": message["card_file_id"],
        "attachments": message["attachments"],
    }
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def recipient_columns(value: str, channel: str = "email") -> dict[str, str]:
    """`to_value` as stored and its key."""
    stored = storable_address(value)
    return {"to_value": stored, "to_value_key": email_key(stored) if channel == "email" else stored}
