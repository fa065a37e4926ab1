"""Batch inserts that meet rows that are there already."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from povod.kit.ids import new_id
from povod.store.tables import processing_jobs, settings, users
from povod.store.upsert import insert_new, upsert

LIVE = sa.text("dedup_key IS NOT NULL AND state IN ('queued', 'running')")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def user(login, **more):
    return {"id": new_id(), "login_key": login, "login": login, "role": "viewer", **more}


def job(dedup_key, state="queued"):
    row = {"id": new_id(), "queue": "default", "kind": "k", "dedup_key": dedup_key}
    return {**row, "state": state, "run_at": NOW}


def logins(db):
    with db.read() as conn:
        query = sa.select(users.c.login_key, users.c.name).order_by(users.c.login_key)
        return [tuple(row) for row in conn.execute(query)]


def test_only_new_rows_are_inserted_and_named(db):
    old, again, new = user("anna", name="first"), user("anna", name="second"), user("boris")
    with db.tx() as conn:
        assert insert_new(conn, users, [old], ["login_key"]) == [old["id"]]
        assert insert_new(conn, users, [again, {**new, "name": ""}], ["login_key"]) == [new["id"]]
    assert logins(db) == [("anna", "first"), ("boris", "")]


def test_two_equal_rows_in_one_batch_become_one(db):
    rows = [user("anna"), user("anna")]
    with db.tx() as conn:
        assert insert_new(conn, users, rows, ["login_key"]) == [rows[0]["id"]]


def test_without_a_named_rule_any_rule_counts(db):
    first = user("anna")
    with db.tx() as conn:
        insert_new(conn, users, [first])
        assert insert_new(conn, users, [user("anna"), {**user("boris"), "id": first["id"]}]) == []


def test_another_rule_than_the_named_one_is_an_error(db):
    first = user("anna")
    with db.tx() as conn:
        insert_new(conn, users, [first])
    with pytest.raises(IntegrityError), db.tx() as conn:
        insert_new(conn, users, [{**user("boris"), "id": first["id"]}], ["login_key"])


def test_more_rows_than_one_statement_can_hold(db):
    rows = [user(f"user {n:05}") for n in range(2500)]
    with db.tx() as conn:
        insert_new(conn, users, rows[:1000], ["login_key"])
        added = insert_new(conn, users, rows, ["login_key"])
    assert set(added) == {row["id"] for row in rows[1000:]}


def test_nothing_to_insert(db):
    with db.tx() as conn:
        assert insert_new(conn, users, [], ["login_key"]) == []
        assert upsert(conn, users, [], ["login_key"], ["name"]) is None


def test_a_partial_rule_lets_finished_rows_repeat(db):
    with db.tx() as conn:
        insert_new(conn, processing_jobs, [job("x", "done")], ["dedup_key"], LIVE)
        live = job("x")
        assert insert_new(conn, processing_jobs, [live], ["dedup_key"], LIVE) == [live["id"]]
        assert insert_new(conn, processing_jobs, [job("x")], ["dedup_key"], LIVE) == []
        count = conn.execute(sa.select(sa.func.count()).select_from(processing_jobs)).scalar()
    assert count == 2


def test_upsert_changes_the_named_columns_only(db):
    with db.tx() as conn:
        upsert(conn, users, [user("anna", name="A")], ["login_key"], ["name"])
        changed = user("anna", name="B") | {"login": "other"}
        upsert(conn, users, [changed, user("boris", name="C")], ["login_key"], ["name"])
        found = conn.execute(sa.select(users.c.login).where(users.c.name == "B")).scalar_one()
    assert found == "anna"
    assert logins(db) == [("anna", "B"), ("boris", "C")]


def test_upsert_can_merge_old_and_new(db):
    excluded = sa.literal_column("excluded.session_epoch")
    greater = {"session_epoch": sa.case((excluded > users.c.session_epoch, excluded),
                                        else_=users.c.session_epoch)}  # fmt: skip
    with db.tx() as conn:
        for epoch in (3, 7, 5):
            upsert(conn, users, [user("anna", session_epoch=epoch)], ["login_key"], greater)
        assert conn.execute(sa.select(users.c.session_epoch)).scalar_one() == 7


def test_defaults_are_filled_in(db, clock):
    with db.tx() as conn:
        insert_new(conn, settings, [{"id": "x"}], ["id"])
        row = conn.execute(sa.select(settings)).one()
    assert (row.value, row.created_at) == ({}, clock.now())
