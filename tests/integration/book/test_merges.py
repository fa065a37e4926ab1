"""Joining two rows of one company and undoing it to the letter (L65-L67, L156-L158)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.book.contactable import contactable, reasons
from povod.book.merges import unmerge
from povod.kit.errors import ConflictError, NotFoundError
from povod.store.tables import (
    audit_log,
    companies,
    company_domains,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    dedup_pairs,
    opt_out_registry,
    serp_results,
)

MOVED = (companies, contacts, company_domains, company_pages, company_facts, serp_results)


def undo(book, merge_id, actor="anna"):
    with book.db.tx() as conn:
        unmerge(conn, book.clock, merge_id, actor)


def test_the_earlier_row_wins_and_takes_everything_over(book):
    old = book.add("Ромашка", "romashka.ru", emails=["info@romashka.ru"])
    young = book.add("Ромашка", "romashka.com", phones=["+78432223344"], inn="7707083893")
    hit = book.hit(young, "https://romashka.com/")
    book.merge(young, old, reason="fuzzy", score=95)
    winner, loser = book.company(old), book.company(young)
    assert (loser.duplicate_of, loser.status) == (old, "duplicate")
    assert (winner.duplicate_of, winner.status) == (None, "new")
    assert winner.inn == "7707083893", "an empty field is filled"
    assert winner.canonical_domain == "romashka.ru", "a known one is not touched"
    assert {row.company_id for row in book.rows(contacts)} == {old}
    kinds = {row.domain: (row.kind, row.company_id) for row in book.rows(company_domains)}
    assert kinds == {"romashka.ru": ("primary", old), "romashka.com": ("alias", old)}
    [moved] = book.rows(serp_results, serp_results.c.id == hit)
    assert (moved.company_id, moved.dedup_status) == (old, "DUP_FUZZY")
    [done] = book.rows(company_merges)
    assert (done.winner_id, done.loser_id, done.reason, done.score) == (old, young, "fuzzy", 95)


@pytest.mark.parametrize("claim", ["client", "letter"])
def test_a_client_or_a_letter_beats_age(book, claim):
    old, young = book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru")
    getattr(book, claim)(young)
    book.merge(old, young)
    assert book.company(old).duplicate_of == young


def test_no_chain_ever_forms(book):
    first, second, third = (book.add("Ромашка", f"r{n}.ru") for n in range(3))
    book.merge(second, third)
    book.merge(first, second)
    assert {book.company(one).duplicate_of for one in (second, third)} == {first}
    assert book.merge(third, second) is None, "they are one already"


def test_undoing_restores_every_row(book):
    old = book.add("Ромашка", "romashka.ru", emails=["info@romashka.ru", "both@romashka.ru"])
    young = book.add(
        "Ромашка", "romashka.com", emails=["both@romashka.ru", "zakaz@romashka.com"],
        city="Казань", status="contacts_ready", hits_count=3,
    )  # fmt: skip
    book.contact(old, "phone", "+78432223344", is_primary=True)
    book.contact(young, "phone", "+78432223355", is_primary=True)
    book.hit(young, "https://romashka.com/")
    add_page(book, young)
    book.settle()
    before = book.snapshot(*MOVED)
    merge_id = book.merge(old, young, reason="fuzzy")
    assert book.snapshot(*MOVED) != before
    primaries = [row for row in book.rows(contacts) if row.is_primary and row.company_id == old]
    assert len(primaries) == 1
    undo(book, merge_id)
    book.settle()
    assert book.snapshot(*MOVED) == before
    [pair] = book.rows(dedup_pairs)
    assert (pair.status, pair.decided_by) == ("rejected", "anna")
    assert book.rows(company_merges)[0].undone_at is not None


def add_page(book, company):
    page = {"company_id": company, "url": "https://romashka.com/", "fetched_at": book.clock.now()}
    with book.db.tx() as conn:
        conn.execute(sa.insert(company_pages), [page])
        fact = {"company_id": company, "kind": "city", "value": "Казань", "quote": "Казань"}
        conn.execute(sa.insert(company_facts), [fact])


def test_what_came_after_the_merge_stays_with_the_winner(book):
    """L158."""
    old, young = book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru", city="Казань")
    merge_id = book.merge(old, young)
    later = book.contact(old, "email", "new@a.ru")
    with book.db.tx() as conn:
        conn.execute(sa.update(companies).where(companies.c.id == old).values(city="Тула"))
    undo(book, merge_id)
    [kept] = book.rows(contacts, contacts.c.id == later)
    assert kept.company_id == old
    assert (book.company(old).city, book.company(young).city) == ("Тула", "Казань")


def test_nested_merges_can_be_undone_in_any_order(book):
    first, second, third = (book.add("Ромашка", f"r{n}.ru") for n in range(3))
    mails = {one: book.contact(one, "email", f"info@r{n}.ru")
             for n, one in enumerate((first, second, third))}  # fmt: skip
    inner = book.merge(second, third)
    outer = book.merge(first, second)
    undo(book, inner)
    assert book.company(third).duplicate_of is None
    assert book.company(second).duplicate_of == first
    undo(book, outer)
    owners = {row.id: row.company_id for row in book.rows(contacts)}
    assert owners == {mail: one for one, mail in mails.items()}


def test_a_wrongly_kept_duplicate_status_becomes_new(book):
    """L67."""
    old, young = book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru", status="duplicate")
    merge_id = book.merge(old, young)
    undo(book, merge_id)
    assert book.company(young).status == "new"


def test_undoing_twice_or_the_unknown_is_refused(book):
    merge_id = book.merge(book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru"))
    undo(book, merge_id)
    with pytest.raises(ConflictError, match="was undone"):
        undo(book, merge_id)
    with pytest.raises(NotFoundError):
        undo(book, "01900000-0000-7000-8000-000000000000")


def test_two_primaries_never_own_one_domain(book):
    """L66: the message names the rule that would allow it."""
    first = book.add("Ромашка", "a.ru")
    second = book.add("Ромашка", "b.ru")
    merge_id = book.merge(first, second)
    with book.db.tx() as conn:
        here = companies.c.id == first
        conn.execute(
            sa.update(companies).where(here).values(canonical_domain="b.ru", dedupe_hash="x")
        )
    with pytest.raises(ConflictError, match=r"platform b\.ru"):
        undo(book, merge_id)
    assert book.company(second).duplicate_of == first, "nothing was changed"


def test_a_refusal_is_never_touched_and_holds_for_the_whole_cluster(book):
    """L156, L65."""
    old, young = book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru")
    book.refuse(young)
    before = book.snapshot(opt_out_registry)

    def why():
        with book.db.read() as conn:
            return reasons(conn, book.clock.now(), [old, young])

    assert why() == {old: [], young: ["refused"]}
    merge_id = book.merge(old, young)
    assert why() == {old: ["refused"], young: ["duplicate", "refused"]}
    assert book.snapshot(opt_out_registry) == before
    undo(book, merge_id)
    assert why() == {old: [], young: ["refused"]}
    assert book.snapshot(opt_out_registry) == before


def test_lifted_and_expired_refusals_do_not_count(book):
    lifted, expired = book.add("А", "a.ru"), book.add("Б", "b.ru")
    away = book.add("В", "c.ru", status="disqualified")
    book.refuse(lifted, lifted_at=book.clock.now())
    book.refuse(expired, expires_at=book.clock.now() + timedelta(days=1))
    book.clock.advance(timedelta(days=2))
    with book.db.read() as conn:
        found = reasons(conn, book.clock.now(), [lifted, expired, away])
        rule = sa.select(companies.c.id).where(contactable(book.clock.now()))
        allowed = set(conn.execute(rule).scalars())
    assert found == {lifted: [], expired: [], away: ["disqualified"]}
    assert allowed == {lifted, expired}


def test_what_a_person_joined_and_parted_stands_in_the_audit(book):
    old, young = book.add("Ромашка", "a.ru"), book.add("Ромашка", "b.ru")
    undo(book, book.merge(old, young, reason="exact"), actor="anna")
    merge_id = book.merge(old, young, reason="manual", actor="olga")
    deeds = [(row.actor, row.action) for row in book.rows(audit_log)]
    assert deeds == [("anna", "company.unmerge"), ("olga", "company.merge")]
    last = book.rows(audit_log)[-1]
    assert last.subject == merge_id
    assert last.data == {"winner_id": old, "loser_id": young}
