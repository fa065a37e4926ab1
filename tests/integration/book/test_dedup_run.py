"""The search for duplicates over the tables: only what changed, and decisions that last."""

import sqlalchemy as sa

from povod.book.dedup import resolve
from povod.book.merges import unmerge
from povod.book.review import decide
from povod.store.tables import companies, company_blocks, company_merges, dedup_pairs

INN = "7707083893"


def test_firms_with_one_phone_are_joined_and_nothing_is_left_dirty(book):
    old = book.add("ООО «Велмар»", "velmar.ru", phones=["+79171112233"], city="Казань")
    young = book.add("Velmar", phones=["+79171112233"], city="Казань")
    other = book.add("Улыбка", "ulybka.ru", city="Казань")
    result = book.dedup()
    assert (result.merged, result.review) == (1, 0)
    assert book.company(young).duplicate_of == old
    assert book.company(other).duplicate_of is None
    assert not any(row.dedup_dirty for row in book.rows(companies))
    [done] = book.rows(company_merges)
    assert (done.reason, done.actor) == ("fuzzy", "dedup")
    assert done.evidence == {"reasons": ["phone", "name_city"]}


def test_nothing_changed_means_nothing_is_written(book):
    book.add("Велмар", "velmar.ru")
    book.dedup()
    before = book.rows(companies), book.rows(company_blocks)
    assert book.dedup().dirty == 0
    assert (book.rows(companies), book.rows(company_blocks)) == before


def test_a_changed_company_meets_one_that_was_settled_long_ago(book):
    old = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    book.dedup()
    young = book.add("Компания Велмар")
    assert book.dedup().merged == 0
    book.contact(young, "phone", "+79171112233")
    with book.db.tx() as conn:
        conn.execute(sa.update(companies).where(companies.c.id == young).values(dedup_dirty=True))
    assert book.dedup().merged == 1
    assert book.company(young).duplicate_of == old


def test_two_sites_are_left_to_a_person(book):
    one = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    two = book.add("Велмар", "velmar-kzn.ru", phones=["+79171112233"])
    assert book.dedup().review == 1
    [pair] = book.rows(dedup_pairs)
    assert (pair.a, pair.b) == tuple(sorted((one, two)))
    assert (pair.status, pair.guard, pair.score) == ("review", "different_domains", 100)
    assert pair.reasons == {"reasons": ["phone"]}
    with book.db.tx() as conn:
        conn.execute(sa.update(companies).values(dedup_dirty=True))
    assert book.dedup().review == 0, "it waits already"


def test_the_same_inn_on_two_sites_holds_the_younger_back_until_decided(book):
    old = book.add("Велмар", "velmar.ru", inn=INN)
    young = book.add("Другое имя", "drugoe.ru", inn=INN)
    book.dedup()
    assert (book.company(old).hold_reason, book.company(young).hold_reason) == ("", "dedup")
    [pair] = book.rows(dedup_pairs)
    with book.db.tx() as conn:
        decide(conn, book.clock, pair.id, "reject", "anna")
    assert book.company(young).hold_reason == ""
    assert book.rows(dedup_pairs)[0].decided_by == "anna"


def test_a_rejected_pair_comes_back_only_with_new_evidence(book):
    one = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    two = book.add("Велмар", "velmar-kzn.ru", phones=["+79171112233"])
    book.dedup()
    [pair] = book.rows(dedup_pairs)
    with book.db.tx() as conn:
        decide(conn, book.clock, pair.id, "reject", "anna")
        conn.execute(sa.update(companies).values(dedup_dirty=True))
    book.dedup()
    assert book.rows(dedup_pairs)[0].status == "rejected"
    for company in (one, two):
        book.contact(company, "email", "one@mail.ru")
    with book.db.tx() as conn:
        conn.execute(sa.update(companies).values(dedup_dirty=True))
    assert book.dedup().review == 1
    [pair] = book.rows(dedup_pairs)
    assert (pair.status, pair.decided_by) == ("review", "")


