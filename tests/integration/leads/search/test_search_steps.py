"""From imported niches to companies: the steps one after another, against the service."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from povod.book.domains import with_rules
from povod.kit.errors import ConfigurationError
from povod.leads.night import is_night
from povod.leads.serp import parse_serp
from povod.leads.submit import submit_due
from povod.store.files import get_file
from povod.store.tables import companies, company_domains, domain_rules, niches, serp_queries
from povod.store.tables import serp_operations as operations
from povod.store.tables import serp_results as results


def test_a_night_turns_niches_into_companies(night):
    night.import_niches()
    night.until_due()
    sent = night.submit()
    assert (sent.sent, sent.unknown, sent.failed) == (3, 0, 0)
    assert {op.status for op in night.operations()} == {"created"}
    night.advance(3700)
    assert night.poll().ready == 3
    result = night.ingest()
    assert (result.replies, result.failed) == (3, 0)
    assert result.companies_new > 10
    assert result.excluded > 0
    assert {query.status for query in night.queries()} == {"completed"}
    found = night.rows(companies)
    assert len(found) == result.companies_new
    assert len({row.canonical_domain for row in found}) == len(found)
    owned = night.rows(company_domains)
    assert {row.domain for row in owned} == {row.canonical_domain for row in found}


def test_what_is_stored_is_what_the_service_said(night):
    night.import_niches("ниша;город\nстоматология;Казань\n")
    night.to_the_end()
    [operation] = night.operations()
    with night.db.read() as conn:
        reply = parse_serp(get_file(conn, operation.raw_file_id))
    assert operation.docs_total == len(reply.docs) + len(reply.skipped)
    hits = {hit.url_raw: hit for hit in night.rows(results)}
    titles = {doc.url_raw: doc.title for doc in reply.docs}
    assert {url: hits[url].title for url in hits} == {url: titles[url] for url in hits}
    statuses = Counter(hit.dedup_status for hit in hits.values())
    made = night.rows(companies)
    assert statuses["UNIQUE"] == len(made)
    assert {hit.company_id for hit in hits.values() if hit.company_id} == {row.id for row in made}
    assert sum(row.hits_count for row in made) == statuses["UNIQUE"] + statuses["DUP_HOST"]
    company = made[0]
    assert company.industry == "стоматология"
    assert company.city == "Казань"
    assert company.website_url.startswith("https://")


def test_costs_are_the_services_own(night):
    night.import_niches()
    night.until_due()
    night.submit()
    summary = night.sandbox.get("/sandbox/yandex/ledger", kind="create")["summary"]
    ours = sum((op.cost for op in night.operations()), Decimal(0))
    assert ours == Decimal(summary["amount_rub"])
    assert {op.window_tag for op in night.operations()} == {"night"}
    assert all(op.cost_certain for op in night.operations())


def test_by_day_nothing_is_touched_and_the_window_is_named(night):
    night.import_niches()
    night.until_due()
    night.advance(10 * 3600)
    before = night.queries()
    result = night.submit()
    assert result.sent == 0
    assert is_night(result.window_opens_at)
    assert result.window_opens_at > night.clock.now()
    assert night.queries() == before
    assert night.operations() == []
    assert night.creates() == []


def test_rows_run_now_and_a_lifted_gate_work_by_day(make_night):
    night = make_night()
    night.import_niches()
    with night.db.tx() as conn:
        first = sa.select(serp_queries.c.id).limit(1).scalar_subquery()
        now = {"scheduled_for": night.clock.now(), "is_night_window": False}
        conn.execute(sa.update(serp_queries).where(serp_queries.c.id == first).values(**now))
    assert night.submit().sent == 1
    [operation] = night.operations()
    assert operation.window_tag == "day"
    assert operation.cost == Decimal("0.0305")
    night.until_due()
    night.advance(10 * 3600)
    lifted = make_night(yandex_enforce_night_window=False)
    assert lifted.submit().sent == 2


def test_two_schedulers_never_order_a_query_twice(night):
    night.import_niches("ниша\n" + "".join(f"ниша {n}\n" for n in range(12)))
    night.until_due()
    twin = submit_due(night.deps, limit=5)
    rest = night.submit()
    assert twin.sent + rest.sent == 12
    assert night.submit().sent == 0
    assert len(night.creates()) == 12
    assert len({entry["body_hash"] for entry in night.creates()}) == 12


def test_a_cancelled_niche_is_not_searched(night):
    night.import_niches()
    night.until_due()
    with night.db.tx() as conn:
        here = niches.c.niche == "окна"
        conn.execute(sa.update(niches).where(here).values(status="cancelled"))
    assert night.submit().sent == 2
    assert Counter(query.status for query in night.queries()) == {"in_progress": 2, "cancelled": 1}


def test_a_budget_stops_before_it_is_crossed(make_night):
    night = make_night(leads_search_budget_rub=Decimal("0.06"))
    night.import_niches()
    night.until_due()
    result = night.submit()
    assert result.sent == 2
    assert "LEADS_SEARCH_BUDGET_RUB" in result.stopped
    assert [query.status for query in night.queries()].count("pending") == 1


def test_an_empty_folder_is_a_clear_configuration_error(make_night):
    night = make_night(yandex_cloud_folder_id="")
    with pytest.raises(ConfigurationError, match="YANDEX_CLOUD_FOLDER_ID"):
        night.submit()


def test_a_wrong_key_stops_the_step_and_leaves_the_rows(make_night):
    night = make_night(yandex_cloud_api_key="wrong", yandex_auth="api_key")
    night.import_niches()
    night.until_due()
    result = night.submit()
    assert result.sent == 0
    assert result.stopped
    assert {(query.status, query.attempts) for query in night.queries()} == {("pending", 0)}
    assert {op.status for op in night.operations()} == {"not_sent"}


def test_polling_waits_five_minutes_and_then_grows_rarer(night):
    night.import_niches("ниша\nокна\n")
    night.until_due()
    night.fault("forever_running")
    night.submit()
    [operation] = night.operations()
    assert operation.next_poll_at == operation.created_at_remote + timedelta(seconds=300)
    assert night.poll().read == 0
    pauses = []
    for _ in range(4):
        night.advance_to(night.operations()[0].next_poll_at + timedelta(seconds=1))
        assert night.poll().running == 1
        pauses.append((night.operations()[0].next_poll_at - night.clock.now()).total_seconds())
    assert [round(pause, -1) for pause in pauses] == [60, 90, 130, 200]
    assert night.operations()[0].status == "running"


def test_full_pages_order_the_next_one_and_short_ones_do_not(make_night):
    night = make_night(yandex_pages_per_query=3, yandex_groups_on_page=10)
    night.import_niches("ниша;город\nстоматология;Казань\n")
    night.to_the_end()
    first, second = sorted(night.queries(), key=lambda query: query.page)
    assert (first.status, second.status) == ("completed", "pending")
    assert (second.page, second.query_hash) == (1, first.query_hash)
    assert is_night(second.scheduled_for)
    night.to_the_end()
    assert len({hit.position for hit in night.rows(results)}) > 10


def test_the_users_domain_rules_hold_at_ingest(night):
    night.import_niches("ниша;город\nстоматология;Казань\n")
    night.to_the_end()
    excluded = night.rows(companies)[0].canonical_domain
    rules = with_rules([(excluded, "exclude")])
    assert rules.is_excluded(excluded)
    with night.db.tx() as conn:
        conn.execute(sa.insert(domain_rules).values(domain=excluded, rule="exclude"))
        conn.execute(sa.delete(results))
        conn.execute(sa.delete(company_domains))
        conn.execute(sa.delete(companies))
        conn.execute(sa.update(operations).values(status="done"))
    night.ingest()
    assert excluded not in {row.canonical_domain for row in night.rows(companies)}
    assert "EXCLUDED" in {hit.dedup_status for hit in night.rows(results) if hit.domain == excluded}


def test_the_same_firms_again_are_known_and_counted(night):
    night.import_niches("ниша;город\nстоматология;Казань\n")
    first = night.to_the_end()
    before = {row.id: row for row in night.rows(companies)}
    night.import_niches("ниша;город\nлечение зубов стоматология;Казань\n")
    second = night.to_the_end()
    assert second.known > 0
    after = {row.id: row for row in night.rows(companies)}
    assert len(after) == first.companies_new + second.companies_new
    touched = [after[key] for key in before if after[key].hits_count > before[key].hits_count]
    assert touched
    assert all(row.name == before[row.id].name for row in touched)
    assert all(row.last_seen_at > before[row.id].last_seen_at for row in touched)
