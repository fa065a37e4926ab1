"""Many rows in one statement: the same result as row by row through SQLAlchemy."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from povod.kit.ids import new_id
from povod.store.bulk import among, bulk_insert, bulk_insert_new, bulk_update
from povod.store.tables import companies, serp_operations, serp_queries


def company(clock, name, **values):
    now = clock.now()
    row = {"id": new_id(), "name": name, "first_seen_at": now, "last_seen_at": now, **values}
    return {"canonical_domain": None, "attributes": {}, "next_enrich_at": None, **row}


def rows_of(db, table):
    with db.read() as conn:
        return [dict(row._mapping) for row in conn.execute(sa.select(table).order_by(table.c.id))]


def test_what_is_stored_is_the_same_as_row_by_row(db, clock):
    strange = "кавычка ' и \" {фигура} \\ 100% \n ряд"
    plan = clock.now() + timedelta(days=1, microseconds=7)
    rows = [
        company(clock, strange, attributes={"a": [1, None, {"б": "в"}]}, next_enrich_at=plan),
        company(clock, "", canonical_domain="firma.ru"),
    ]
    with db.tx() as conn:
        bulk_insert(conn, companies, rows)
    bulk = rows_of(db, companies)
    with db.tx() as conn:
        conn.execute(sa.delete(companies))
        conn.execute(sa.insert(companies), rows)
    assert bulk == rows_of(db, companies)


def test_money_and_defaults_survive(db, clock):
    query = {"query_text": "окна", "query_hash": "h", "scheduled_for": clock.now()}
    with db.tx() as conn:
        bulk_insert(conn, serp_queries, [{**query, "cost_estimate": Decimal("0.025410")}])
    [row] = rows_of(db, serp_queries)
    assert row["cost_estimate"] == Decimal("0.025410")
    assert (row["status"], row["is_night_window"], row["metadata"]) == ("pending", True, {})
    assert row["created_at"] == clock.now()


def test_rows_that_exist_are_left_alone_or_changed_where_asked(db, clock):
    query = {"query_text": "окна", "query_hash": "h", "period": "", "page": 0}
    first = {**query, "scheduled_for": clock.now(), "attempts": 1}
    second = {**query, "scheduled_for": clock.now() + timedelta(hours=1), "attempts": 2}
    key = ["query_hash", "page", "period"]
    with db.tx() as conn:
        bulk_insert(conn, serp_queries, [first])
        bulk_insert(conn, serp_queries, [second])
    assert [row["attempts"] for row in rows_of(db, serp_queries)] == [1]
    with db.tx() as conn:
        bulk_insert(conn, serp_queries, [second], key, ["attempts"])
    [row] = rows_of(db, serp_queries)
    assert (row["attempts"], row["scheduled_for"]) == (2, clock.now())


def test_an_update_sets_the_named_columns_of_the_named_rows(db, clock):
    rows = [company(clock, name) for name in ("а", "б", "в")]
    with db.tx() as conn:
        bulk_insert(conn, companies, rows)
    clock.advance(timedelta(hours=1))
    changes = [{"id": row["id"], "hits_count": n, "attributes": {"n": n}}
               for n, row in enumerate(rows[:2], 1)]  # fmt: skip
    with db.tx() as conn:
        bulk_update(conn, companies, changes)
    found = {row["name"]: row for row in rows_of(db, companies)}
    assert [found[name]["hits_count"] for name in "абв"] == [1, 2, 0]
    assert found["б"]["attributes"] == {"n": 2}
    assert found["а"]["updated_at"] == clock.now() > found["в"]["updated_at"]


def test_the_database_still_checks_choices(db, clock):
    row = {"query_id": new_id(), "status": "nonsense", "request_hash": "", "idempotency_key": ""}
    with pytest.raises(sa.exc.IntegrityError), db.tx() as conn:
        bulk_insert(conn, serp_operations, [{**row, "requested_at": clock.now()}])


def test_no_rows_are_no_statement(db):
    with db.tx() as conn:
        bulk_insert(conn, companies, [])
        bulk_update(conn, companies, [])
    assert rows_of(db, companies) == []


def test_among_is_in_with_one_parameter(db, clock):
    rows = [company(clock, f"имя '{n}'", canonical_domain=f"f{n}.ru") for n in range(5)]
    with db.tx() as conn:
        bulk_insert(conn, companies, rows)

    def names(column, values):
        with db.read() as conn:
            query = sa.select(companies.c.name).where(among(conn, column, values))
            return set(conn.execute(query).scalars())

    wanted = {row["name"] for row in rows[:2]}
    assert names(companies.c.id, [row["id"] for row in rows[:2]] + [new_id()]) == wanted
    assert names(companies.c.canonical_domain, ["f0.ru", "f1.ru", "x.ru"]) == wanted
    assert names(companies.c.name, wanted) == wanted
    assert names(companies.c.name, []) == set()


SIGNS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.one_of(SIGNS, st.sampled_from(["\x1f", '"', "\\", "{", "NULL", "", "a\x1fb"]))))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_text_comes_back_as_it_was_written(db, clock, texts):
    rows = [company(clock, text, attributes={"сказано": text}) for text in texts]
    with db.tx() as conn:
        conn.execute(sa.delete(companies))
        bulk_insert(conn, companies, rows)
    stored = [(row["name"], row["attributes"]["сказано"]) for row in rows_of(db, companies)]
    assert sorted(stored) == sorted((text, text) for text in texts)


def test_nulls_stand_beside_values(db, clock):
    rows = [
        company(clock, str(n), canonical_domain=f"f{n}.ru" if n % 2 else None) for n in range(4)
    ]
    with db.tx() as conn:
        bulk_insert(conn, companies, rows)
    stored = [row["canonical_domain"] for row in rows_of(db, companies)]
    assert stored == [None, "f1.ru", None, "f3.ru"]


def test_only_the_ids_of_rows_that_were_inserted_come_back(db, clock):
    first, second = (company(clock, name, canonical_domain="firma.ru") for name in "аб")
    other = company(clock, "в", canonical_domain="drugaya.ru")
    with db.tx() as conn:
        assert bulk_insert_new(conn, companies, [first]) == {first["id"]}
        assert bulk_insert_new(conn, companies, [second, other]) == {other["id"]}
        assert bulk_insert_new(conn, companies, []) == set()
