"""The process dies before any one statement; after a restart all is as if it had not (L3, L175)."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from povod.book.dedup_run import Deduplicator
from povod.store.tables import (
    companies,
    company_domains,
    company_merges,
    contacts,
    metadata,
    serp_operations,
    serp_queries,
    serp_results,
)

ONE = "ниша;город\nстоматология;Казань\n"


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code may catch it."""


class Killer:
    """Ends the process before the n-th statement."""

    def __init__(self, db, nth):
        self._db, self._left = db, nth

    def __enter__(self):
        event.listen(self._db.engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_):
        event.remove(self._db.engine, "before_cursor_execute", self._count)

    def _count(self, *_):
        self._left -= 1
        if self._left == 0:
            raise Killed


def stride(night):
    """Every statement on SQLite; on PostgreSQL, which takes longer, every third."""
    return 1 if night.db.is_sqlite else 3


def killed(db, nth, work):
    """Whether `work` was killed before its n-th statement; False when it has fewer."""
    with Killer(db, nth):
        try:
            work()
        except Killed:
            return True
    return False


def empty(night):
    """Nothing stored on either side, at the noon of another day: a whole night lies ahead."""
    noon = night.clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
    night.advance_to(noon + timedelta(days=1))
    with night.db.tx() as conn:
        for table in reversed(metadata.sorted_tables):
            conn.execute(sa.delete(table))
    night.sandbox.post("/sandbox/yandex/reset")


def outcome(night):
    """What a user can see, without ids and times."""
    return {
        "queries": sorted((q.query_text, q.status, q.results_total) for q in night.queries()),
        "hits": sorted((h.url, h.position, h.title) for h in night.rows(serp_results)),
        "domains": sorted(d.domain for d in night.rows(company_domains)),
        "companies": sorted(
            (c.canonical_domain, c.name, c.hits_count, c.status) for c in night.rows(companies)
        ),
    }


def test_ingest_can_die_before_any_statement(night):
    night.import_niches(ONE)
    night.until_due()
    night.submit()
    night.advance(3700)
    night.poll()
    assert not killed(night.db, 10**6, night.ingest)
    expected = outcome(night)
    assert expected["companies"]
    nth = 0
    while True:
        nth += stride(night)
        forget_ingest(night)
        dead = killed(night.db, nth, night.ingest)
        night.ingest()
        assert outcome(night) == expected, f"killed before statement {nth}"
        if not dead:
            break
    assert nth > 10


def forget_ingest(night):
    with night.db.tx() as conn:
        for table in (serp_results, company_domains, companies):
            conn.execute(sa.delete(table))
        conn.execute(sa.update(serp_operations).values(status="done"))
        conn.execute(sa.update(serp_queries).values(status="in_progress"))


def test_submit_can_die_before_any_statement(night):
    """At most two creates, both counted; and in the end one live operation."""
    nth = 0
    while True:
        nth += stride(night)
        empty(night)
        night.import_niches(ONE)
        night.until_due()
        dead = killed(night.db, nth, night.submit)
        night.advance(121)
        night.submit()
        night.advance(901)
        night.submit()
        operations = night.operations()
        live = [op for op in operations if op.status == "created"]
        assert len(live) == 1, f"killed before statement {nth}"
        paid = Counter(entry["body_hash"] for entry in night.creates())
        assert max(paid.values()) <= 2
        assert sum(op.cost is not None for op in operations) >= sum(paid.values())
        assert [query.status for query in night.queries()] == ["in_progress"]
        if not dead:
            break
    assert nth > 10


def test_poll_can_die_before_any_statement(night):
    nth = 0
    while True:
        nth += stride(night)
        empty(night)
        night.import_niches(ONE)
        night.until_due()
        night.submit()
        night.advance(3700)
        dead = killed(night.db, nth, night.poll)
        night.poll()
        [operation] = night.operations()
        assert operation.status == "done", f"killed before statement {nth}"
        assert operation.raw_file_id is not None
        if not dead:
            break
    assert nth > 3


@pytest.mark.parametrize("phone", ["+79171112233"])
def test_dedup_can_die_before_any_statement(night, phone):
    nth = 0
    while True:
        nth += stride(night)
        empty(night)
        two_rows_of_one_firm(night, phone)
        work = Deduplicator(night.db, night.clock)
        dead = killed(night.db, nth, work.run)
        work.run()
        primaries = [row for row in night.rows(companies) if row.duplicate_of is None]
        assert len(primaries) == 1, f"killed before statement {nth}"
        assert len(night.rows(company_merges)) == 1
        assert {row.company_id for row in night.rows(company_domains)} == {primaries[0].id}
        assert not any(row.dedup_dirty for row in night.rows(companies))
        if not dead:
            break
    assert nth > 20


def two_rows_of_one_firm(night, phone):
    now = night.clock.now()
    with night.db.tx() as conn:
        for domain in ("velmar.ru", None):
            row = {"name": "Велмар", "canonical_domain": domain, "first_seen_at": now}
            done = conn.execute(
                sa.insert(companies).values(**row, last_seen_at=now).returning(companies.c.id)
            )
            company = done.scalar_one()
            conn.execute(
                sa.insert(contacts).values(
                    company_id=company, contact_type="phone", value=phone, value_key=phone,
                    first_seen_at=now, last_seen_at=now,
                )
            )  # fmt: skip
            if domain:
                conn.execute(
                    sa.insert(company_domains).values(
                        company_id=company, domain=domain, kind="primary", since=now
                    )
                )
