"""One sandbox process for all real clients of the imitated services."""

from collections.abc import Iterator

import pytest

from povod.sandbox.process import SandboxProcess, start_sandbox

SHOP = "dom-uyut.ru"


@pytest.fixture(scope="session")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("wire"), sites=12) as running:
        yield running


@pytest.fixture
def box(running_world: SandboxProcess) -> SandboxProcess:
    """The sandbox without faults, journal, counters or tokens."""
    for path in ("journal", "gigachat/mode", "openai/mode", "firecrawl/keys", "proxies"):
        running_world.delete(f"/sandbox/{path}")
    for path in ("faults", "log", "changes"):
        running_world.delete(f"/sandbox/shops/{SHOP}/{path}")
    running_world.post("/sandbox/flaresolverr/mode", {"mode": "ok"})
    running_world.post("/sandbox/s3/mode", {"mode": "ok"})
    return running_world
