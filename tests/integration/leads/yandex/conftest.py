"""The client on a running sandbox, or on the real service when asked for."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from povod.kit.clock import Clock, ShiftedClock, SystemClock
from povod.kit.settings import Settings, load_settings
from povod.leads.night import create_price
from povod.leads.serp import SerpReply, parse_serp
from povod.leads.yandex.auth import TokenProvider, make_token_provider
from povod.leads.yandex.client import YandexDeferredClient
from povod.leads.yandex.protocol import DeferredQueryParams, OperationResponse
from povod.sandbox.process import SandboxProcess, start_sandbox

TEXT = "стоматология Казань"
REGION = "43"
LIVE = os.environ.get("YANDEX_LIVE_TESTS") == "1"


def free_of_limits(key: str) -> None:
    """The sandbox counts for itself what comes in."""


class Service:
    """A client with its clock, and the sandbox behind it when there is one."""

    def __init__(self, settings: Settings, clock: Clock, sandbox: SandboxProcess | None) -> None:
        self.settings = settings
        self.clock = clock
        self.sandbox = sandbox
        self.tokens: TokenProvider = make_token_provider(settings, clock)
        self.client = YandexDeferredClient(
            settings, self.tokens, clock, free_of_limits, sleep=lambda _: None
        )

    def changed(self, **settings: object) -> "Service":
        """The same world seen with other settings."""
        return Service(self.settings.model_copy(update=settings), self.clock, self.sandbox)

    def params(self, text: str = TEXT, page: int = 0) -> DeferredQueryParams:
        return DeferredQueryParams.from_settings(self.settings, text, REGION, page)

    def create(self, text: str = TEXT) -> OperationResponse:
        return self.client.create(self.params(text))

    def finished(self, operation: OperationResponse) -> OperationResponse:
        """The operation once it is over."""
        if self.sandbox is None:
            patient = YandexDeferredClient(self.settings, self.tokens, self.clock, free_of_limits)
            return patient.wait(operation.id, created_at=operation.created_at)
        self.advance(3700)
        return self.client.get_operation(operation.id)

    def reply(self, text: str = TEXT) -> SerpReply:
        return parse_serp(self.finished(self.create(text)).decode())

    def advance(self, seconds: float) -> None:
        """Let virtual time pass on both sides."""
        assert self.sandbox is not None
        assert isinstance(self.clock, ShiftedClock)
        shift = timedelta(seconds=self.sandbox.advance(seconds))
        self.clock.advance_to(datetime.now(UTC) + shift)

    def fault(self, kind: str, **spec: object) -> None:
        assert self.sandbox is not None
        self.sandbox.post("/sandbox/yandex/faults", {"kind": kind, **spec})

    def calls(self, kind: str) -> list[dict]:
        assert self.sandbox is not None
        return self.sandbox.get("/sandbox/yandex/ledger", kind=kind)["entries"]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), sites=20) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: SandboxProcess) -> Iterator[Service]:
    process.post("/sandbox/yandex/reset")
    settings = load_settings(process.environ(), None)
    clock = ShiftedClock(timedelta(seconds=process.clock_shift()))
    service = Service(settings, clock, process)
    yield service
    service.client.close()


@pytest.fixture(params=["sandbox", "live"] if LIVE else ["sandbox"])
def service(request: pytest.FixtureRequest) -> Service:
    if request.param == "sandbox":
        return request.getfixturevalue("sandbox")
    settings = load_settings()
    print(f"one deferred query: {create_price(settings, 'day')} RUB at most")
    return Service(settings, SystemClock(), None)
