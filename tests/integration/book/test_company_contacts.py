"""Contacts as rows: kept, raised, gone, primary, shared; and studios that are learned from them."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, see
from povod.book.contacts import FoundContact, choose_primaries, has_email, save_contacts
from povod.book.domains import load_rules
from povod.book.pages import FetchedPage, save_pages
from povod.book.studios import learn_studios
from povod.store.tables import companies, contacts, domain_rules


def email(value: str, rank: float = 1.3, **more: Any) -> FoundContact:
    fields = {"quality": 1.0, "found_in": "mailto", "page_id": None, **more}
    return FoundContact("email", value, "https://firma.ru/", rank=rank, **fields)


def phone(value: str, **more: Any) -> FoundContact:
    return FoundContact("phone", value, "https://firma.ru/", None, "tel", 0.9, 0.9, **more)


@pytest.fixture
def book(db, clock):
    return Book(db, clock)


class Book:
    """Companies to give contacts to, and their rows."""

    def __init__(self, db, clock) -> None:
        self.db, self.clock = db, clock

    def company(self, domain: str = "firma.ru") -> str:
        with self.db.tx() as conn:
            seen = see(conn, self.clock.now(), [Sighting(domain, domain, "Фирма")])
        return seen[domain].company_id

    def page(self, company_id: str, url: str = "https://firma.ru/") -> str:
        with self.db.tx() as conn:
            fetched = FetchedPage(url, "home", url, 200, body=url.encode(), text=url)
            return save_pages(conn, company_id, [fetched], self.clock.now())[url]

    def save(self, company_id: str, *found: FoundContact, visited: Any = ()) -> bool:
        with self.db.tx() as conn:
            return save_contacts(conn, self.clock.now(), company_id, found, visited)

    def rows(self, company_id: str) -> dict[str, Any]:
        query = sa.select(contacts).where(contacts.c.company_id == company_id)
        with self.db.read() as conn:
            return {row.value: row for row in conn.execute(query)}

    def primaries(self, company_id: str) -> set[str]:
        return {value for value, row in self.rows(company_id).items() if row.is_primary}


def test_a_second_visit_adds_nothing_and_keeps_the_best(book, clock):
    company = book.company()
    assert book.save(company, email("Info@firma.ru", label="Отдел продаж", is_primary=True))
    first = book.rows(company)["Info@firma.ru"]
    clock.advance(timedelta(days=1))
    assert book.save(company, email("info@firma.ru", quality=0.7, found_in="text"))
    (row,) = book.rows(company).values()
    assert (row.id, row.value_key) == (first.id, "info@firma.ru")
    assert (row.quality_score, row.found_in, row.metadata) == (
        1.0,
        "text",
        {"label": "Отдел продаж"},
    )
    assert row.first_seen_at == first.first_seen_at
    assert row.last_seen_at == clock.now()


def test_without_an_address_there_is_nobody_to_write_to(book):
    company = book.company()
    assert not book.save(company, phone("+78432123456", is_primary=True))
    assert book.primaries(company) == {"+78432123456"}
    assert not book.save(company)


def test_what_a_visited_page_does_not_show_any_more_is_gone(book):
    company = book.company()
    home, other = book.page(company), book.page(company, "https://firma.ru/o")
    book.save(
        company,
        email("info@firma.ru", page_id=home, is_primary=True),
        email("zakaz@firma.ru", 1.0, page_id=home),
        email("sales@firma.ru", 0.9, page_id=other),
    )
    book.save(company, email("zakaz@firma.ru", 1.0, page_id=home), visited={home})
    status = {value: row.status for value, row in book.rows(company).items()}
    assert status == {
        "info@firma.ru": "gone",
        "zakaz@firma.ru": "active",
        "sales@firma.ru": "active",
    }
    assert book.primaries(company) == {"zakaz@firma.ru"}
    book.save(company, email("info@firma.ru", page_id=home), visited={home})
    assert book.rows(company)["info@firma.ru"].status == "active"


def test_a_bounced_address_stays_bounced_and_is_not_first(book, db):
    company = book.company()
    book.save(company, email("info@firma.ru", is_primary=True), email("zakaz@firma.ru", 0.8))
    with db.tx() as conn:
        conn.execute(
            sa.update(contacts).where(contacts.c.value == "info@firma.ru").values(status="bounced")
        )
    book.save(company, email("info@firma.ru", is_primary=True), email("zakaz@firma.ru", 0.8))
    assert book.rows(company)["info@firma.ru"].status == "bounced"
    assert book.primaries(company) == {"zakaz@firma.ru"}


def test_the_best_rank_leads_then_the_shorter_then_the_alphabet(book, db):
    company = book.company()
    book.save(
        company, email("office@firma.ru", 1.0), email("info@firma.ru", 1.0), email("a@b.ru", 0.5)
    )
    assert book.primaries(company) == {"info@firma.ru"}
    with db.tx() as conn:
        choose_primaries(conn, company, {("email", "a@b.ru")})
    assert book.primaries(company) == {"a@b.ru"}


def test_a_phone_leads_only_when_a_sure_source_says_so(book):
    company = book.company()
    book.save(company, phone("+78432123456"))
    assert book.primaries(company) == set()
    book.save(company, phone("+78432123456"), phone("+79171234567", is_primary=True))
    book.save(company, phone("+78432123456"), phone("+79171234567"))
    assert book.primaries(company) == {"+79171234567"}


def test_an_address_of_two_companies_is_shared_and_moves_nowhere(book):
    one, two = book.company("one.ru"), book.company("two.ru")
    book.save(one, email("info@shared.ru", is_primary=True), email("info@one.ru"))
    book.save(two, email("info@shared.ru", is_primary=True))
    for company in (one, two):
        assert book.rows(company)["info@shared.ru"].shared
        assert book.rows(company)["info@shared.ru"].is_primary
    assert not book.rows(one)["info@one.ru"].shared


def test_a_duplicate_shares_nothing(book, db):
    one, two = book.company("one.ru"), book.company("two.ru")
    book.save(one, email("info@one.ru"))
    with db.tx() as conn:
        conn.execute(
            sa.update(companies)
            .where(companies.c.id == one)
            .values(duplicate_of=two, status="duplicate")
        )
    book.save(two, email("info@one.ru"))
    assert not book.rows(two)["info@one.ru"].shared


def learn(book, company: str) -> list[str]:
    with book.db.tx() as conn:
        return learn_studios(conn, company, load_rules(conn))


def firms(book, count: int, address: str, own: bool) -> list[str]:
    ids = []
    for number in range(count):
        company = book.company(f"firma{number}.ru")
        mine = [email(f"info@firma{number}.ru", is_primary=True)] if own else []
        book.save(company, email(address, 0.5), *mine)
        ids.append(company)
    return ids


def test_an_address_on_five_sites_is_that_of_a_studio(book, db):
    ids = firms(book, 5, "hello@studio.ru", own=True)
    assert learn(book, ids[-1]) == ["studio.ru"]
    with db.read() as conn:
        rule = conn.execute(sa.select(domain_rules)).one()
    assert (rule.domain, rule.rule, rule.source) == ("studio.ru", "studio", "learned")
    for number, company in enumerate(ids):
        assert book.rows(company)["hello@studio.ru"].status == "invalid"
        assert book.primaries(company) == {f"info@firma{number}.ru"}
    assert learn(book, ids[0]) == []


def test_a_company_left_without_an_address_is_no_longer_ready(book, db):
    ids = firms(book, 5, "hello@studio.ru", own=False)
    with db.tx() as conn:
        conn.execute(sa.update(companies).values(status="contacts_ready"))
    learn(book, ids[0])
    with db.read() as conn:
        states = set(conn.execute(sa.select(companies.c.status)).scalars())
        assert not has_email(conn, ids[0])
    assert states == {"contacts_not_found"}


@pytest.mark.parametrize("address", ["firma@mail.ru", "info@firma0.ru"])
def test_public_and_own_addresses_make_no_studio(book, address):
    ids = firms(book, 5, address, own=False)
    assert learn(book, ids[0]) == []


def test_four_sites_are_not_enough(book):
    ids = firms(book, 4, "hello@studio.ru", own=False)
    assert learn(book, ids[0]) == []
