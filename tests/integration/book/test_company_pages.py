"""Pages, facts and fields of companies: stored once, replaced when the site changes."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, see
from povod.book.fields import Claim, write_fields
from povod.book.pages import (
    FetchedPage,
    FoundFact,
    fresh_addresses,
    save_facts,
    save_pages,
    text_id,
)
from povod.kit.errors import NotFoundError
from povod.kit.ids import new_id
from povod.store.files import get_file
from povod.store.tables import companies, company_facts, company_pages, outreach_messages

HOME = "https://firma.ru/"


@pytest.fixture
def company(db, clock) -> str:
    sighting = Sighting("firma.ru", "firma.ru", "Фирма из выдачи", city="Казань")
    with db.tx() as conn:
        company_id = see(conn, clock.now(), [sighting])["firma.ru"].company_id
        conn.execute(sa.update(companies).values(dedup_dirty=False))
    return company_id


def fetched(text: str = "Окна\nДвери", url: str = HOME, **more: Any) -> FetchedPage:
    fields = {"final_url": url, "status": 200, "body": f"<p>{text}".encode(), "title": "Окна"}
    return FetchedPage(url, "home", text=text, **{**fields, **more})


def save(db, clock, company: str, *pages: FetchedPage) -> dict[str, str]:
    with db.tx() as conn:
        return save_pages(conn, company, pages, clock.now(), clock.now() + timedelta(days=180))


def rows(db, table: sa.Table) -> list[Any]:
    with db.read() as conn:
        return list(conn.execute(sa.select(table).order_by(table.c.id)))


def test_raw_bytes_and_text_are_files(db, clock, company):
    save(db, clock, company, fetched())
    (page,) = rows(db, company_pages)
    assert page.text_file_id == text_id("Окна\nДвери")
    with db.read() as conn:
        assert get_file(conn, page.raw_file_id) == "<p>Окна\nДвери".encode()
        assert get_file(conn, page.text_file_id).decode() == "Окна\nДвери"


def test_the_same_address_is_one_row(db, clock, company):
    first = save(db, clock, company, fetched(), fetched(url=f"{HOME}o"))
    clock.advance(timedelta(days=1))
    second = save(db, clock, company, fetched("Новое"), fetched(url=f"{HOME}o"))
    assert first == second
    assert {page.fetched_at for page in rows(db, company_pages)} == {clock.now()}
    assert rows(db, company_pages)[0].text_file_id == text_id("Новое")


def test_a_failed_page_tells_why_and_keeps_what_it_had(db, clock, company):
    save(db, clock, company, fetched())
    failed = FetchedPage(
        HOME, "home", status=503, error_class="blocked", error_detail="status\x00 503"
    )
    save(db, clock, company, failed)
    (page,) = rows(db, company_pages)
    assert (page.http_status, page.error_class, page.error_detail) == (503, "blocked", "status 503")
    assert page.text_file_id == text_id("Окна\nДвери")


def test_fresh_addresses_are_those_read_lately(db, clock, company):
    save(db, clock, company, fetched(final_url=f"{HOME}ru"))
    failed = FetchedPage(f"{HOME}x", "other", error_class="timeout")
    save(db, clock, company, failed)
    with db.read() as conn:
        before = clock.now() - timedelta(days=30)
        assert fresh_addresses(conn, company, before) == {HOME, f"{HOME}ru"}
        assert fresh_addresses(conn, company, clock.now()) == set()


def fact(text: str, quote: str, page_id: str, kind: str = "service") -> FoundFact:
    start = text.index(quote)
    return FoundFact(kind, quote, quote, page_id, start, start + len(quote), text_id(text), "1")


def test_facts_follow_the_text_they_stand_in(db, clock, company):
    page_id = save(db, clock, company, fetched("Окна и двери"))[HOME]
    facts = [fact("Окна и двери", words, page_id) for words in ("двери", "Окна")]
    with db.tx() as conn:
        assert save_facts(conn, company, facts, {page_id}) == 2
    moved = "Наши двери"
    with db.tx() as conn:
        save_facts(conn, company, [fact(moved, "двери", page_id)], {page_id})
    (row,) = rows(db, company_facts)
    assert (row.quote, row.start, row.text_sha256) == ("двери", 5, text_id(moved))


def test_facts_of_pages_that_were_not_visited_stay(db, clock, company):
    ids = save(db, clock, company, fetched("Окна"), fetched("Двери", url=f"{HOME}o"))
    facts = [fact("Окна", "Окна", ids[HOME]), fact("Двери", "Двери", ids[f"{HOME}o"])]
    with db.tx() as conn:
        save_facts(conn, company, facts, set(ids.values()))
        save_facts(conn, company, [], {ids[HOME]})
    assert [row.quote for row in rows(db, company_facts)] == ["Двери"]


def test_facts_that_a_letter_may_stand_on_stay(db, clock, company):
    page_id = save(db, clock, company, fetched("Окна"))[HOME]
    letter = {
        "kind": "letter", "purpose": "advertising", "company_id": company,
        "recipient_hash": "x", "dedupe_key": new_id(), "content_hash": "y",
    }  # fmt: skip
    with db.tx() as conn:
        save_facts(conn, company, [fact("Окна", "Окна", page_id)], {page_id})
        conn.execute(sa.insert(outreach_messages), [letter])
        save_facts(conn, company, [], {page_id})
    assert len(rows(db, company_facts)) == 1


def test_a_fact_that_no_database_can_keep_is_left_out(db, clock, company):
    page_id = save(db, clock, company, fetched("a\0b"))[HOME]
    with db.tx() as conn:
        assert save_facts(conn, company, [fact("a\0b", "a\0b", page_id)], {page_id}) == 0


def write(db, company: str, *claims: Claim) -> set[str]:
    with db.tx() as conn:
        return write_fields(conn, company, claims)


def test_better_sources_win_and_worse_ones_do_not(db, company):
    assert write(db, company, Claim("name", "Ромашка", "site")) == {"name"}
    assert write(db, company, Claim("name", "Выдача", "serp"), Claim("name", "", "human")) == set()
    assert write(db, company, Claim("name", "ООО Ромашка", "human")) == {"name"}
    assert write(db, company, Claim("name", "Лютик", "site")) == set()
    (row,) = rows(db, companies)
    assert (row.name, row.name_key, row.field_sources["name"]) == (
        "ООО Ромашка",
        "romashka",
        "human",
    )


def test_a_newer_claim_of_the_same_source_counts(db, company):
    write(db, company, Claim("inn", "7707083893", "requisites"))
    assert write(db, company, Claim("inn", "7736050003", "requisites")) == {"inn"}


def test_two_claims_at_once_obey_the_same_order(db, company):
    write(db, company, Claim("city", "Омск", "requisites"), Claim("city", "Тула", "site"))
    assert rows(db, companies)[0].city == "Омск"


def test_only_identity_makes_a_company_dirty(db, company):
    write(db, company, Claim("kpp", "770701001", "requisites"))
    assert not rows(db, companies)[0].dedup_dirty
    write(db, company, Claim("inn", "7707083893", "requisites"))
    assert rows(db, companies)[0].dedup_dirty


def test_names_are_stored_clean(db, company):
    write(db, company, Claim("legal_name", "ООО\0 «Фирма»\n\u200b", "requisites"))
    assert rows(db, companies)[0].legal_name == "ООО «Фирма»"


def test_there_must_be_a_company(db):
    with pytest.raises(NotFoundError), db.tx() as conn:
        write_fields(conn, new_id(), [Claim("name", "x", "human")])
