"""A whole sandbox world visited once: what is found against what was planted.

The world is visited when the first test asks for it, by the real runner over real HTTP, on either
database; the tests only look at the rows.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.book.companies import Sighting, see
from povod.book.domains import SHIPPED
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.runner import Runner
from povod.engine.work import NewWork
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.leads.enrich import EnrichDeps, next_due, register
from povod.leads.enrich_due import PLAN_KIND, QUEUE
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database
from povod.store.files import get_file
from povod.store.tables import (
    companies,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    metadata,
)

START = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
QUICKLY = {
    "enrich_domain_pause_seconds": "0",
    "enrich_request_pause_seconds": 0,
    "enrich_timeout_seconds": 1,
}


class EnrichedWorld:
    """A world after all visits that a day brings, its truth, and its rows."""

    def __init__(self, db: Database, sandbox: SandboxProcess) -> None:
        self.db, self.clock = db, db.clock
        self.truth = sandbox.truth()
        self.sites = {site["host"]: site for site in self.truth["sites"]}
        self._sandbox = sandbox
        settings = load_settings({}, None, sandbox_url=sandbox.api_url, **QUICKLY)
        self._ledger, self._handlers = Ledger(db, self.clock), Handlers()
        register(self._handlers, EnrichDeps(db, self.clock, settings, self._ledger))

    def discover(self) -> None:
        """Make a company of every host, as the search would."""
        found = [
            Sighting(SHIPPED.own_domain(host) or host, host, "Имя из выдачи", city=site["city"])
            for host, site in self.sites.items()
        ]
        with self.db.tx() as conn:
            see(conn, self.clock.now(), found)

    def visit_for_a_day(self) -> None:
        """Work off what is due, and what retries bring within a day of both clocks."""
        end = self.clock.now() + timedelta(days=1)
        while (moment := self._next_due()) is not None and moment < end:
            ahead = max(moment - self.clock.now(), timedelta())
            self.clock.advance(ahead)
            self._sandbox.advance(ahead.total_seconds())
            with self.db.tx() as conn:
                self._ledger.enqueue(conn, NewWork(QUEUE, PLAN_KIND))
            summary = Runner(
                self._ledger, self._handlers, self.clock, concurrency=6
            ).run_until_idle()
            assert summary.failed == summary.retried == 0

    def _next_due(self) -> datetime | None:
        with self.db.read() as conn:
            return next_due(conn, self.clock.now())

    def rows(self, table: sa.Table) -> list[Any]:
        with self.db.read() as conn:
            return list(conn.execute(sa.select(table).order_by(table.c.id)))

    def by_host(self) -> dict[str, Any]:
        """Host → its company, for those that are not duplicates."""
        return {
            row.canonical_domain: row for row in self.rows(companies) if row.duplicate_of is None
        }

    def values(self, kind: str) -> set[tuple[str, str]]:
        hosts = {row.id: host for host, row in self.by_host().items()}
        return {
            (hosts[row.company_id], row.value)
            for row in self.rows(contacts)
            if row.contact_type == kind and row.status == "active" and row.company_id in hosts
        }

    def planted(self, field: str) -> set[tuple[str, str]]:
        """What stands on the sites; a duplicate's site is the one it leads to."""
        return {
            (self._host_of(host), value)
            for host, site in self.sites.items()
            for value in (site[field] if isinstance(site[field], list) else [site[field]])
            if value
        }

    def _host_of(self, host: str) -> str:
        """The host under which the firm of a site is kept: duplicates may have won the merge."""
        primary = {row.id: row.canonical_domain for row in self.rows(companies)}
        row = next(row for row in self.rows(companies) if row.canonical_domain == host)
        return primary[row.duplicate_of or row.id]


@pytest.fixture(scope="module")
def world_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("enrich"), sites=60) as sandbox:
        yield sandbox


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, world_sandbox
) -> Iterator[EnrichedWorld]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("world") / "povod.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres_url")
    db = Database(url, FixedClock(START))
    if not db.is_sqlite:
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        with db.tx() as conn:
            conn.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    found = EnrichedWorld(db, world_sandbox)
    found.discover()
    found.visit_for_a_day()
    yield found
    db.close()


def shares(found: set[Any], planted: set[Any]) -> tuple[float, float]:
    """Precision and recall."""
    right = len(found & planted)
    return right / max(len(found), 1), right / max(len(planted), 1)