def test_an_undone_merge_is_not_made_again(book):
    """The person's word stands against the same evidence, run after run."""
    book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    young = book.add("Велмар", phones=["+79171112233"])
    book.refuse(young)
    book.dedup()
    [done] = book.rows(company_merges)
    with book.db.tx() as conn:
        unmerge(conn, book.clock, done.id, "anna")
    for _ in range(2):
        assert book.dedup().merged == 0
    assert book.company(young).duplicate_of is None


def test_a_person_may_merge_what_the_machine_left(book):
    old = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    young = book.add("Велмар", "velmar-kzn.ru", phones=["+79171112233"])
    book.dedup()
    with book.db.tx() as conn:
        decide(conn, book.clock, book.rows(dedup_pairs)[0].id, "merge", "anna")
    assert book.company(young).duplicate_of == old
    [pair] = book.rows(dedup_pairs)
    assert (pair.status, pair.decided_by) == ("merged", "anna")
    assert book.rows(company_merges)[0].reason == "manual"


def test_two_firms_that_were_both_written_to_are_a_persons_matter(book):
    one = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    two = book.add("Велмар", phones=["+79171112233"])
    book.letter(one)
    book.letter(two)
    result = book.dedup()
    assert (result.merged, result.review) == (0, 1)
    assert book.rows(dedup_pairs)[0].guard == "both_written"


def test_homonyms_in_two_cities_are_two_firms(book):
    """L154."""
    book.add("Ромашка", "romashka-kzn.ru", city="Казань")
    book.add("Ромашка", "romashka-omsk.ru", city="Омск")
    result = book.dedup()
    assert (result.merged, result.review) == (0, 0)
    assert book.rows(dedup_pairs) == []


def test_a_chain_over_several_runs_ends_in_one_primary(book):
    first = book.add("Велмар", "velmar.ru", phones=["+79171112233"])
    second = book.add("Велмар", phones=["+79171112233", "+79174445566"])
    book.dedup()
    third = book.add("Велмар", phones=["+79174445566"])
    book.dedup()
    assert {book.company(one).duplicate_of for one in (second, third)} == {first}


def test_the_tables_give_the_same_answer_as_the_pure_function(book):
    records = [
        {"name": "ООО Велмар", "website": "velmar.ru", "phone": "+79171112233", "city": "Казань"},
        {"name": "Велмар", "phone": "+79171112233", "city": "Казань"},
        {"name": "Гранмар Строй", "city": "Омск", "inn": INN},
        {"name": "Совсем иначе", "city": "Тула", "inn": INN},
        {"name": "Белтон Трейд", "city": "Пермь"},
        {"name": "БЕЛТОН ТРЕЙД", "city": "г. Пермь", "phone": "+79173334455"},
        {"name": "Лумград", "website": "lumgrad.ru", "email": "a@lumgrad.ru"},
        {"name": "Lumgrad", "email": "info@lumgrad.ru"},
        {"name": "Лумград", "website": "lumgrad2.ru", "email": "info@lumgrad.ru"},
    ]
    ids = []
    for number, record in enumerate(records):
        ids.append(
            book.add(
                record["name"], record.get("website"), city=record.get("city", ""),
                phones=[record["phone"]] if "phone" in record else (),
                emails=[record["email"]] if "email" in record else (),
                **({"inn": INN, "dedupe_hash": str(number)} if "inn" in record else {}),
            )
        )  # fmt: skip
    pure = resolve([{"id": one, **record} for one, record in zip(ids, records, strict=True)])
    book.dedup()
    groups = {}
    for row in book.rows(companies):
        groups.setdefault(row.duplicate_of or row.id, []).append(row.id)
    assert sorted(sorted(group) for group in groups.values() if len(group) > 1) == sorted(
        sorted(cluster) for cluster in pure.clusters
    )
    assert len(book.rows(dedup_pairs)) == len(pure.pairs)


def test_a_huge_block_is_still_compared_by_name(book):
    for number in range(80):
        book.add(f"Стоматология {number:03}", city="Казань")
    book.dedup()
    book.add("Стоматология Жемчужина Плюс", city="Казань")
    book.add("Стоматология Жемчужина-Плюс", city="Казань")
    assert book.dedup(rare_name=100).merged == 1
