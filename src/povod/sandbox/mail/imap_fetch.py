"""The data items of an IMAP FETCH (RFC 3501 section 6.4.5), as far as readers of mail use them."""

import re

from povod.sandbox.mail.imap_syntax import ImapSyntaxError, Tokens
from povod.sandbox.mail.mailbox import Stored

_BODY = re.compile(
    r"BODY(?:\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)(?:\.(?P<length>\d+))?>)?",
    re.IGNORECASE,
)
_FIELDS = re.compile(r"HEADER\.FIELDS(?P<negated>\.NOT)? \((?P<names>[^)]*)\)", re.IGNORECASE)
_FAST = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]
_WHOLE = {"RFC822": "", "RFC822.HEADER": "HEADER", "RFC822.TEXT": "TEXT"}


def wanted_items(argument: "str | Tokens", *, with_uid: bool) -> list[str]:
    """The items a client asks for; UID FETCH always answers with the UID (section 6.4.8)."""
    asked = argument if isinstance(argument, list) else [argument]
    items = [item for item in asked if isinstance(item, str)]
    if len(items) != len(asked) or not items:
        raise ImapSyntaxError("FETCH expects items such as (UID BODY.PEEK[])")
    if [item.upper() for item in items] == ["FAST"]:
        items = _FAST
    if with_uid and "UID" not in (item.upper() for item in items):
        items = ["UID", *items]
    return items


def fetched(number: int, item: Stored, items: list[str]) -> bytes:
    """One `* n FETCH (…)` line."""
    parts = b" ".join(_item(item, name) for name in items)
    return b"* %d FETCH (%s)\r\n" % (number, parts)


def _item(item: Stored, name: str) -> bytes:
    match name.upper():
        case "UID":
            return b"UID %d" % item.uid
        case "FLAGS":
            return b"FLAGS ()"
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(item.raw)
        case "INTERNALDATE":
            return f'INTERNALDATE "{item.at:%d-%b-%Y %H:%M:%S +0000}"'.encode()
        case "RFC822" | "RFC822.HEADER" | "RFC822.TEXT" as whole:
            return _literal(whole, _section(item.raw, _WHOLE[whole]))
        case _:
            return _body(item, name)


def _body(item: Stored, name: str) -> bytes:
    match = _BODY.fullmatch(name)
    if match is None:
        raise ImapSyntaxError(f"FETCH item {name} is not known here")
    content = _section(item.raw, match["section"])
    label = f"BODY[{match['section']}]"
    if match["start"] is not None:
        start = int(match["start"])
        end = None if match["length"] is None else start + int(match["length"])
        content, label = content[start:end], f"{label}<{start}>"
    return _literal(label, content)


def _literal(label: str, content: bytes) -> bytes:
    return b"%s {%d}\r\n%s" % (label.encode(), len(content), content)


def _section(raw: bytes, section: str) -> bytes:
    head, gap, text = raw.partition(b"\r\n\r\n")
    if not section:
        return raw
    if section.upper() == "HEADER":
        return head + gap
    if section.upper() == "TEXT":
        return text
    fields = _FIELDS.fullmatch(section)
    if fields is None:
        raise ImapSyntaxError(f"Section [{section}] is not known here")
    names = fields["names"].lower().split()
    lines = re.findall(rb"(?:^|(?<=\r\n))[^\s:]+:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", head)
    kept = [
        line
        for line in lines
        if (line.split(b":")[0].decode().lower() in names) is not bool(fields["negated"])
    ]
    return b"".join(line + b"\r\n" for line in kept) + b"\r\n"
