"""Several replies in one transaction: each counts for itself, and none costs another."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, combine
from povod.kit.ids import new_id
from povod.kit.settings import load_settings
from povod.leads.ingest import ingest_ready
from povod.leads.search_deps import SearchDeps
from povod.store.db import Database
from povod.store.files import put_file
from povod.store.tables import companies, serp_operations, serp_queries, serp_results


def reply(number: int, *docs: tuple[str, str, str]) -> bytes:
    """A reply with documents of an id, an address and a passage."""
    groups = "".join(
        f'<group><doc id="{name}"><url>{url}</url><title>«Окна»</title>'
        f"<passages><passage>{words}</passage></passages></doc></group>"
        for name, url, words in docs
    )
    return (
        f"<yandexsearch><response><reqid>{number}</reqid><results><grouping>{groups}"
        "</grouping></results></response></yandexsearch>"
    ).encode()


def store(db: Database, *replies: bytes) -> list[str]:
    """Operations that wait to be taken in, in this order."""
    ids = []
    with db.tx() as conn:
        for number, raw in enumerate(replies):
            query, operation = new_id(), new_id()
            conn.execute(
                sa.insert(serp_queries).values(
                    id=query, query_text=str(number), query_hash=query, status="in_progress",
                    scheduled_for=db.clock.now(), metadata={"niche": "окна"},
                )
            )  # fmt: skip
            conn.execute(
                sa.insert(serp_operations).values(
                    id=operation, query_id=query, status="done", request_hash="",
                    requested_at=db.clock.now(), idempotency_key="",
                    raw_file_id=put_file(conn, raw, "application/xml"),
                    completed_at=db.clock.now(),
                )
            )  # fmt: skip
            ids.append(operation)
    return ids


def deps_of(db: Database) -> SearchDeps:
    return SearchDeps(db, db.clock, load_settings({}, None), None)  # type: ignore[arg-type]


def rows(db: Database, table: sa.Table) -> list[sa.Row]:
    with db.read() as conn:
        return list(conn.execute(sa.select(table).order_by(table.c.id)).all())


@contextmanager
def only_one(db: Database, doc_id: str) -> Iterator[None]:
    """The database refuses a second hit of this name."""
    with db.tx() as conn:
        conn.exec_driver_sql(
            f"CREATE UNIQUE INDEX only_one ON serp_results (doc_id) WHERE doc_id = '{doc_id}'"
        )
    try:
        yield
    finally:
        with db.tx() as conn:
            conn.exec_driver_sql("DROP INDEX only_one")


def test_a_firm_of_several_replies_is_new_in_the_first_and_known_in_the_others(db: Database):
    operations = store(
        db,
        reply(1, ("a", "https://www.okna.ru/x", "первый"), ("b", "https://okna.ru/y", "второй")),
        reply(2, ("c", "https://okna.ru/z", "третий"), ("d", "https://dveri.ru/", "двери")),
        reply(3, ("e", "https://okna.ru/z", "последний")),
    )
    result = ingest_ready(deps_of(db))
    assert (result.replies, result.documents, result.companies_new, result.known) == (3, 5, 2, 2)
    hits = {(hit.operation_id, hit.doc_id): hit for hit in rows(db, serp_results)}
    statuses = [
        hits[operations[place], name].dedup_status
        for place, name in ((0, "a"), (0, "b"), (1, "c"), (1, "d"), (2, "e"))
    ]
    assert statuses == ["UNIQUE", "DUP_HOST", "DUP_HOST", "UNIQUE", "DUP_HOST"]
    firms = {firm.canonical_domain: firm for firm in rows(db, companies)}
    okna = firms["okna.ru"]
    assert okna.hits_count == 4
    assert okna.attributes["last_snippet"] == "последний"
    assert {hit.company_id for hit in hits.values() if hit.domain == "okna.ru"} == {okna.id}
    assert {row.status for row in rows(db, serp_operations)} == {"ingested"}
    assert {row.status for row in rows(db, serp_queries)} == {"completed"}


def test_known_firms_are_counted_once_for_each_hit(db: Database):
    store(db, reply(1, ("a", "https://okna.ru/x", "первый")))
    ingest_ready(deps_of(db))
    store(
        db,
        reply(2, ("b", "https://okna.ru/y", "второй"), ("c", "https://okna.ru/z", "третий")),
        reply(3, ("d", "https://okna.ru/", "четвёртый")),
    )
    result = ingest_ready(deps_of(db))
    assert (result.companies_new, result.known) == (0, 3)
    [okna] = rows(db, companies)
    assert (okna.hits_count, okna.attributes["last_snippet"]) == (4, "четвёртый")


def test_a_reply_that_cannot_be_stored_costs_no_other(db: Database):
    first, second = store(
        db,
        reply(1, ("same", "https://okna.ru/", "окна")),
        reply(2, ("other", "https://dveri.ru/", "двери"), ("same", "https://doma.ru/", "дома")),
    )
    with only_one(db, "same"):
        with pytest.raises(sa.exc.IntegrityError):
            ingest_ready(deps_of(db))
        states = {row.id: row.status for row in rows(db, serp_operations)}
        assert states == {first: "ingested", second: "done"}
        assert [hit.operation_id for hit in rows(db, serp_results)] == [first]
        assert [firm.canonical_domain for firm in rows(db, companies)] == ["okna.ru"]
    assert ingest_ready(deps_of(db)).replies == 1
    assert len(rows(db, serp_results)) == 3


def lock(conn: sa.Connection, company_id: str) -> None:
    """As merging does with each of its two companies."""
    query = sa.select(companies.c.id).where(companies.c.id == company_id)
    conn.execute(query.with_for_update()).one()


def until_somebody_waits(db: Database) -> None:
    """Until another connection to this database waits for a lock."""
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with db.read() as conn:
            if conn.execute(query).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.postgres
def test_companies_are_locked_in_the_order_of_merging(postgres_db: Database):
    db = postgres_db
    store(db, reply(1, ("a", "https://okna.ru/", "окна"), ("b", "https://dveri.ru/", "двери")))
    ingest_ready(deps_of(db))
    first, second = rows(db, companies)
    hits = [(one.name, f"{one.website_url}new", "ещё") for one in (second, first)]
    store(db, reply(2, *hits))
    with ThreadPoolExecutor(1) as pool, db.tx() as conn:
        lock(conn, first.id)
        taking_in = pool.submit(ingest_ready, deps_of(db))
        until_somebody_waits(db)
        lock(conn, second.id)  # a deadlock if it is held by the one that waits for the first
    assert taking_in.result().known == 2
    read = [hit.position for hit in rows(db, serp_results)]
    assert read == [1, 2, 1, 2]


def test_the_collector_of_cycles_is_on_again_even_after_an_error(db: Database):
    store(db, reply(1, ("same", "https://okna.ru/", "окна"), ("same", "https://doma.ru/", "дома")))
    with only_one(db, "same"), pytest.raises(sa.exc.IntegrityError):
        ingest_ready(deps_of(db))
    assert gc.isenabled()
    assert ingest_ready(deps_of(db)).documents == 2
    assert gc.isenabled()


def test_within_a_reply_the_first_hit_speaks_and_of_replies_the_last():
    def seen(host: str, words: str, hits: int = 1) -> Sighting:
        return Sighting("okna.ru", host, "Окна", snippet=words, hits=hits)

    rounds = [[seen("kazan.okna.ru", "а"), seen("okna.ru", "б")], [seen("m.okna.ru", "в", 3)]]
    assert combine(rounds) == [seen("okna.ru", "в", 5)]
    assert combine(rounds[:1]) == [seen("okna.ru", "а", 2)]
    assert combine([]) == []
