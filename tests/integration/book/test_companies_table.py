"""One company per own domain, whoever sees it first."""

import threading

import sqlalchemy as sa

from povod.book.companies import Sighting, dedupe_hash, see
from povod.store.tables import companies, company_domains


def sight(book, *sightings):
    with book.db.tx() as conn:
        return see(conn, book.clock.now(), sightings)


def test_a_new_domain_makes_a_company_and_the_next_hit_touches_it(book):
    first = sight(book, Sighting("firma.ru", "spb.firma.ru", "Фирма", city="Омск", snippet="раз"))
    assert first["firma.ru"].is_new
    second = sight(book, Sighting("firma.ru", "firma.ru", "Другое имя", city="Тула", snippet="два"))
    assert (second["firma.ru"].company_id, second["firma.ru"].is_new) == (
        first["firma.ru"].company_id, False,
    )  # fmt: skip
    [row] = book.rows(companies)
    assert (row.name, row.city, row.hits_count) == ("Фирма", "Омск", 2)
    assert row.attributes == {"source": "yandex_serp", "last_snippet": "два"}
    assert row.website_url == "https://firma.ru/", "the shortest host seen"
    assert row.dedupe_hash == dedupe_hash("firma.ru")
    assert row.dedup_dirty
    [owned] = book.rows(company_domains)
    assert (owned.domain, owned.kind, owned.company_id) == ("firma.ru", "primary", row.id)


def test_several_hits_of_one_reply_are_one_company(book):
    seen = sight(
        book,
        Sighting("firma.ru", "msk.firma.ru", "Фирма"),
        Sighting("alfa.tilda.ws", "alfa.tilda.ws", "Альфа"),
        Sighting("firma.ru", "firma.ru", "Фирма"),
        Sighting("beta.tilda.ws", "beta.tilda.ws", "Бета"),
    )
    assert all(one.is_new for one in seen.values())
    rows = {row.canonical_domain: row for row in book.rows(companies)}
    assert set(rows) == {"firma.ru", "alfa.tilda.ws", "beta.tilda.ws"}
    assert rows["firma.ru"].hits_count == 2
    assert rows["firma.ru"].website_url == "https://firma.ru/"


def test_a_website_that_a_person_named_stays(book):
    sight(book, Sighting("firma.ru", "spb.firma.ru", "Фирма"))
    with book.db.tx() as conn:
        conn.execute(sa.update(companies).values(field_sources={"website_url": "human"}))
    sight(book, Sighting("firma.ru", "firma.ru", "Фирма"))
    assert book.rows(companies)[0].website_url == "https://spb.firma.ru/"


def test_a_hit_on_an_alias_belongs_to_its_company(book):
    winner, loser = book.add("Фирма", "firma.ru"), book.add("Фирма", "firma-old.ru")
    book.merge(winner, loser)
    seen = sight(book, Sighting("firma-old.ru", "firma-old.ru", "Фирма"))
    assert seen["firma-old.ru"].company_id == winner
    assert not seen["firma-old.ru"].is_new
    assert len(book.rows(companies)) == 2


def test_an_imported_row_is_no_search_hit(book):
    sight(book, Sighting("firma.ru", "firma.ru", "Фирма", source="import"))
    [row] = book.rows(companies)
    assert (row.source, row.attributes) == ("import", {})
    assert row.field_sources["name"] == "import"


def test_two_processes_that_see_the_same_firms_make_each_once(book):
    """L155: no exception reaches the step, and both get the same companies."""
    domains = [f"firma{number}.ru" for number in range(40)]
    answers, start = [], threading.Barrier(4)

    def work(order):
        start.wait()
        answers.extend([sight(book, Sighting(domain, domain, domain)) for domain in order])

    orders = [domains, domains[::-1], domains[20:] + domains[:20], domains]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    rows = book.rows(companies)
    assert len(rows) == len(book.rows(company_domains)) == 40
    assert {row.hits_count for row in rows} == {4}
    assert sum(one.is_new for answer in answers for one in answer.values()) == 40


def test_the_key_is_the_domain_else_a_valid_inn_else_nothing():
    assert dedupe_hash("firma.ru", "7707083893") == dedupe_hash("firma.ru")
    assert dedupe_hash(None, "7707083893") == dedupe_hash("", "7707083893")
    assert dedupe_hash(None, "7707083894") is None
    assert dedupe_hash(None) is None
