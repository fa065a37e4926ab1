"""Visits as work: who is claimed, lanes, lost leases, being killed in the middle, the plan."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.runner import Runner
from povod.engine.work import NewWork
from povod.kit.errors import ConfigurationError, LeaseLostError
from povod.kit.settings import load_settings
from povod.leads.enrich import EnrichDeps, Enricher, register
from povod.leads.enrich_due import KIND, LOST_AFTER, PLAN_KIND, QUEUE, dedup_key
from povod.store.tables import (
    companies,
    company_facts,
    company_pages,
    contacts,
    domain_rules,
    files,
    opt_out_registry,
    processing_jobs,
)


def test_nobody_visits_who_is_not_wanted(desk, clock):
    desk.web.site("firma.ru")
    duplicate = desk.company("a.ru", duplicate_of=desk.company("b.ru"), status="duplicate")
    judged = desk.company("c.ru", status="disqualified")
    refused = desk.company("d.ru")
    refusal = {
        "level": "company", "company_id": refused, "value_hash": "x", "registered_at": clock.now()
    }  # fmt: skip
    with desk.db.tx() as conn:
        conn.execute(sa.insert(opt_out_registry), [refusal])
    for company_id in (duplicate, judged, refused):
        assert desk.enrich(company_id).outcome == "not_wanted"
    assert desk.web.asked == []
    assert desk.due() == [row.id for row in desk.rows(companies) if row.canonical_domain == "b.ru"]


def test_an_excluded_domain_is_left_alone(desk, firm):
    with desk.db.tx() as conn:
        conn.execute(sa.insert(domain_rules), [{"domain": "firma.ru", "rule": "exclude"}])
    assert desk.enrich(firm).outcome == "excluded"
    assert desk.web.asked == []
    assert desk.next_due() is None


def test_a_lane_starts_once_in_a_pause_and_a_visit(make_desk, clock):
    desk = make_desk(enrich_domain_pause_seconds="30", enrich_lanes=2)
    firms = [desk.company(f"firma{number}.ru") for number in range(3)]
    for number in range(3):
        desk.web.site(f"firma{number}.ru")
    assert [desk.enrich(company).outcome for company in firms[:2]] == ["contacts_ready"] * 2
    assert desk.enrich(firms[2]) == timedelta(seconds=60)
    assert desk.row(firms[2]).status == "new"
    clock.advance(timedelta(seconds=60))
    assert desk.enrich(firms[2]).outcome == "contacts_ready"


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"enrich_domain_pause_seconds": "0"}, "ENRICH_DOMAIN_PAUSE_SECONDS"),
        ({"enrich_domain_pause_seconds": "4-45"}, "ENRICH_DOMAIN_PAUSE_SECONDS"),
        ({"enrich_request_pause_seconds": 0}, "ENRICH_REQUEST_PAUSE_SECONDS"),
    ],
)
def test_real_sites_get_their_pauses(sqlite_db, clock, given, variable):
    settings = load_settings({}, None, **given)
    deps = EnrichDeps(sqlite_db, clock, settings, Ledger(sqlite_db, clock))
    with pytest.raises(ConfigurationError, match=variable):
        Enricher(deps)


def test_a_worker_that_lost_its_lease_writes_nothing(desk, firm):
    calls = []

    def fence(conn: Any) -> None:
        calls.append(conn)
        if len(calls) > 1:
            raise LeaseLostError("somebody else has it")

    with pytest.raises(LeaseLostError):
        desk.enrich(firm, fence=fence)
    assert desk.rows(company_pages) == desk.rows(contacts) == []
    assert desk.row(firm).status == "contacts_processing"


def test_a_company_merged_during_its_visit_gets_nothing(desk, firm):
    other = desk.company("drugaya.ru")

    def merge(conn: Any) -> None:
        if desk.web.asked:
            desk.change(firm, conn, status="duplicate", duplicate_of=other)

    assert desk.enrich(firm, fence=merge).outcome == "superseded"
    assert desk.rows(contacts) == []


def test_told_to_stop_it_leaves_the_company_for_another(desk, firm):
    assert desk.enrich(firm, stopped=lambda: True).outcome == "stopped"
    assert desk.row(firm).status == "new"
    assert desk.rows(contacts) == []


class Killed(BaseException):
    """As if the process had ended."""


@pytest.fixture
def kill_at(db) -> Iterator[Callable[[int], None]]:
    """Let the statement of that number fail and everything after it with it."""
    left = [10**9]

    def before(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            left[0] = 10**9
            raise Killed

    sa.event.listen(db.engine, "before_cursor_execute", before)
    yield lambda number: left.__setitem__(0, number)
    sa.event.remove(db.engine, "before_cursor_execute", before)


def snapshot(desk: Any) -> dict[str, Any]:
    """All rows that a visit leaves, without what differs from run to run."""
    gone = {"id", "created_at", "updated_at", "company_page_id", "company_id"}
    found = {}
    for table in (companies, company_pages, company_facts, contacts, files):
        kept = [column.name for column in table.c if column.name not in gone]
        found[table.name] = sorted(
            repr([getattr(row, name) for name in kept]) for row in desk.rows(table)
        )
    return found


def test_killed_at_any_statement_and_run_again_the_rows_are_the_same(desk, firm, kill_at):
    desk.enrich(firm)
    undisturbed = snapshot(desk)
    killed = 0
    for number in range(0, 400, 3):
        with desk.db.tx() as conn:
            for table in (contacts, company_facts, company_pages):
                conn.execute(sa.delete(table))
            conn.execute(sa.delete(companies))
        company = desk.company()
        kill_at(number)
        try:
            desk.enrich(company)
        except Killed:
            killed += 1
            desk.enrich(company)
        else:
            kill_at(10**9)
            break
        assert snapshot(desk) == undisturbed, f"killed at statement {number}"
    assert killed > 5


def run_due(desk: Any) -> Any:
    handlers = Handlers()
    register(handlers, desk.deps)
    with desk.db.tx() as conn:
        desk.ledger.enqueue(conn, NewWork(QUEUE, PLAN_KIND, dedup_key=PLAN_KIND))
    return Runner(desk.ledger, handlers, desk.clock).run_until_idle()


def test_the_plan_visits_everybody_once(desk):
    for number in range(5):
        desk.web.site(f"firma{number}.ru")
        desk.company(f"firma{number}.ru")
    summary = run_due(desk)
    assert summary.by_kind == {PLAN_KIND: 1, KIND: 5}
    assert {row.status for row in desk.rows(companies)} == {"contacts_ready"}
    assert run_due(desk).by_kind == {PLAN_KIND: 1}
    results = [row.result for row in desk.rows(processing_jobs) if row.kind == KIND]
    assert results[0] == {"visited": 1, "contacts_ready": 1, "contacts": 2}


def test_a_company_with_a_waiting_visit_is_not_planned_twice(desk, firm):
    other = desk.company("drugaya.ru", hits_count=5)
    assert desk.due() == [other, firm]
    assert desk.enricher.enqueue_due(1) == 1
    assert desk.due() == [firm]
    assert desk.next_due() <= desk.clock.now()
    assert desk.enricher.enqueue_due() == 1
    assert (desk.due(), desk.next_due(), desk.enricher.enqueue_due()) == ([], None, 0)
    keys = {row.dedup_key for row in desk.rows(processing_jobs)}
    assert keys == {dedup_key(firm), dedup_key(other)}


def test_a_company_left_behind_is_found_again(desk, firm):
    desk.change(firm, status="contacts_processing")
    assert desk.due() == []
    desk.clock.advance(LOST_AFTER + timedelta(seconds=1))
    assert desk.due() == [firm]


def test_switched_off_nothing_is_planned(make_desk):
    desk = make_desk(enrich_enabled=False)
    desk.company()
    assert desk.enricher.enqueue_due() == 0