@pytest.mark.parametrize(("kind", "field"), [("email", "emails"), ("phone", "phones")])
def test_contacts_are_found_and_nothing_else(world, kind, field):
    found, planted = world.values(kind), world.planted(field)
    precision, recall = shares(found, planted)
    assert precision >= 0.98, sorted(found - planted)
    assert recall >= 0.95, sorted(planted - found)


def test_requisites_are_found_and_nothing_else(world):
    fields = ("inn", "ogrn", "legal_name")
    found = {
        (host, getattr(row, name))
        for host, row in world.by_host().items()
        for name in fields
        if getattr(row, name)
    }
    planted = set().union(*(world.planted(name) for name in fields))
    precision, recall = shares(found, planted)
    assert precision >= 0.98, sorted(found - planted)
    assert recall >= 0.90, sorted(planted - found)


def test_the_best_address_is_the_primary_one(world):
    hosts = {row.id: host for host, row in world.by_host().items()}
    primary = {
        (hosts[row.company_id], row.value)
        for row in world.rows(contacts)
        if row.contact_type == "email" and row.is_primary and row.company_id in hosts
    }
    planted = world.planted("best_email")
    assert len(primary & planted) >= 0.95 * len(planted), sorted(planted - primary)
    assert max(Counter(host for host, _ in primary).values()) == 1


def test_every_unreachable_site_has_its_reason(world):
    words = {"elsewhere": "redirects"}
    expected = {
        host: words.get(site["unreachable"], site["unreachable"])
        for host, site in world.sites.items()
        if site["unreachable"]
    }
    for host, reason in expected.items():
        company = world.by_host()[host]
        notes = company.attributes
        seen = "needs_browser" if notes.get("needs_browser") else notes["failure"]["class"]
        assert seen == reason, host
        assert company.status == "contacts_not_found"
        is_final = reason in ("dns", "guard")
        assert (company.next_enrich_at is None) == is_final


def test_everybody_has_an_end(world):
    states = Counter(row.status for row in world.rows(companies))
    assert set(states) == {"contacts_ready", "contacts_not_found", "duplicate"}
    active = {
        row.company_id
        for row in world.rows(contacts)
        if row.contact_type == "email" and row.status == "active"
    }
    ready = {row.id for row in world.rows(companies) if row.status == "contacts_ready"}
    assert ready == active


def test_redirects_join_exactly_what_they_prove(world):
    domain = {row.id: row.canonical_domain for row in world.rows(companies)}
    joined = {
        frozenset((domain[row.winner_id], domain[row.loser_id]))
        for row in world.rows(company_merges)
    }
    proven = {
        frozenset((pair["host"], pair["of"]))
        for pair in world.truth["duplicates"]
        if pair["expected"] == "auto"
    }
    assert joined == proven
    assert {row.reason for row in world.rows(company_merges)} == {"canonical"}


def test_facts_stand_word_for_word_in_the_stored_text(world):
    facts = world.rows(company_facts)
    assert len(facts) > 200
    assert max(Counter(row.company_id for row in facts).values()) <= 12
    with world.db.read() as conn:
        texts = {row.text_sha256: get_file(conn, row.text_sha256).decode() for row in facts}
    for row in facts:
        assert texts[row.text_sha256][row.start : row.end] == row.quote


def test_no_fact_repeats_an_order_to_a_model(world):
    quotes = " ".join(row.quote for row in world.rows(company_facts)).lower()
    assert "игнорируй" not in quotes
    assert "нейросеть" not in quotes


def test_contacts_name_a_stored_page_on_the_own_site(world):
    pages = {row.id: row for row in world.rows(company_pages)}
    for row in world.rows(contacts):
        page = pages[row.company_page_id]
        assert page.raw_file_id
        assert row.source_url == page.final_url


def test_pages_and_requests_stay_within_their_limits(world, world_sandbox):
    read = Counter(row.company_id for row in world.rows(company_pages) if not row.error_class)
    assert max(read.values()) <= 6
    log = world_sandbox.get("/sandbox/sites/log")
    entries = log["entries"] if isinstance(log, dict) else log
    agents = {entry["agent"].partition("/")[0] for entry in entries}
    assert agents == {"PovodBot"}
    forbidden = {h for h, site in world.sites.items() if site["unreachable"] == "robots"}
    assert {e["path"] for e in entries if e["host"] in forbidden} == {"/robots.txt"}


def test_the_working_scheme_is_remembered(world):
    plain = {host for host, site in world.sites.items() if site["trouble"] == "http_only"}
    for host, row in world.by_host().items():
        if row.status == "contacts_ready" and host in world.sites:
            assert row.website_url.startswith("http://" if host in plain else "https://"), host
