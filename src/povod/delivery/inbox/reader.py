"""Brings all mailboxes' news in."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
import structlog

from povod.delivery import mailboxes as boxes
from povod.delivery.inbox.imap import MailboxUnreadable, connected, new_mails
from povod.delivery.inbox.ingest import Ingest, Origin
from povod.delivery.mailboxes import Mailbox
from povod.delivery.office import Office
from povod.store.tables import mailboxes

log = structlog.get_logger()


class InboxReader:
    """Reads every mailbox that has an IMAP host."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ingest = Ingest(office)

    def read_all(self) -> Counter[str]:
        """New mails by kind; an unreadable mailbox counts as `unreadable` and shows its error."""
        counts: Counter[str] = Counter()
        if not self._office.settings.inbox_enabled:
            return counts
        with self._office.db.read() as conn:
            query = sa.select(mailboxes).where(mailboxes.c.imap_host != "")
            rows = conn.execute(query.where(mailboxes.c.status != "disabled")).mappings().all()
        for mailbox in rows:
            try:
                counts += self._read(dict(mailbox))
            except MailboxUnreadable as error:
                log.warning("mailbox unreadable", mailbox=mailbox["name"], error=str(error))
                self._remember(mailbox["id"], last_error=str(error)[:300])
                counts["unreadable"] += 1
        return counts

    def _read(self, mailbox: Mailbox) -> Counter[str]:
        """Each mail is a transaction of its own; a crash repeats one mail at most."""
        counts: Counter[str] = Counter()
        office = self._office
        secret = boxes.secret_of(office.settings, mailbox)
        with connected(mailbox, secret) as box:
            batch = new_mails(box, mailbox, office.clock.now())
            for mail in batch.mails:
                origin = Origin(mailbox["id"], batch.uidvalidity, mail.uid)
                counts[self._ingest.take(mail.raw, origin).kind] += 1
                self._remember(mailbox["id"], uidvalidity=batch.uidvalidity, last_uid=mail.uid)
        return counts

    def _remember(self, mailbox_id: str, **values: Any) -> None:
        with self._office.db.tx() as conn:
            boxes.change(conn, mailbox_id, **values)
