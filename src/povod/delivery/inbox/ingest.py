"""One mail comes in: stored once, classified, matched, and its consequences in one transaction."""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import getaddresses

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from povod.delivery.inbox import classify as kinds
from povod.delivery.inbox.classify import Incoming, classify, received_at
from povod.delivery.inbox.effects import Effects
from povod.delivery.inbox.mailtext import header, parse
from povod.delivery.inbox.match import Match, match_answer, match_report, match_unsubscribe
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.kit.ids import new_id
from povod.store.files import put_file, sha256
from povod.store.tables import inbound_mail
from povod.store.upsert import insert_new

log = structlog.get_logger()
KEEP_RAW = timedelta(days=90)


@dataclass(frozen=True)
class Origin:
    """Where a mail was read; all empty for a file given by hand."""

    mailbox_id: str | None = None
    uidvalidity: int = 0
    uid: int = 0


@dataclass(frozen=True)
class Ingested:
    """What became of a mail: its kind, the message it belongs to, whether a person must look."""

    kind: str
    message_id: str | None
    review: str
    is_new: bool


class Ingest:
    """Takes mails in; the same mail twice changes nothing (D82)."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._effects = Effects(office)

    def take(self, raw: bytes, origin: Origin = Origin()) -> Ingested:
        """Store, classify, match and apply one mail."""
        mail = classify(parse(raw))
        with self._office.db.tx(durable=True) as conn:
            row_id = self._store(conn, raw, mail, origin)
            if row_id is None:
                return Ingested("known", None, "none", False)
            found = self._match(conn, mail)
            review = self._apply(conn, mail, found)
            result = Ingested(
                mail.kind if found else "unmatched",
                found.message["id"] if found else None,
                review,
                True,
            )
            values = {
                "kind": result.kind,
                "outreach_message_id": result.message_id,
                "matched_by": found.by if found else "",
                "review": review,
            }
            row = inbound_mail.update().where(inbound_mail.c.id == row_id)
            conn.execute(row.values(**values))
        log.info("mail came in", kind=result.kind, message=result.message_id, review=review)
        return result

    def _store(self, conn: Connection, raw: bytes, mail: Incoming, origin: Origin) -> str | None:
        """The new row's id; None when this mail was taken in before."""
        now = self._office.clock.now()
        digest = sha256(raw)
        known = sa.select(inbound_mail.c.id).where(inbound_mail.c.raw_sha256 == digest)
        if conn.execute(known).first() is not None:
            return None
        details = {**mail.details, "message_id": _clean(header(mail.mail, "Message-ID"))[:300]}
        row = {
            "id": new_id(),
            "mailbox_id": origin.mailbox_id,
            "uidvalidity": origin.uidvalidity,
            "uid": origin.uid,
            "raw_sha256": digest,
            "raw_file_id": put_file(conn, raw, "message/rfc822", now + KEEP_RAW),
            "kind": "unmatched",
            "from_value": writer(mail),
            "subject": _clean(header(mail.mail, "Subject"))[:500],
            "new_text": _clean(mail.new_text),
            "details": details,
            "review": "none",
            "received_at": received_at(mail.mail) or now,
        }
        return next(iter(insert_new(conn, inbound_mail, [row])), None)

    def _match(self, conn: Connection, mail: Incoming) -> Match | None:
        keys = self._office.keys
        if mail.kind in (kinds.BOUNCE, kinds.DELAY, kinds.DELIVERED, kinds.COMPLAINT):
            found = match_report(conn, keys, mail.mail)
            return found if found and self._is_about(mail, found.message) else None
        if mail.kind == kinds.UNSUBSCRIBE:
            return match_unsubscribe(conn, keys, mail.mail)
        return match_answer(conn, keys, mail.mail)

    def _is_about(self, mail: Incoming, message: Message) -> bool:
        """A report must name the recipient that the letter was sent to (D84)."""
        if mail.kind == kinds.COMPLAINT:
            return True
        named = [b.recipient for b in mail.bounces] + [b.original for b in mail.bounces]
        hashes = {
            self._office.suppression.contact_hash(address)
            for address in (*named, *mail.delivered)
            if address
        }
        return message["recipient_hash"] in hashes

    def _apply(self, conn: Connection, mail: Incoming, found: Match | None) -> str:
        """The effects; `open` when a person must look at the mail."""
        if found is None:
            return "open" if mail.kind != kinds.AUTO else "none"
        return self._effects.apply(conn, mail, found.message, writer(mail))


def writer(mail: Incoming) -> str:
    """The address in the From header, as it stands."""
    pairs = getaddresses([header(mail.mail, "From")])
    return _clean(pairs[0][1] if pairs else "")[:300]


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
