"""Enrichment: visiting the sites of companies and keeping what is found (L72-L91).

One company is one work item and one site. The site is visited outside of any transaction; all that
it brought is stored in one. A work item that is killed at any point and run again ends in the same
rows.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, RowMapping

from povod.book.companies import find_owners
from povod.book.contactable import contactable
from povod.book.domains import DomainRules, load_rules, plain_host
from povod.book.pages import fresh_addresses
from povod.crawl.fetch.build import build_visit_fetcher, enrich_limits
from povod.crawl.fetch.shared import SharedFetcher
from povod.crawl.fetch.visits import PageSource
from povod.crawl.visit import Visit, VisitRules, visit_site
from povod.engine.handlers import Handlers, Run
from povod.engine.ledger import Ledger
from povod.engine.quotas import Limit, Quotas
from povod.engine.work import Later, NewWork
from povod.kit.clock import Clock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.kit.url import host_of
from povod.leads.enrich_due import (
    KIND,
    PLAN_KIND,
    QUEUE,
    companies_to_visit,
    dedup_key,
    next_due,
    room,
)
from povod.leads.enrich_store import Forgotten, Keeping, Stored, nobody, store_visits
from povod.store.db import Database
from povod.store.tables import companies

__all__ = ["EnrichDeps", "Enricher", "companies_to_visit", "next_due", "register"]

log = structlog.get_logger()

CLAIMABLE = ("new", "contacts_processing", "contacts_not_found", "contacts_ready")
LANES_KEY = "leads.enrich.lanes"
VISIT_SECONDS = 30.0
"""What a visit takes as a rule (L110); a lane's next start is this and the pause away."""

LEAST_PAUSE = 5.0
_LOCK = 0x506F766F64  # PostgreSQL advisory lock of the transactions that store visits

Fence = Callable[[Connection], None]
"""Raises `LeaseLostError` in the given transaction when the work was taken over by another."""


def unfenced(_: Connection) -> None:
    """For calls outside the ledger, which nobody can take over."""


@dataclass(frozen=True)
class EnrichDeps:
    """What the step needs; built by `app`. `make_fetcher` and `sleep` are replaced in tests."""

    db: Database
    clock: Clock
    settings: Settings
    ledger: Ledger
    make_fetcher: Callable[[], PageSource] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    forgotten: Forgotten = nobody


@dataclass(frozen=True)
class _Claimed:
    """A company in work: where to go, and what need not be fetched again."""

    company_id: str
    host: str
    known: frozenset[str]
    rules: DomainRules


