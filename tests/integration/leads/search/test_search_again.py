"""Failed searches tried again, stored replies parsed again; against the real sandbox."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.leads.again import reparse, retry_queries
from povod.store.tables import companies, files, serp_operations, serp_queries, serp_results


def fail_all(night, status="failed"):
    with night.db.tx() as conn:
        values = {"status": status, "attempts": 3, "last_error": "the service was ill"}
        conn.execute(sa.update(serp_queries).values(**values))


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_failed_queries_get_new_slots_and_all_tries(night, status):
    night.import_niches()
    night.until_due()
    fail_all(night, status)
    assert retry_queries(night.deps) == 3
    queries = night.queries()
    assert {(query.status, query.attempts, query.last_error) for query in queries} == {
        ("pending", 0, "")
    }
    assert len({query.scheduled_for for query in queries}) == 3
    assert min(query.scheduled_for for query in queries) > night.clock.now()
    night.to_the_end()
    assert {query.status for query in night.queries()} == {"completed"}


def test_only_the_named_query(night):
    night.import_niches()
    fail_all(night)
    name = night.queries()[1].id
    assert retry_queries(night.deps, [name]) == 1
    assert [query.id for query in night.queries() if query.status == "pending"] == [name]


def test_by_day_there_is_no_wait_for_the_night(night):
    night.import_niches()
    fail_all(night)
    with night.db.tx() as conn:
        conn.execute(sa.update(serp_queries).values(is_night_window=False))
    retry_queries(night.deps)
    assert all(query.scheduled_for <= night.clock.now() for query in night.queries())


def test_what_cannot_be_retried_changes_nothing(night):
    night.import_niches()
    fail_all(night)
    names = [query.id for query in night.queries()]
    with night.db.tx() as conn:
        conn.execute(
            sa.update(serp_queries).where(serp_queries.c.id == names[2]).values(status="completed")
        )
    for given, error in (
        ([names[0], names[2]], ConflictError),
        ([names[0], new_id()], NotFoundError),
        ([names[0], "x'); --"], NotFoundError),
    ):
        with pytest.raises(error):
            retry_queries(night.deps, given)
    assert [query.status for query in night.queries()].count("failed") == 2


def facts(night):
    columns = (
        serp_results.c.operation_id,
        serp_results.c.url,
        serp_results.c.title,
        serp_results.c.company_id,
        serp_results.c.dedup_status,
    )
    counts = sa.select(companies.c.id, companies.c.hits_count, companies.c.last_seen_at)
    with night.db.read() as conn:
        hits = sorted(map(tuple, conn.execute(sa.select(*columns))))
        return hits, sorted(map(tuple, conn.execute(counts)))


def test_parsing_again_changes_nothing_that_was_right(night):
    night.import_niches()
    night.to_the_end()
    before, creates = facts(night), len(night.creates())
    night.advance(3600)
    done = reparse(night.deps)
    assert (done.replies, done.added, done.companies_new, done.unreadable) == (3, 0, 0, 0)
    assert done.documents == len(before[0])
    assert facts(night) == before
    assert len(night.creates()) == creates


def test_damaged_and_lost_hits_come_back(night):
    night.import_niches()
    night.to_the_end()
    before = facts(night)
    urls = [row[1] for row in before[0]]
    with night.db.tx() as conn:
        conn.execute(sa.update(serp_results).values(title="?"))
        conn.execute(sa.delete(serp_results).where(serp_results.c.url == urls[0]))
    assert reparse(night.deps).added == urls.count(urls[0])
    hits, seen = facts(night)
    assert [row[:4] for row in hits] == [row[:4] for row in before[0]]
    assert seen == before[1]


def test_one_operation_or_those_since_a_day(night):
    night.import_niches()
    night.to_the_end()
    operation = night.operations()[0]
    assert reparse(night.deps, operation=operation.id).replies == 1
    assert reparse(night.deps, operation=operation.operation_id).replies == 1
    assert reparse(night.deps, since=night.clock.now() + timedelta(hours=1)).replies == 0
    assert reparse(night.deps, since=night.clock.now() - timedelta(hours=1)).replies == 3
    with pytest.raises(NotFoundError, match="no stored reply"):
        reparse(night.deps, operation="strange")


def test_an_unreadable_reply_costs_no_other(night):
    night.import_niches()
    night.to_the_end()
    broken = night.operations()[0].raw_file_id
    with night.db.tx() as conn:
        conn.execute(
            sa.update(files).where(files.c.id == broken).values(body=b"<no>", content_encoding="")
        )
    done = reparse(night.deps)
    same = sum(row.raw_file_id == broken for row in night.rows(serp_operations))
    assert (done.replies, done.unreadable) == (3 - same, same)
