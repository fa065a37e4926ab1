"""The servers of the world on real sockets, in a thread of their own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from povod.kit.clock import FixedClock
from povod.sandbox.mail import start_mail
from povod.sandbox.sites import start_sites
from povod.sandbox.world import build_world

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Background:
    """An event loop in a thread; `call` runs something in it and waits for the result."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.stop()


@pytest.fixture(scope="module")
def whole_world():
    return build_world(7, 60)


@pytest.fixture(scope="module")
def web_clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture(scope="module")
def sites(background, whole_world, web_clock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")
    server = background.call(start_sites(whole_world, web_clock, folder))
    yield server
    background.call(server.close())


@pytest.fixture
def mail_clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def mail(background, whole_world, mail_clock, tmp_path: Path):
    server = background.call(start_mail(whole_world, mail_clock, tmp_path))
    yield server
    background.call(server.close())