class Enricher:
    """Visits companies, several at a time on one event loop with one shared fetcher."""

    def __init__(self, deps: EnrichDeps) -> None:
        check_pauses(deps.settings)
        self._deps = deps
        self._quotas = Quotas(deps.db, deps.clock)
        make = deps.make_fetcher or (lambda: build_visit_fetcher(deps.settings))
        self._fetcher = SharedFetcher(make)

    async def enrich_one(
        self,
        company_id: str,
        *,
        force: bool = False,
        fence: Fence = unfenced,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Stored | timedelta:
        """Visit one company and keep what is found; a timedelta: no lane is free for that long.

        `force` fetches addresses again that were read within `ENRICH_CACHE_DAYS`.
        """
        claimed = await asyncio.to_thread(self._claim, company_id, force, fence)
        if not isinstance(claimed, _Claimed):
            return claimed
        visits = await self._visit(claimed, stopped)
        return await asyncio.to_thread(self._store, claimed, visits, fence)

    async def run(self, run: Run) -> dict[str, Any] | Later | None:
        """Handler of `leads.enrich`; args: `company_id`, and `force` if it was asked for."""
        company_id = run.args["company_id"]
        stored = await self.enrich_one(
            company_id,
            force=bool(run.args.get("force")),
            fence=lambda conn: self._deps.ledger.checkpoint(run.work, {"at": "visit"}, conn),
            stopped=run.cancelled,
        )
        if isinstance(stored, timedelta):
            return Later(self._deps.clock.now() + stored)
        if stored.outcome == "stopped":
            return None
        run.progress({"company_id": company_id, **asdict(stored)})
        return {"visited": 1, stored.outcome: 1, "contacts": stored.contacts}

    def plan(self, _run: Run) -> dict[str, Any]:
        """Handler of `leads.enrich_plan`: put the companies that are due into the ledger."""
        return {"planned": self.enqueue_due()}

    def enqueue_due(self, limit: int | None = None) -> int:
        """Put up to `limit` due companies into the ledger; how many were put."""
        deps = self._deps
        if not deps.settings.enrich_enabled:
            return 0
        now = deps.clock.now()
        with deps.db.tx() as conn:
            most = room(conn) if limit is None else min(limit, room(conn))
            works = [
                NewWork(QUEUE, KIND, {"company_id": company_id}, dedup_key=dedup_key(company_id))
                for company_id in companies_to_visit(conn, now, most)
            ]
            return len(deps.ledger.enqueue_many(conn, works))

    def _claim(self, company_id: str, force: bool, fence: Fence) -> "_Claimed | Stored | timedelta":
        """Take the company and a lane, or say why not."""
        with self._deps.db.tx() as conn:
            fence(conn)
            company = self._wanted(conn, company_id)
            if company is None:
                return Stored("not_wanted")
            rules = load_rules(conn)
            host = plain_host(host_of(company["website_url"]))
            if rules.is_excluded(host):
                return self._leave_excluded(conn, company_id)
            wait = self._take_lane(conn)
            if wait:
                return wait
            conn.execute(_set(company_id, status="contacts_processing"))
            # A planned second look is meant to see what changed.
            is_due = company["status"] in ("contacts_not_found", "contacts_ready")
            known = set() if force or is_due else self._known(conn, company_id)
            return _Claimed(company_id, host, frozenset(known), rules)

    def _wanted(self, conn: Connection, company_id: str) -> RowMapping | None:
        query = (
            sa.select(companies)
            .where(
                companies.c.id == company_id,
                companies.c.status.in_(CLAIMABLE),
                companies.c.website_url != "",
                contactable(self._deps.clock.now()),
            )
            .with_for_update()
        )
        return conn.execute(query).mappings().first()

    def _leave_excluded(self, conn: Connection, company_id: str) -> Stored:
        conn.execute(_set(company_id, status="contacts_not_found", next_enrich_at=None))
        return Stored("excluded")

    def _known(self, conn: Connection, company_id: str) -> set[str]:
        since = self._deps.clock.now() - timedelta(days=self._deps.settings.enrich_cache_days)
        return fresh_addresses(conn, company_id, since)

    def _take_lane(self, conn: Connection) -> timedelta:
        """Zero, or how long to wait: of each lane one start per pause and visit (L73, L110)."""
        settings = self._deps.settings
        span = settings.enrich_domain_pause_seconds
        if span.high == 0:
            return timedelta()
        pause = random.uniform(span.low, span.high)  # noqa: S311 - not a secret
        limit = Limit(settings.enrich_lanes, pause + VISIT_SECONDS)
        return self._quotas.take(LANES_KEY, [limit], conn=conn)

    async def _visit(self, claimed: _Claimed, stopped: Callable[[], bool]) -> list[Visit]:
        """The site, and the one it has moved to for good if that is nobody else's."""
        settings = self._deps.settings
        rules = VisitRules(
            pages=settings.enrich_max_pages,
            pause=settings.enrich_request_pause_seconds,
            fetch=enrich_limits(settings),
            own_domain=claimed.rules.own_domain,
            sleep=self._deps.sleep,
        )
        async with self._fetcher.use() as fetcher:
            first = await visit_site(fetcher, claimed.host, rules, claimed.known, stopped)
            if not await asyncio.to_thread(self._is_free, claimed, first):
                return [first]
            host = plain_host(host_of(first.moved_url))
            return [first, await visit_site(fetcher, host, rules, claimed.known, stopped)]

    def _is_free(self, claimed: _Claimed, visit: Visit) -> bool:
        if not (visit.moved_to and visit.moved_for_good):
            return False
        if claimed.rules.is_excluded(visit.moved_to):
            return False
        with self._deps.db.read() as conn:
            owner = find_owners(conn, [visit.moved_to]).get(visit.moved_to)
        return owner in (None, claimed.company_id)

    def _store(self, claimed: _Claimed, visits: list[Visit], fence: Fence) -> Stored:
        deps = self._deps
        with deps.db.tx() as conn:
            if not deps.db.is_sqlite:
                # Two visits may touch the same other companies (shared addresses, merges).
                conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            fence(conn)
            query = sa.select(companies).where(companies.c.id == claimed.company_id)
            company = conn.execute(query.with_for_update()).mappings().one()
            if company["status"] != "contacts_processing":
                return Stored("superseded")  # merged or decided by a person meanwhile
            if any(visit.stopped for visit in visits):
                conn.execute(_set(claimed.company_id, status="new"))
                return Stored("stopped")
            keeping = Keeping(deps.clock, deps.settings, claimed.rules, deps.forgotten)
            stored = store_visits(conn, keeping, company, visits)
        log.info("leads.enrich", host=claimed.host, outcome=stored.outcome, failure=stored.failure)
        return replace(stored, host=claimed.host)


def register(handlers: Handlers, deps: EnrichDeps) -> Enricher:
    """Add the handlers of this step; gives the enricher for callers without a ledger."""
    enricher = Enricher(deps)
    handlers.register(KIND, enricher.run, queue=QUEUE)
    handlers.register(PLAN_KIND, enricher.plan, queue=QUEUE)
    return enricher


def check_pauses(settings: Settings) -> None:
    """Refuse pauses that no real site should meet (L73); in the sandbox anything goes."""
    if settings.sandbox_url:
        return
    if settings.enrich_domain_pause_seconds.low < LEAST_PAUSE:
        raise ConfigurationError(
            f"ENRICH_DOMAIN_PAUSE_SECONDS: at least {LEAST_PAUSE:g} seconds outside the sandbox. "
            "Example: ENRICH_DOMAIN_PAUSE_SECONDS=30-45"
        )
    if settings.enrich_request_pause_seconds <= 0:
        raise ConfigurationError(
            "ENRICH_REQUEST_PAUSE_SECONDS: more than 0 outside the sandbox. "
            "Example: ENRICH_REQUEST_PAUSE_SECONDS=2"
        )


def _set(company_id: str, **values: Any) -> sa.Update:
    return sa.update(companies).where(companies.c.id == company_id).values(**values)
