"""By what the rows of a person are found: from one address to the ids of all that is theirs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.personal import imports_naming, pages_naming
from povod.delivery.addresses import address_class, email_key
from povod.delivery.keys import Keys
from povod.delivery.personal import PHONE_KINDS, spellings
from povod.greetings.personal import greetings_of
from povod.kit.errors import InputError
from povod.kit.phone import find_phones
from povod.kit.text import value_key
from povod.leads.personal import replies_naming
from povod.store.personal import Person
from povod.store.tables import audit_log, clients, contacts
from povod.store.tables import outreach_messages as messages

FORGET = "person.forget"
PERSON_INN = 12
MIN_SURNAME = 3


class Finder:
    """Finds persons in one open transaction."""

    def __init__(self, conn: Connection, keys: Keys) -> None:
        self._conn = conn
        self._keys = keys

    def find(self, address: str, person: Person) -> Person:
        """All that is found from the address; `person` has the instant and, perhaps, clients."""
        wanted = canonical(address) if address or not person.clients else ""
        person = self._with_addresses(person, self._spelled(wanted) if wanted else ())
        main = self._hashes(wanted)[0] if wanted else person.value_hash
        person = replace(person, value_hash=main, hashes=person.hashes | {main})
        person = replace(person, clients=self._clients(person))
        person = self._with_addresses(person, self._own_addresses(person))
        return self._with_rows(person)

    def _with_addresses(self, person: Person, more: Iterable[str]) -> Person:
        addresses = person.addresses | {value_key(text) for text in more if text}
        hashed = {value for text in addresses for value in self._hashes(text)}
        return replace(person, addresses=addresses, hashes=person.hashes | hashed)

    def _hashes(self, address: str) -> list[str]:
        kinds = ("email",) if "@" in address else PHONE_KINDS
        return [self._keys.value_hash(kind, address) for kind in kinds]

    def _spelled(self, address: str) -> Iterator[str]:
        """The address, and every other way in which the store writes the same mailbox."""
        yield address
        if "@" not in address:
            return
        wanted = email_key(address)
        for column in (contacts.c.value_key, clients.c.email, messages.c.to_value):
            for value in self._conn.execute(spellings(column, address)).scalars():
                if email_key(value) == wanted:
                    yield value

    def _clients(self, person: Person) -> tuple[str, ...]:
        known = sa.or_(
            clients.c.id.in_(person.clients),
            clients.c.recipient_hash.in_(person.hashes),
            sa.func.lower(clients.c.email).in_(person.addresses),
            clients.c.phone.in_(person.addresses),
        )
        found = self._conn.execute(sa.select(clients.c.id).where(known)).scalars()
        return tuple(sorted({*found, *self._erased_before(person)}))

    def _erased_before(self, person: Person) -> Iterator[str]:
        """Clients of an earlier erasure: their rows do not say any more whose they were."""
        done = (audit_log.c.action == FORGET, audit_log.c.subject == person.value_hash)
        for data in self._conn.execute(sa.select(audit_log.c.data).where(*done)).scalars():
            yield from data.get("clients", ())

    def _own_addresses(self, person: Person) -> Iterator[str]:
        """Other addresses of these clients, but not those that somebody else has as well."""
        columns = (clients.c.email, clients.c.phone)
        mine = sa.select(*columns).where(clients.c.id.in_(person.clients))
        for row in self._conn.execute(mine).all():
            yield from (text for text in row if text and not self._is_shared(text, person))

    def _is_shared(self, address: str, person: Person) -> bool:
        others = sa.exists().where(
            clients.c.id.not_in(person.clients),
            sa.or_(clients.c.email == address, clients.c.phone == address),
        )
        # Whose name stands in it is a person's own, wherever it was found: not so info@.
        is_named = "@" in address and address_class(address) != "role"
        key = value_key(address)
        firms = sa.exists().where(contacts.c.value_key == key, ~contacts.c.personal)
        shared = others if is_named else sa.or_(others, firms)
        return bool(self._conn.execute(sa.select(shared)).scalar_one())

    def _with_rows(self, person: Person) -> Person:
        conn = self._conn
        mine = conn.execute(
            sa.select(contacts.c.id, contacts.c.company_id).where(
                contacts.c.value_key.in_(person.addresses)
            )
        ).all()
        rows = conn.execute(
            sa.select(clients.c.company_id, clients.c.last_name, clients.c.inn).where(
                clients.c.id.in_(person.clients)
            )
        ).all()
        firms = {row.company_id for row in (*mine, *rows) if row.company_id}
        person = replace(
            person,
            contacts=tuple(sorted(row.id for row in mine)),
            companies=tuple(sorted(firms)),
            surnames=frozenset(r.last_name for r in rows if len(r.last_name) >= MIN_SURNAME),
            inns=frozenset(row.inn for row in rows if len(row.inn) == PERSON_INN),
            messages=self.messages(person),
        )
        return replace(
            person,
            greetings=tuple(greetings_of(conn, person)),
            pages=_sorted(pages_naming(conn, person)),
            imports=_sorted(imports_naming(conn, person)),
            operations=_sorted(replies_naming(conn, person)),
        )

    def messages(self, person: Person) -> tuple[str, ...]:
        """Ids of all messages to them."""
        mine = sa.or_(
            messages.c.recipient_hash.in_(person.hashes), messages.c.client_id.in_(person.clients)
        )
        found = self._conn.execute(sa.select(messages.c.id).where(mine)).scalars()
        return tuple(sorted(found))


def canonical(address: str) -> str:
    """An e-mail address, or a telephone number as it is stored; `InputError` for anything else.

    An extension stays: without it the number is that of the whole firm.
    """
    text = address.strip()
    if "@" in text:
        return text.removeprefix("mailto:")
    numbers = find_phones(text)
    if len(numbers) != 1:
        reason = f"{text[:80]!r} is neither an e-mail address nor a telephone number"
        raise InputError(reason, errors=[{"field": "address", "message": reason}])
    return numbers[0]


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))
