"""Prepared statements: the same as through SQLAlchemy, on both databases."""

from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from povod.kit.ids import new_id
from povod.store.bulk import bulk_insert
from povod.store.prepared import Prepared, PreparedByCount
from povod.store.tables import companies, crawl_hosts
from povod.store.types import moment_of, moment_text

COLUMNS = (companies.c.id, companies.c.name, companies.c.attributes, companies.c.next_enrich_at)
BY_NAME = sa.select(*COLUMNS).where(companies.c.name == sa.bindparam("name"))
LISTED = PreparedByCount(
    "name", lambda names: sa.select(*COLUMNS).where(companies.c.name.in_(names))
)
RENAME = Prepared(
    sa.update(companies)
    .where(companies.c.id == sa.bindparam("of_id"))
    .values(name=sa.bindparam("name"), attributes=sa.bindparam("attributes"))
)


@pytest.fixture
def two(db, clock):
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "name": name,
            "attributes": {"a": [1, None, name]},
            "next_enrich_at": plan,
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for name, plan in (("окна", now + timedelta(microseconds=7)), ("двери", None))
    ]
    with db.tx() as conn:
        bulk_insert(conn, companies, rows)
    return rows


def test_a_query_gives_the_rows_that_sqlalchemy_gives(db, two):
    query = Prepared(BY_NAME)
    with db.read() as conn:
        for name in ("окна", "двери"):
            [row] = query.all(conn, {"name": name})
            [expected] = conn.execute(BY_NAME, {"name": name}).all()
            assert tuple(row) == tuple(expected)
            assert (row.id, row.attributes) == (expected.id, expected.attributes)
        assert query.all(conn, {"name": "крыши"}) == []


@pytest.mark.parametrize("names", [[], ["окна"], ["окна", "двери"], ["крыши", "двери", "x"]])
def test_a_list_of_any_length(db, two, names):
    with db.read() as conn:
        found = LISTED.all(conn, names)
    assert {row.name for row in found} == set(names) & {"окна", "двери"}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_change_of_some_rows_moves_their_stamp(db, clock, two, count):
    clock.advance(timedelta(hours=1))
    changed = two[:count]
    with db.tx() as conn:
        RENAME.run(conn, [{"of_id": r["id"], "name": "x", "attributes": {}} for r in changed])
    with db.read() as conn:
        stored = conn.execute(sa.select(companies).order_by(companies.c.id)).all()
    assert [row.name == "x" for row in stored] == [n < count for n in range(2)]
    assert [row.updated_at == clock.now() for row in stored] == [n < count for n in range(2)]


def test_errors_are_those_of_sqlalchemy_and_the_connection_stays_usable(db, two):
    clash = {"of_id": two[0]["id"], "name": None, "attributes": {}}
    with pytest.raises(sa.exc.IntegrityError), db.tx() as conn:
        RENAME.run(conn, [clash])
    with pytest.raises(sa.exc.IntegrityError), db.tx() as conn:
        RENAME.run(conn, [clash, clash])
    with db.read() as conn:
        assert len(LISTED.all(conn, ["окна", "двери"])) == 2


def test_whoever_listens_to_statements_hears_of_these(db, two):
    heard = []

    def note(_conn, _cursor, statement, _values, _context, _many):
        heard.append(statement.split()[0])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with db.tx() as conn:
            assert len(LISTED.all(conn, ["окна"])) == 1
            RENAME.run(conn, [{"of_id": two[0]["id"], "name": "x", "attributes": {}}])
            RENAME.run(conn, [{"of_id": r["id"], "name": "y", "attributes": {}} for r in two])
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    with db.read() as conn:
        assert len(LISTED.all(conn, ["y"])) == 2
    assert [word for word in heard if word in ("SELECT", "UPDATE")] == [
        "SELECT", "UPDATE", "UPDATE",
    ]  # fmt: skip


def test_instants_in_sqlite_are_written_as_sqlalchemy_writes_them(sqlite_db, clock):
    moment = datetime(2026, 3, 1, 23, 59, 59, 7, timezone(timedelta(hours=3)))
    row = {"host": "h", "tier": "direct", "blocked_until": moment, "next_request_at": clock.now()}
    with sqlite_db.tx() as conn:
        conn.execute(sa.insert(crawl_hosts), [row])
        [text] = conn.exec_driver_sql("SELECT blocked_until FROM crawl_hosts").scalars()
    assert text == moment_text(moment) == "2026-03-01 20:59:59.000007"
    assert moment_of(text) == moment
    assert moment_of(text).utcoffset() == timedelta()
    with pytest.raises(TypeError, match="naive"):
        moment_text(datetime(2026, 3, 1))  # noqa: DTZ001 - what is refused
