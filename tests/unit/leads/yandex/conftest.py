"""A client with a planned service behind it; every call, pause and quota is recorded."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.leads.yandex.client import YandexDeferredClient

SECRET = "t1.secret-token"


class Service(httpx.BaseTransport):
    """Plays the planned steps: a JSON body, a status, a whole response, or an exception."""

    def __init__(self) -> None:
        self.plan: list[object] = []
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, int):
            return httpx.Response(step, json={"code": 8, "message": f"no, {SECRET}"})
        if isinstance(step, httpx.Response):
            return step
        return httpx.Response(200, json=step)

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.seen]


class Tokens:
    """A provider whose token can be renewed `renewals` times."""

    kind = "sa_key"

    def __init__(self, renewals: int = 0) -> None:
        self.renewals = renewals
        self.forgotten: list[str] = []
        self.failure: Exception | None = None

    def authorization(self) -> str:
        if self.failure:
            raise self.failure
        return f"Bearer {SECRET}{len(self.forgotten)}"

    def forget(self, authorization: str) -> bool:
        self.forgotten.append(authorization)
        return len(self.forgotten) <= self.renewals


class World:
    """A client with everything around it recorded; sleeping moves the clock."""

    def __init__(self) -> None:
        self.service = Service()
        self.tokens = Tokens()
        self.clock = FixedClock(datetime(2026, 11, 21, 21, tzinfo=UTC))
        self.quotas: list[str] = []
        self.pauses: list[float] = []
        self.settings = load_settings({"YANDEX_CLOUD_FOLDER_ID": "b1gfolder"}, None)
        self.client = YandexDeferredClient(
            self.settings,
            self.tokens,
            self.clock,
            self.quotas.append,
            self.service,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))

    def plan(self, *steps: object) -> None:
        self.service.plan = list(steps)


@pytest.fixture
def world():
    world = World()
    with world.client:
        yield world
