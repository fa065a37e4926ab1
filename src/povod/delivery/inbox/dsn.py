"""Delivery reports: RFC 3464 first, then the free forms that servers still write (D85).

Pure: `classify_bounce` needs no store. None means that the mail reports no failed or delayed
delivery; a person who quotes or forwards a report is no report.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message

from povod.delivery.inbox.freeform import free_form_bounces
from povod.delivery.inbox.mailtext import body_text, headers, own_parts, parse, part_text
from povod.delivery.inbox.status import meaning, status_of
from povod.kit.charset import decode

_FIELD = re.compile(r"^([A-Za-z][\w-]*)\s*:\s*(.*)$")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_ADDRESS = re.compile(r"[^\s<>;,\"]+@[^\s<>;,\"]+")
_FAILED, _DELAYED = "failed", "delayed"
MAX_HUMAN = 4000


@dataclass(frozen=True)
class Bounce:
    """One recipient of one report. `hard`: never write again; `reason` is one word."""

    recipient: str | None
    status: str | None
    hard: bool
    reason: str
    original: str | None = None
    diagnostic: str = ""


def classify_bounce(raw: bytes) -> Bounce | None:
    """The first failed recipient that the mail reports, else the first delayed one, else None."""
    found = classify_bounces(raw)
    failed = [bounce for bounce in found if bounce.reason != _DELAYED]
    return next(iter([*failed, *found]), None)


def classify_bounces(raw: bytes) -> list[Bounce]:
    """All failed and delayed recipients of a report."""
    return bounces_of(parse(raw))


def bounces_of(mail: Message) -> list[Bounce]:
    """`classify_bounces` for a parsed mail."""
    if not is_report(mail):
        free = free_form_bounces(mail)
        return [_free(recipient, text, delayed) for recipient, text, delayed in free]
    found = [bounce for block in _recipient_blocks(mail) if (bounce := _of_block(block, mail))]
    if found or _named_recipients(mail):
        return found
    return _without_recipient(mail)


def is_report(mail: Message) -> bool:
    """True if the mail itself, and not one inside it, carries a delivery status."""
    return any(p.get_content_type() in _STATUS_TYPES for p in own_parts(mail))


_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")


def delivered_recipients(mail: Message) -> list[str]:
    """Recipients for whom the report says `delivered` or `relayed`."""
    blocks = [b for b in _recipient_blocks(mail) if _action(b) in ("delivered", "relayed")]
    return [name for block in blocks if (name := _address(block.get("final-recipient", "")))]


Block = dict[str, str]


def _recipient_blocks(mail: Message) -> list[Block]:
    blocks = [b for part in own_parts(mail) for b in _blocks(part)]
    return [b for b in blocks if {"final-recipient", "original-recipient", "action"} & set(b)]


def _named_recipients(mail: Message) -> bool:
    return bool(_recipient_blocks(mail))


def _blocks(part: Message) -> Iterator[Block]:
    """Groups of fields of a delivery status, whatever encoding it travels in."""
    if part.get_content_type() not in _STATUS_TYPES:
        return
    text = _status_text(part)
    for group in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields = _fields(group)
        if fields:
            yield fields


def _status_text(part: Message) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        groups = [group.as_bytes() for group in payload if isinstance(group, Message)]
        raw = b"\n\n".join(group.strip(b"\n") for group in groups)
    else:
        raw = str(payload).encode("utf-8", "surrogateescape")
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        with suppress(binascii.Error):
            raw = base64.b64decode(raw)
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    return decode(raw)[0] if raw else ""


def _fields(group: str) -> Block:
    """Unfolded fields by lower-case name; the first of a name counts."""
    fields: Block = {}
    last = ""
    for line in group.split("\n"):
        match = _FIELD.match(line)
        if line[:1] in " \t" and last:
            fields[last] += " " + line.strip()
        elif match:
            last = match[1].lower()
            fields.setdefault(last, match[2].strip())
    return fields


def _action(block: Block) -> str:
    word = re.sub(r"\(.*?\)", "", block.get("action", "")).strip().lower()
    if word:
        return (
            _FAILED if word.startswith("fail") else _DELAYED if word.startswith("delay") else word
        )
    status = block.get("status", "").strip()[:1]
    return {"5": _FAILED, "4": _DELAYED, "2": "delivered"}.get(status, _FAILED)


def _of_block(block: Block, mail: Message) -> Bounce | None:
    action = _action(block)
    if action not in (_FAILED, _DELAYED):
        return None
    diagnostic = block.get("diagnostic-code", "")
    text = diagnostic.partition(";")[2].strip() or diagnostic
    status = status_of(block.get("status", ""), text)
    final = _address(block.get("final-recipient", ""))
    original = _address(block.get("original-recipient", ""))
    recipient = final or original or next(iter(_failed_header(mail)), None)
    if action == _DELAYED:
        return Bounce(recipient, status, False, _DELAYED, original, text)
    hard, reason = meaning(status, text, recipient)
    if reason in ("unknown", "soft") and not _says_much(text):
        hard, reason = _asked_human_part(mail, status, recipient, (hard, reason))
    return Bounce(recipient, status, hard, reason, original, text)


def _says_much(diagnostic: str) -> bool:
    return len(re.sub(r"[\d.\s-]+", "", diagnostic)) > 25


def _asked_human_part(
    mail: Message, status: str | None, recipient: str | None, else_: tuple[bool, str]
) -> tuple[bool, str]:
    """The text for people often says what the codes leave open."""
    hard, reason = meaning(status, _human_text(mail), recipient)
    return (hard, reason) if reason not in ("unknown", "soft") else else_


def _human_text(mail: Message) -> str:
    for part in own_parts(mail):
        if part.get_content_type() == "text/plain":
            return part_text(part)[:MAX_HUMAN]
    return body_text(mail)[:MAX_HUMAN]


def _address(field: str) -> str | None:
    """The address of a recipient field: `rfc822; a@b`, `utf-8; …`, angle brackets, xtext."""
    kind, semicolon, rest = field.partition(";")
    text = rest if semicolon else kind
    text = _UNICODE.sub(lambda m: chr(int(m[1], 16)), text)
    if semicolon and "+" in text:
        text = _decode_xtext(text)
    match = _ADDRESS.search(text)
    return match[0].strip("<>'\"") if match else None


def _decode_xtext(text: str) -> str:
    """`+40` is an `@`; a plus that belongs to the address stays when the result is no address."""
    decoded = _XTEXT.sub(lambda m: chr(int(m[1], 16)), text)
    return decoded if "@" not in text and "@" in decoded else text


def _failed_header(mail: Message) -> Iterable[str]:
    for value in headers(mail, "X-Failed-Recipients"):
        yield from _ADDRESS.findall(value)


def _without_recipient(mail: Message) -> list[Bounce]:
    """A status part without any recipient: the text for people has to tell."""
    free = free_form_bounces(mail) or [(next(iter(_failed_header(mail)), None), "", False)]
    return [_free(recipient, text or _human_text(mail), late) for recipient, text, late in free]


def _free(recipient: str | None, text: str, delayed: bool) -> Bounce:
    status = status_of("", text)
    if delayed:
        return Bounce(recipient, status, False, _DELAYED, None, text)
    hard, reason = meaning(status, text, recipient)
    return Bounce(recipient, status, hard, reason, None, text)
