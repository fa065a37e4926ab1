"""GigaChat's token, TLS and pictures over a real socket (G77, G79, G112)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from model_server import Make, ModelServer, Reply, greeting

from povod.kit.clock import FixedClock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.llm import (
    ChatRequest,
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    ModelSpentError,
)
from povod.writing.llm.gigachat import GigaChatModel
from povod.writing.llm.images import GigaChatImages

ASK = ChatRequest("Правила", "{}")


def test_oauth_sends_what_the_service_wants(make_model: Make, server: ModelServer) -> None:
    make_model("gigachat", gigachat_scope="GIGACHAT_API_CORP").complete(ASK)
    [call] = server.oauths()
    headers = {name.lower(): value for name, value in call.headers.items()}
    assert len(headers["rquid"]) == 36
    assert headers["authorization"].startswith("Basic ")
    assert call.body == b"scope=GIGACHAT_API_CORP"
    [chat] = server.chats()
    assert chat.headers["Authorization"] == "Bearer token-1"


def test_the_token_is_renewed_a_minute_before_its_end(
    make_model: Make, server: ModelServer, clock: FixedClock
) -> None:
    model = make_model("gigachat")
    model.complete(ASK)
    clock.advance(timedelta(minutes=28, seconds=59))
    model.complete(ASK)
    assert len(server.tokens) == 1
    clock.advance(timedelta(seconds=2))
    model.complete(ASK)
    assert server.tokens == ["token-1", "token-2"]


def test_a_refused_token_is_renewed_once(make_model: Make, server: ModelServer) -> None:
    model = make_model("gigachat")
    model.complete(ASK)
    server.refuse_tokens = {"token-1"}
    model.complete(ASK)
    assert server.tokens == ["token-1", "token-2"]
    server.refuse_tokens = {"token-2", "token-3"}
    with pytest.raises(ModelAuthError, match="GIGACHAT_CREDENTIALS") as caught:
        model.complete(ASK)
    assert server.tokens == ["token-1", "token-2", "token-3"]
    assert caught.value.code == "http_401"


@pytest.mark.parametrize("status", [401, 400])
def test_a_bad_key_is_named_and_not_repeated(
    make_model: Make, server: ModelServer, status: int
) -> None:
    server.oauth_status = status
    with pytest.raises((ModelAuthError, ModelBadAnswerError)) as caught:
        make_model("gigachat").complete(ASK)
    assert caught.value.code == f"http_{status}"
    assert "Y2xpZW50" not in str(caught.value)
    assert not server.chats()


def test_a_spent_package_is_told_apart(make_model: Make, server: ModelServer) -> None:
    server.script = [Reply(status=402)]
    with pytest.raises(ModelSpentError, match="quota"):
        make_model("gigachat").complete(ASK)


def test_nobody_listens(make_model: Make) -> None:
    model = make_model("gigachat", gigachat_oauth_url="http://127.0.0.1:9/oauth")
    with pytest.raises(ModelBusyError, match="did not answer"):
        model.complete(ASK)


def test_the_environment_does_not_reach_the_package(
    make_model: Make, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIGACHAT_MAX_RETRIES", "5")
    monkeypatch.setenv("GIGACHAT_MODEL", "Another")
    monkeypatch.setenv("GIGACHAT_VERIFY_SSL_CERTS", "false")
    server.script = [Reply(status=500)]
    with pytest.raises(ModelBusyError):
        make_model("gigachat").complete(ASK)
    [call] = server.chats()
    assert call.json["model"] == "GigaChat"


def test_a_root_certificate_that_is_none_is_named(
    settings_for: Callable[..., Settings], clock: FixedClock, tmp_path: Path
) -> None:
    bundle = tmp_path / "root.pem"
    bundle.write_text("no certificate")
    for path in (bundle, tmp_path / "missing.pem"):
        settings = settings_for("gigachat", gigachat_ca_bundle_file=path)
        with pytest.raises(ConfigurationError, match="GIGACHAT_CA_BUNDLE_FILE"):
            GigaChatModel(settings, clock)


def test_credentials_are_asked_for_by_name(
    settings_for: Callable[..., Settings], clock: FixedClock
) -> None:
    with pytest.raises(ConfigurationError, match="GIGACHAT_CREDENTIALS"):
        GigaChatModel(settings_for("gigachat", gigachat_credentials=None), clock)


@pytest.fixture
def painter(settings_for: Callable[..., Settings], clock: FixedClock) -> GigaChatImages:
    return GigaChatImages(settings_for("gigachat"), clock)


def test_a_picture_is_fetched_by_who_asked_for_it(
    painter: GigaChatImages, server: ModelServer
) -> None:
    server.picture = b"\xff\xd8 picture"
    server.script = [Reply('Готово <img src="3f-1" fuse="true"/> вот')]
    assert painter.draw("winter") == b"\xff\xd8 picture"
    [chat] = server.chats()
    assert chat.json["function_call"] == "auto"
    asked = chat.json["messages"][1]["content"]
    assert asked == "Нарисуй: зимние еловые ветви и снег по краям"
    assert "без текста" in chat.json["messages"][0]["content"]
    file = server.seen[-1]
    assert file.path == "/v1/files/3f-1/content"
    assert file.headers["X-Client-ID"] == chat.headers["X-Client-ID"]


def test_two_pictures_have_two_owners(painter: GigaChatImages, server: ModelServer) -> None:
    server.script = [Reply('<img src="a"/>')]
    painter.draw("floral")
    painter.draw("unknown theme")
    first, second = (call.headers["X-Client-ID"] for call in server.chats())
    assert first != second


@pytest.mark.parametrize("text", ["Не могу нарисовать", "", greeting()])
def test_words_instead_of_a_picture(
    painter: GigaChatImages, server: ModelServer, text: str
) -> None:
    server.script = [Reply(text)]
    with pytest.raises(ModelBadAnswerError, match="no picture"):
        painter.draw("spring")
