"""`PersonalData`: one service for the commands and the console (152-FZ 14 and 21, GDPR 15 and 17).

An erasure is one transaction; what lies outside the database is removed after it, and a repetition
finishes what an interruption left.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app.person.finding import FORGET, Finder
from povod.app.person.holdings import AUDIT, HOLDINGS
from povod.app.person.package import write_package
from povod.book.contacts import choose_primaries
from povod.delivery import personal as mail
from povod.delivery.facade import Delivery
from povod.greetings.facade import Greetings
from povod.kit.errors import NotFoundError
from povod.store import audit
from povod.store.db import Database
from povod.store.personal import Person, erase, remove_files, rows_of
from povod.store.tables import clients, companies, consents, contacts, events

EXPORT = "person.export"
_ALWAYS_EMPTIED = ("client.create", "client.update")


@dataclass(frozen=True)
class Outline:
    """What is kept about a person, in rows of each table; `unsent` messages would be cancelled."""

    address: str
    rows: dict[str, int] = field(default_factory=dict)
    clients: int = 0
    unsent: int = 0

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


@dataclass(frozen=True)
class Forgotten:
    """What an erasure did; all is 0 when it was done before.

    `under_way`: messages in a worker's hands, for which the erasure is to be repeated.
    """

    rows: dict[str, int] = field(default_factory=dict)
    cancelled: int = 0
    stored_files: int = 0
    outbox_files: int = 0
    under_way: int = 0


class PersonalData:
    """Finds, packs and erases what is kept about a person."""

    def __init__(
        self, db: Database, delivery: Delivery, greetings: Greetings, outbox: Path
    ) -> None:
        self._db = db
        self._delivery = delivery
        self._greetings = greetings
        self._outbox = outbox

    def address_of(self, *, client_id: str = "", contact_id: str = "") -> str:
        """The address of a client or contact; empty for a client without any."""
        table, row_id = (clients, client_id) if client_id else (contacts, contact_id)
        with self._db.read() as conn:
            found = conn.execute(sa.select(table).where(table.c.id == row_id)).mappings().first()
        if found is None:
            raise NotFoundError(f"there is no {table.name.removesuffix('s')} {row_id}")
        return str(found["email"] or found["phone"] if client_id else found["value"])

    def outline(self, address: str, client_id: str = "") -> Outline:
        """What there is; nothing is changed."""
        with self._db.read() as conn:
            person = self._find(conn, address, client_id)
            counts = {
                one.table.name: sum(1 for _ in rows_of(conn, one, person))
                for one in (*HOLDINGS, AUDIT)
            }
            return Outline(
                address,
                {name: count for name, count in counts.items() if count},
                len(person.clients),
                mail.unsent(conn, person),
            )

    def export(self, address: str, path: Path, by: str, client_id: str = "") -> dict[str, int]:
        """Write all of it to a ZIP; how many rows of each table."""
        with self._db.read() as conn:
            person = self._find(conn, address, client_id)
            counts = write_package(conn, path, person, (*HOLDINGS, AUDIT))
        with self._db.tx() as conn:
            audit.append(conn, by, EXPORT, person.value_hash, {"rows": counts})
        return counts

    def forget(self, address: str, by: str, client_id: str = "") -> Forgotten:
        """Erase the person everywhere and never write to them again; repeating changes nothing."""
        office = self._delivery.office
        with self._db.tx(durable=True) as conn:
            person = self._find(conn, address, client_id)
            mail.wait_for_workers(conn, person)
            is_new = mail.refuse(office, conn, person, by)
            person, cancelled = self._end_unsent(conn, person)
            seals = self._empty_audit(conn, person)
            done = self._erase(conn, person, cancelled)
            if is_new or seals or done.rows or cancelled:
                facts = {"rows": done.rows, "cancelled": cancelled, "seals": seals}
                facts["clients"] = list(person.clients)
                audit.append(conn, by, FORGET, person.value_hash, facts)
        return replace(
            done, outbox_files=mail.remove_letters(self._db, self._outbox, person.messages)
        )

    def _find(self, conn: Connection, address: str, client_id: str) -> Person:
        office = self._delivery.office
        hashed = office.keys.value_hash("client", client_id) if client_id else ""
        given = (client_id,) if client_id else ()
        start = Person(value_hash=hashed, at=office.clock.now(), clients=given)
        person = Finder(conn, office.keys).find(address, start)
        return replace(person, subjects=_subjects(conn, person))

    def _end_unsent(self, conn: Connection, person: Person) -> tuple[Person, int]:
        """How many messages were cancelled; the person with those that came meanwhile.

        A run that hands a greeting over has it locked: after that its message is seen here.
        """
        office = self._delivery.office
        cancelled = mail.cancel_unsent(office, conn, person)
        for client_id in person.clients:
            self._greetings.client_changed(conn, client_id, mail.ERASED)
        person = replace(person, messages=Finder(conn, office.keys).messages(person))
        return person, cancelled + mail.cancel_unsent(office, conn, person)

    def _empty_audit(self, conn: Connection, person: Person) -> dict[str, str]:
        """Names in details of the log: its chain stays whole by the seals of this erasure."""
        rows = [
            row
            for row in rows_of(conn, AUDIT, person)
            if row["data"] not in ({}, audit.EMPTIED)
            and (row["action"] in _ALWAYS_EMPTIED or person.is_named_in(row["data"]))
        ]
        return audit.erase(conn, rows)

    def _erase(self, conn: Connection, person: Person, cancelled: int) -> Forgotten:
        counts, named = dict[str, int](), set[str]()
        for holding in HOLDINGS:
            counts[holding.table.name], found = erase(conn, holding, person)
            named |= found
        if counts[contacts.name]:
            _settle_companies(conn, person)
        return Forgotten(
            {name: count for name, count in counts.items() if count},
            cancelled,
            remove_files(conn, named),
            0,
            mail.under_way(conn, person),
        )


def _settle_companies(conn: Connection, person: Person) -> None:
    """Another address is the first one now, and duplicates are looked for without the old one."""
    for company_id in person.companies:
        choose_primaries(conn, company_id)
    firms = sa.update(companies).where(companies.c.id.in_(person.companies))
    conn.execute(firms.where(companies.c.duplicate_of.is_(None)).values(dedup_dirty=True))


def _subjects(conn: Connection, person: Person) -> tuple[str, ...]:
    """What rows of the audit about this person name as their subject."""
    known = {*person.hashes, *person.clients, *person.contacts, *person.messages}
    known.update(person.greetings)
    mine = consents.c.value_hash.in_(person.hashes) | consents.c.client_id.in_(person.clients)
    known.update(conn.execute(sa.select(consents.c.id).where(mine)).scalars())
    own = events.c.client_id.in_(person.clients)
    known.update(conn.execute(sa.select(events.c.id).where(own)).scalars())
    return tuple(sorted(known))
