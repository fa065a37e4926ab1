"""What the doctor says about the model of greetings (G155)."""

from collections.abc import Callable

import pytest
from model_server import ModelServer

from povod.kit.clock import FixedClock
from povod.kit.settings import Settings
from povod.writing.llm.probe import probe_model

SettingsFor = Callable[..., Settings]


def test_a_good_model(
    settings_for: SettingsFor, shape: str, clock: FixedClock, server: ModelServer
) -> None:
    found = probe_model(settings_for(shape), clock)
    assert found.ok
    assert "is there" in found.message
    assert not server.chats()


def test_a_model_that_is_not_offered(
    settings_for: SettingsFor, shape: str, clock: FixedClock, server: ModelServer
) -> None:
    server.models = ["another", "one-more"]
    found = probe_model(settings_for(shape), clock)
    assert not found.ok
    assert "another, one-more" in found.message


@pytest.mark.parametrize(("status", "ok"), [(404, True), (401, False), (500, False)])
def test_a_service_that_gives_no_list(
    settings_for: SettingsFor,
    shape: str,
    clock: FixedClock,
    server: ModelServer,
    status: int,
    ok: bool,
) -> None:
    server.models, server.models_status = None, status
    found = probe_model(settings_for(shape), clock)
    assert found.ok is ok
    assert str(status) in found.message


def test_nobody_there(settings_for: SettingsFor, clock: FixedClock) -> None:
    found = probe_model(settings_for("openai", openai_base_url="http://127.0.0.1:9/v1"), clock)
    assert not found.ok
    assert "base URL" in found.message


def test_nothing_to_ask(settings_for: SettingsFor, clock: FixedClock, server: ModelServer) -> None:
    assert probe_model(settings_for("template"), clock).ok
    missing = probe_model(settings_for("gigachat", gigachat_credentials=None), clock)
    assert not missing.ok
    assert "GIGACHAT_CREDENTIALS" in missing.message
    unverified = settings_for(
        "gigachat", gigachat_verify_ssl_certs=False, gigachat_base_url="https://api.giga.chat/v1"
    )
    assert not probe_model(unverified, clock).ok
    assert not server.seen
