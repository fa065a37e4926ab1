"""The steps of the search against the real sandbox process, on a clock both sides share."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from povod.engine.quotas import Quotas
from povod.kit.clock import ShiftedClock
from povod.kit.settings import Settings, load_settings
from povod.kit.tabular import read_table
from povod.leads.ingest import IngestResult, ingest_ready
from povod.leads.niches import Importer, ImportResult
from povod.leads.pauses import Pauses, QuotaLimiter
from povod.leads.poll import PollResult, poll_due
from povod.leads.search_deps import SearchDeps
from povod.leads.submit import SubmitResult, submit_due
from povod.leads.yandex.auth import make_token_provider
from povod.leads.yandex.client import YandexDeferredClient
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.store.db import Database
from povod.store.tables import serp_operations, serp_queries

NICHES = "ниша;город\nстоматология;Казань\nокна;Омск\nавтосервис;Самара\n"


class Night:
    """A database and the search service, with the little that tests do to both."""

    def __init__(self, db: Database, settings: Settings, sandbox: SandboxProcess, **wiring: Any):
        self.db = db
        self.sandbox = sandbox
        self.settings = settings
        self.clock = db.clock
        limiter = QuotaLimiter(Quotas(db, self.clock), Pauses(db, self.clock), settings)
        client = YandexDeferredClient(
            settings,
            make_token_provider(settings, self.clock),
            self.clock,
            limiter,
            sleep=lambda _: None,
            **wiring,
        )
        self.deps = SearchDeps(db, self.clock, settings, client)

    def import_niches(self, text: str = NICHES) -> ImportResult:
        table = read_table(text.encode(), "my.csv")
        return Importer(self.db, self.clock, self.settings).import_table(table, "ref")

    def advance_to(self, moment: datetime) -> None:
        """Let virtual time pass on both sides."""
        self.clock.advance_to(moment)
        self.sandbox.set_shift(self.clock.shift.total_seconds())

    def advance(self, seconds: float) -> None:
        self.advance_to(self.clock.now() + timedelta(seconds=seconds))

    def until_due(self) -> None:
        """To the moment when every query has its slot."""
        with self.db.read() as conn:
            last = conn.execute(sa.select(sa.func.max(serp_queries.c.scheduled_for))).scalar()
        self.advance_to(last)

    def submit(self) -> SubmitResult:
        return submit_due(self.deps)

    def poll(self) -> PollResult:
        return poll_due(self.deps)

    def ingest(self) -> IngestResult:
        return ingest_ready(self.deps)

    def to_the_end(self) -> IngestResult:
        """One round from the slots to companies."""
        self.until_due()
        self.submit()
        self.advance(3700)
        self.poll()
        return self.ingest()

    def rows(self, table: sa.Table, *order: Any) -> list[Any]:
        with self.db.read() as conn:
            return list(conn.execute(sa.select(table).order_by(*order or (table.c.id,))).all())

    def queries(self) -> list[Any]:
        return self.rows(serp_queries, serp_queries.c.created_at, serp_queries.c.scheduled_for)

    def operations(self) -> list[Any]:
        return self.rows(serp_operations, serp_operations.c.requested_at, serp_operations.c.id)

    def fault(self, kind: str, **spec: Any) -> None:
        self.sandbox.post("/sandbox/yandex/faults", {"kind": kind, **spec})

    def creates(self) -> list[dict[str, Any]]:
        """What the service has accepted since the test began."""
        entries = self.sandbox.get("/sandbox/yandex/ledger", kind="create")["entries"]
        return [entry for entry in entries if entry["status"] == 200]


@pytest.fixture(scope="session")
def search_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("search"), sites=60) as sandbox:
        yield sandbox


@pytest.fixture
def clean_service(search_service: SandboxProcess) -> SandboxProcess:
    """The service without faults, operations and a ledger of earlier tests."""
    search_service.delete("/sandbox/yandex/faults")
    search_service.post("/sandbox/yandex/reset")
    return search_service


@pytest.fixture
def clock(search_service: SandboxProcess) -> ShiftedClock:
    """The sandbox's time, which only goes forward, at the next noon of the tariff's zone."""
    clock = ShiftedClock(timedelta(seconds=search_service.clock_shift()))
    noon = clock.now().replace(hour=9, minute=0, second=0, microsecond=0)
    clock.advance_to(noon if noon > clock.now() else noon + timedelta(days=1))
    search_service.set_shift(clock.shift.total_seconds())
    return clock


@pytest.fixture
def make_night(db: Database, clean_service: SandboxProcess, tmp_path: Path) -> Callable[..., Night]:
    """Build a night with other settings or another transport."""

    def make(transport: httpx.BaseTransport | None = None, **given: Any) -> Night:
        environ = clean_service.environ()
        settings = load_settings(environ, None, data_dir=tmp_path / "data", **given)
        wiring = {"transport": transport} if transport else {}
        return Night(db, settings, clean_service, **wiring)

    return make


@pytest.fixture
def night(make_night: Callable[..., Night]) -> Night:
    return make_night()
