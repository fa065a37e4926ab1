"""Clocks, worlds and the lazy client: what is decided before any work."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from povod.app.clocks import make_clock
from povod.app.worlds import world_environ
from povod.kit.clock import SystemClock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess
from povod.writing.llm.build import letter_model


class Stranger(BaseHTTPRequestHandler):
    """Some other server at the sandbox's address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello" if self.path != "/json/sandbox/clock" else b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_machines_clock_without_a_sandbox() -> None:
    assert isinstance(make_clock(load_settings({}, None)), SystemClock)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "127.0.0.1:9", "http://[half"])
def test_no_sandbox_at_the_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="povod sandbox"):
        make_clock(load_settings({}, None, sandbox_url=url))


@pytest.mark.parametrize("path", ["", "/json"])
def test_another_server_at_the_address(stranger: str, path: str) -> None:
    with pytest.raises(ConfigurationError, match="SANDBOX_URL"):
        make_clock(load_settings({}, None, sandbox_url=stranger + path))


class World:
    """The part of a sandbox that names its addresses."""

    def environ(self) -> dict[str, str]:
        return {"SANDBOX_URL": "http://127.0.0.1:8099", "SMTP_HOST": "127.0.0.1"}


def test_a_world_is_a_valid_set_of_settings(tmp_path: Path) -> None:
    environ = world_environ(cast(SandboxProcess, World()))
    settings = load_settings(environ, None, data_dir=tmp_path)
    assert settings.sandbox_url == "http://127.0.0.1:8099"
    assert settings.smtp_host == "127.0.0.1"
    assert settings.email_sending_enabled is True
    assert settings.enrich_domain_pause_seconds.high == 0


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, False),
        ({"openai_api_key": "k"}, True),
        ({"openai_api_key": "k", "letters_provider": "template"}, False),
        ({"letters_provider": "openai"}, False),
        ({"letters_provider": "gigachat"}, False),
        ({"letters_provider": "gigachat", "gigachat_credentials": "az1iZW0="}, True),
    ],
)
def test_a_model_needs_a_key_and_a_wish(given: dict[str, Any], made: bool) -> None:
    assert (letter_model(load_settings({}, None, **given), SystemClock()) is not None) is made
