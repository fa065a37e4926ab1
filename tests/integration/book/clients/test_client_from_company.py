"""A found company becomes a client with one action, keeping its history (G9)."""

import pytest
import sqlalchemy as sa

from povod.book.clients.from_company import client_from_company
from povod.book.clients.model import Author, Ground
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.store.tables import companies, company_pages, contacts

ANNA = Author("anna")
SHA = "ab" * 32


@pytest.fixture
def company(book):
    now = book.clock.now()
    row = {"id": new_id(), "name": "ООО «Ромашка»", "canonical_domain": "romashka.ru"}
    row |= {"inn": "7707083893", "attributes": {"okved": "41.20"}}
    page = {"id": new_id(), "company_id": row["id"], "url": "https://romashka.ru/contacts"}
    page |= {"content_sha256": SHA, "fetched_at": now}
    with book.db.tx() as conn:
        conn.execute(sa.insert(companies), [{**row, "first_seen_at": now, "last_seen_at": now}])
        conn.execute(sa.insert(company_pages), [page])
        for kind, value, primary in (
            ("email", "info@romashka.ru", True),
            ("email", "buh@romashka.ru", False),
            ("phone", "+78432000000;ext=12", True),
        ):
            found = {"company_id": row["id"], "contact_type": kind, "value": value}
            found |= {"value_key": value, "is_primary": primary, "company_page_id": page["id"]}
            found |= {"source_url": page["url"], "first_seen_at": now, "last_seen_at": now}
            conn.execute(sa.insert(contacts), [found])
    return row["id"]


def make(book, company, **given):
    with book.db.tx() as conn:
        return client_from_company(conn, book.deps, company, ANNA, **given)


def test_everything_known_is_carried_over(book, company):
    client = book.row(make(book, company))
    assert client["company_id"] == company
    assert client["source"] == "leads"
    assert (client["company_name"], client["inn"], client["okved"]) == (
        "ООО «Ромашка»",
        "7707083893",
        "41.20",
    )
    assert (client["email"], client["phone"]) == ("info@romashka.ru", "+78432000000")
    assert (client["first_name"], client["gender"]) == ("", None)


def test_the_ground_is_the_page_and_no_consent(book, company):
    client = make(book, company)
    assert {basis for _, basis, _ in book.grounds(client)} == {"public_corporate_address"}
    with book.db.tx() as conn:
        conn.execute(sa.update(company_pages).values(content_sha256=""))
    conn_less = make(book, company, contact_id=contact(book, "buh@romashka.ru"))
    assert {basis for _, basis, _ in book.grounds(conn_less)} == {"none"}


def contact(book, value):
    with book.db.read() as conn:
        query = sa.select(contacts.c.id).where(contacts.c.value == value)
        return conn.execute(query).scalar_one()


def test_a_contact_and_a_person_may_be_named(book, company):
    person = {"first_name": "Ольга", "middle_name": "Павловна", "position": "главный бухгалтер"}
    found = contact(book, "buh@romashka.ru")
    ground = Ground("existing_client", "договор")
    client = book.row(make(book, company, contact_id=found, person=person, ground=ground))
    assert (client["email"], client["gender"]) == ("buh@romashka.ru", "f")
    assert client["contact_id"] == found
    assert {basis for _, basis, _ in book.grounds(client["id"])} == {"existing_client"}


def test_pressing_twice_makes_one_client(book, company):
    client = make(book, company)
    with pytest.raises(ConflictError) as caught:
        make(book, company)
    assert (caught.value.code, caught.value.extra) == ("client_exists", {"client_id": client})


def test_what_is_not_there_cannot_become_a_client(book, company):
    with pytest.raises(NotFoundError):
        make(book, new_id())
    with pytest.raises(NotFoundError):
        make(book, company, contact_id=new_id())


def test_a_duplicate_sends_to_its_primary(book, company):
    now, other = book.clock.now(), new_id()
    twin = {"id": other, "name": "Ромашка", "status": "duplicate", "duplicate_of": company}
    with book.db.tx() as conn:
        conn.execute(sa.insert(companies), [{**twin, "first_seen_at": now, "last_seen_at": now}])
    with pytest.raises(ConflictError, match=company):
        make(book, other)
