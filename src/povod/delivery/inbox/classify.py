"""What kind of mail came in, in the order of D83."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Mail
from email.utils import parsedate_to_datetime
from typing import Any

from povod.delivery.inbox.auto import is_automatic
from povod.delivery.inbox.dsn import Bounce, bounces_of, delivered_recipients, is_report
from povod.delivery.inbox.mailtext import body_text, header, own_parts
from povod.delivery.inbox.match import UNSUBSCRIBE_TOKEN
from povod.delivery.inbox.reply import new_text

BOUNCE, DELAY, DELIVERED, COMPLAINT = "bounce", "delay", "delivered", "complaint"
UNSUBSCRIBE, AUTO, REPLY = "unsubscribe", "auto", "reply"
MAX_TEXT = 20_000


@dataclass(frozen=True)
class Incoming:
    """A classified mail before it is matched."""

    kind: str
    mail: Mail
    bounces: list[Bounce] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    new_text: str = ""

    @property
    def details(self) -> dict[str, Any]:
        """What is stored about a report."""
        keep = ("recipient", "status", "hard", "reason", "diagnostic")
        rows = [{name: getattr(b, name) for name in keep} for b in self.bounces]
        return {"bounces": rows} if rows else {}


def classify(mail: Mail) -> Incoming:
    """Bounce, complaint, unsubscribe, automatic answer or reply."""
    bounces = bounces_of(mail)
    if bounces:
        failed = any(bounce.reason != "delayed" for bounce in bounces)
        return Incoming(BOUNCE if failed else DELAY, mail, bounces)
    if is_report(mail):
        return Incoming(DELIVERED, mail, delivered=delivered_recipients(mail))
    if is_complaint(mail):
        return Incoming(COMPLAINT, mail)
    text = new_text(body_text(mail))[:MAX_TEXT]
    if UNSUBSCRIBE_TOKEN.search(header(mail, "Subject")):
        return Incoming(UNSUBSCRIBE, mail, new_text=text)
    return Incoming(AUTO if is_automatic(mail) else REPLY, mail, new_text=text)


def is_complaint(mail: Mail) -> bool:
    """A feedback report (RFC 5965)."""
    return any(part.get_content_type() == "message/feedback-report" for part in own_parts(mail))


def received_at(mail: Mail) -> datetime | None:
    """The Date header in UTC, None when it cannot be read."""
    try:
        found = parsedate_to_datetime(header(mail, "Date"))
    except (ValueError, TypeError, IndexError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
