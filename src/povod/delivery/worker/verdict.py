"""What a server's answer means for the attempt, the message and the mailbox (D29).

Pure. Phrases are looked for after the recipient's address and links are taken out of the text.
Order: limits, spam and policy, unknown user, enhanced code, basic code.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from povod.delivery.channels.contract import AUTH, BEFORE_HANDOFF, MAIL, Reply

ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUE = re.compile(r"queued as (\S+)|\bid[= ](\S+)", re.IGNORECASE)
_URL = re.compile(r"\S*(?:https?://|www\.)\S*", re.IGNORECASE)
UNKNOWN_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_AUTH_CODES = frozenset({"5.7.8", "5.7.9"})

LIMIT = ("limit exceeded", "quota exceeded", "too many messages", "too many recipients")
SPAM = ("suspicion of spam", "blocked using", "spam", "blacklist", "block list", "blocklist")
UNKNOWN_USER = (
    *("no such user", "user unknown", "unknown user", "user not found", "invalid mailbox"),
    *("does not exist", "doesn't exist", "no such mailbox", "mailbox unavailable", "no mailbox"),
    *("unknown recipient", "recipient not found", "no such recipient", "account that you tried"),
    *("mailbox not found", "invalid recipient", "address rejected: user", "not our customer"),
    *("не существует", "не найден", "такого пользователя нет", "нет такого"),
)
MAILBOX_FULL = ("mailbox full", "mailbox is full", "over quota", "quota exceeded for", "переполнен")
_NOT_OWNED = ("not owned by auth user", "sender address rejected: not owned")


@dataclass(frozen=True)
class Verdict:
    """`name` of the class, the attempt's and the message's next state, and what follows."""

    name: str
    attempt: str
    message: str
    reason: str = ""
    counted: bool = False
    delay: timedelta | None = None
    delivery_status: str = ""


def enhanced_code(text: str) -> str:
    """The first enhanced status code in a server's text, empty if there is none."""
    match = ENHANCED.search(text)
    return match[1] if match else ""


def queue_id(text: str) -> str:
    """The server's own name for an accepted letter, if it gave one."""
    match = _QUEUE.search(text)
    return (match[1] or match[2]).strip("<>.,;") if match else ""


def searchable(text: str, recipient: str) -> str:
    """Lower case, without the recipient and links: both may hold any word."""
    plain = _URL.sub(" ", text.casefold())
    return plain.replace(recipient.casefold(), " ") if recipient else plain


def holds(text: str, phrases: tuple[str, ...]) -> bool:
    """True if any of the phrases occurs."""
    return any(phrase in text for phrase in phrases)


def read(reply: Reply, recipient: str) -> Verdict:
    """The verdict on one answer."""
    before = reply.stage in BEFORE_HANDOFF
    name = reply.known or _class_of(reply, searchable(reply.text, recipient))
    return _consequence(name, before, reply)


def _class_of(reply: Reply, text: str) -> str:
    if reply.code is None:
        return "unreachable" if reply.stage in BEFORE_HANDOFF else "unknown"
    if 200 <= reply.code < 400:
        return "accepted"
    status = enhanced_code(reply.text)
    if reply.stage == AUTH or reply.code in (530, 534, 535) or status in _AUTH_CODES:
        return "auth_failed" if reply.code >= 500 else "unreachable"
    if reply.code == 421 and reply.stage in BEFORE_HANDOFF:
        return "unreachable"
    if holds(text, _NOT_OWNED) or (reply.code == 553 and reply.stage == MAIL):
        return "sender_not_owned"
    theirs = status in ("4.2.2", "5.2.2") or holds(text, MAILBOX_FULL)
    if (holds(text, LIMIT) and not theirs) or status == "5.4.5":
        return "limit"
    if reply.code < 500:
        return "deferred"
    return _permanent(reply.code, status, text)


def _permanent(code: int, status: str, text: str) -> str:
    if holds(text, SPAM):
        return "spam"
    if holds(text, UNKNOWN_USER):
        return "unknown_user"
    if status in UNKNOWN_CODES:
        return "unknown_user"
    if status == "5.2.2" or holds(text, MAILBOX_FULL):
        return "mailbox_full"
    if status == "5.6.7":
        return "smtputf8"
    if status == "5.3.4" or code == 552:
        return "too_big"
    if status.startswith("5.7."):
        return "spam"
    return "content_refused" if status.startswith("5.6.") else "refused"


def _consequence(name: str, before: bool, reply: Reply) -> Verdict:
    undone = "released" if before else "deferred"
    full_delay = timedelta(hours=24)
    reasons = {"smtputf8": "cannot_deliver_smtputf8", "spam": "spam_verdict"}
    match name:
        case "accepted":
            return Verdict(name, "accepted", "sent")
        case "unknown":
            return Verdict(name, "uncertain", "uncertain", "no_reply")
        case "unreachable" | "auth_failed" | "sender_not_owned" | "limit":
            return Verdict(name, undone, "scheduled", name)
        case "deferred":
            return Verdict(name, undone, "scheduled", name, counted=True)
        case "mailbox_full":
            return Verdict(name, "rejected", "scheduled", name, delay=full_delay)
        case "unknown_user":
            return Verdict(name, "rejected", "bounced", name, delivery_status="bounced_hard")
        case "noop":
            return Verdict(name, "skipped", "skipped", "noop")
        case "refused":
            return Verdict(name, "rejected", "failed", f"refused:{reply.code}")
        case _:
            return Verdict(name, "rejected", "failed", reasons.get(name, name))
