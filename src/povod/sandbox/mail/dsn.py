"""Delivery reports in the form of RFC 3464, as the servers around us write them."""

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime
from enum import Enum

from povod.sandbox.mail.ledger import Accepted
from povod.sandbox.seeded import code, draw

_HIDDEN_HEADERS = ("Bcc", "X-Povod-Debug")


class BounceKind(Enum):
    """Action, status and the remote server's words."""

    UNKNOWN_USER = (
        "failed",
        "5.1.1",
        "550 5.1.1 <{rcpt}>: Recipient address rejected: unknown user",
    )
    MAILBOX_FULL = ("failed", "5.2.2", "552 5.2.2 Mailbox size limit exceeded")
    DELAYED = ("delayed", "4.4.1", "421 4.4.1 Connection timed out")


_SUBJECTS = {
    "failed": "Undelivered Mail Returned to Sender",
    "delayed": "Delayed Mail (still being retried)",
}
_WORDS = {
    "failed": "К сожалению, ваше письмо не доставлено.\r\nYour message could not be delivered to",
    "delayed": "Письмо пока не доставлено, попытки продолжаются.\r\nStill trying to deliver to",
}


def bounce(letter: Accepted, at: datetime, kind: BounceKind) -> bytes:
    """A multipart/report about `letter`, sent to its envelope sender at `at`."""
    action, status, words = kind.value
    server = f"mx.{letter.rcpt.rpartition('@')[2]}"
    diagnostic = words.format(rcpt=letter.rcpt)
    report = Message(policy=SMTP)
    report["Return-Path"] = "<>"
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{server}>"
    report["To"] = letter.mail_from
    report["Subject"] = _SUBJECTS[action]
    report["Date"] = format_datetime(at)
    report["Message-ID"] = f"<{code(letter.message_id, action)}@{server}>"
    report["Auto-Submitted"] = "auto-replied"
    report["Content-Type"] = 'multipart/report; report-type="delivery-status"'
    report["MIME-Version"] = "1.0"
    report.attach(_explanation(f"{_WORDS[action]} <{letter.rcpt}>:\r\n\r\n{diagnostic}\r\n"))
    report.attach(_status(letter, at, server, action, status, diagnostic))
    report.attach(_original(letter))
    report.set_boundary(code("boundary", letter.message_id, letter.rcpt, action))
    return report.as_bytes()


def _explanation(text: str) -> EmailMessage:
    part = EmailMessage(policy=SMTP)
    part.set_content(text, charset="utf-8", cte="8bit")
    return part


def _status(
    letter: Accepted, at: datetime, server: str, action: str, status: str, diagnostic: str
) -> Message:
    about_message = Message(policy=SMTP)
    about_message["Reporting-MTA"] = f"dns; {server}"
    about_message["Arrival-Date"] = format_datetime(letter.at)
    about_recipient = Message(policy=SMTP)
    about_recipient["Final-Recipient"] = f"rfc822; {letter.rcpt}"
    about_recipient["Original-Recipient"] = f"rfc822;{letter.rcpt}"
    about_recipient["Action"] = action
    about_recipient["Status"] = status
    about_recipient["Remote-MTA"] = f"dns; {server}"
    about_recipient["Diagnostic-Code"] = f"smtp; {diagnostic}"
    about_recipient["Last-Attempt-Date"] = format_datetime(at)
    part = Message(policy=SMTP)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([about_message, about_recipient])
    return part


def _original(letter: Accepted) -> Message:
    """The headers of the letter, or for some servers the whole of it."""
    part = Message(policy=SMTP)
    if draw("whole", letter.rcpt) < 0.3:
        part["Content-Type"] = "message/rfc822"
        part.set_payload([message_from_bytes(letter.raw)])
        return part
    headers = BytesHeaderParser().parsebytes(letter.raw)
    shown = [f"{key}: {value}" for key, value in headers.items() if key not in _HIDDEN_HEADERS]
    part["Content-Type"] = "text/rfc822-headers"
    part.set_payload("\r\n".join(shown) + "\r\n")
    return part
