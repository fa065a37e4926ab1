"""A loopback model server and either client pointed at it."""

import base64
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from povod.kit.clock import FixedClock
from povod.kit.settings import Settings, load_settings
from povod.writing.llm.base import ChatModel
from povod.writing.llm.build import greeting_model

sys.path.insert(0, str(Path(__file__).parent))

from model_server import Make, ModelServer

KEY = base64.b64encode(b"client:secret").decode()


@pytest.fixture
def server(clock: FixedClock) -> Iterator[ModelServer]:
    with ModelServer().running() as running:
        running.now_ms = lambda: int(clock.now().timestamp() * 1000)
        yield running


@pytest.fixture(params=["openai", "gigachat"])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings_for(server: ModelServer) -> Callable[..., Settings]:
    def build(shape: str, **given: Any) -> Settings:
        values: dict[str, Any] = {
            "llm_mode": shape,
            "openai_base_url": f"{server.url}/v1",
            "openai_api_key": "test-key",
            "gigachat_base_url": f"{server.url}/v1",
            "gigachat_oauth_url": f"{server.url}/api/v2/oauth",
            "gigachat_credentials": KEY,
        }
        return load_settings({}, None, **(values | given))

    return build


@pytest.fixture
def make_model(settings_for: Callable[..., Settings], clock: FixedClock) -> Make:
    def make(shape: str, **given: Any) -> ChatModel:
        model = greeting_model(settings_for(shape, **given), clock)
        assert model is not None
        return model

    return make
