"""Reading a mailbox over IMAP: peeking only, resumed by UIDVALIDITY and UID (D82)."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from povod.delivery.mailboxes import Mailbox
from povod.kit.errors import ExternalError

TIMEOUT = 30.0
MAX_BYTES = 1_048_576
RESCAN = timedelta(days=14)
SENT_NAMES = ("Sent", "Отправленные", "[Gmail]/Sent Mail", "[Gmail]/Отправленные", "Sent Items")


class MailboxUnreadable(ExternalError):  # noqa: N818 - says what it is
    """The IMAP server cannot be used now; the message names it."""


@dataclass(frozen=True)
class RawMail:
    """A mail as it lies in the mailbox, at most its first megabyte."""

    uid: int
    raw: bytes


@dataclass(frozen=True)
class Batch:
    """New mails and the place up to which the folder was read."""

    uidvalidity: int
    mails: Iterator[RawMail]


@contextmanager
def connected(mailbox: Mailbox, secret: str) -> Iterator[BaseMailBox]:
    """A logged-in connection; `MailboxUnreadable` for everything that goes wrong on it."""
    try:
        box = _open(mailbox)
        try:
            box.login(mailbox["username"], secret, initial_folder=None)
            yield box
        finally:
            _leave(box)
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ssl.SSLError) as error:
        place = f"{mailbox['imap_host']}:{mailbox['imap_port']}"
        raise MailboxUnreadable(
            f"IMAP of mailbox {mailbox['name']} at {place}: {error or type(error).__name__}"
        ) from error


def _open(mailbox: Mailbox) -> BaseMailBox:
    host, port = mailbox["imap_host"], mailbox["imap_port"]
    match mailbox["imap_security"]:
        case "none":
            return MailBoxUnencrypted(host, port, timeout=TIMEOUT)
        case "starttls":
            return MailBoxStartTls(host, port, timeout=TIMEOUT)
        case _:
            return MailBox(host, port, timeout=TIMEOUT)


def _leave(box: BaseMailBox) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        box.client.logout()


def new_mails(box: BaseMailBox, mailbox: Mailbox, now: datetime) -> Batch:
    """Mails after `last_uid`; after a change of UIDVALIDITY those of the last 14 days."""
    folder = mailbox["imap_folder_inbox"]
    box.folder.set(folder, readonly=True)
    uidvalidity = int(box.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    if uidvalidity == mailbox["uidvalidity"]:
        found = box.uids(f"UID {mailbox['last_uid'] + 1}:*")
        uids = sorted(int(uid) for uid in found if int(uid) > mailbox["last_uid"])
    else:
        uids = sorted(int(uid) for uid in box.uids(AND(date_gte=(now - RESCAN).date())))
    return Batch(uidvalidity, (RawMail(uid, fetch(box, uid)) for uid in uids))


def fetch(box: BaseMailBox, uid: int) -> bytes:
    """The first megabyte of a mail, without marking it as read."""
    _, data = box.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
    for item in data or []:
        if isinstance(item, tuple) and len(item) > 1:
            return bytes(item[1])
    return b""


def is_in_sent(box: BaseMailBox, mailbox: Mailbox, message_id: str) -> bool:
    """Is a letter with this Message-ID in the folder of sent mail (D31)?"""
    for folder in _sent_folders(box, mailbox):
        try:
            box.folder.set(folder, readonly=True)
        except ImapToolsError:
            continue
        _, data = box.client.uid("SEARCH", "HEADER", "Message-ID", f'"{message_id}"')
        if data and data[0]:
            return True
    return False


def _sent_folders(box: BaseMailBox, mailbox: Mailbox) -> list[str]:
    """The folder that the server marks as Sent, else the known names."""
    marked = [f.name for f in box.folder.list() if "\\Sent" in f.flags]
    names = [*marked, mailbox["imap_folder_sent"], *SENT_NAMES]
    return list(dict.fromkeys(name for name in names if name))
