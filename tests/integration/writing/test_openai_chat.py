"""What only the OpenAI-shaped client does: two protocols, two ways to name a limit (G79)."""

import pytest
from model_server import Make, ModelServer, Reply, greeting

from povod.kit.errors import ConfigurationError
from povod.kit.settings import load_settings
from povod.writing.llm import ChatRequest, ModelAuthError, ModelFormError, ModelSpentError
from povod.writing.llm.openai import OpenAiChat, is_vendor

ASK = ChatRequest("Правила", "{}", {"type": "object"}, "greeting", max_tokens=700)


def test_responses_protocol_carries_the_same(make_model: Make, server: ModelServer) -> None:
    done = make_model("openai", openai_api="responses").complete(ASK)
    assert done.text == greeting()
    assert done.finish == "stop"
    [call] = server.chats()
    assert call.path == "/v1/responses"
    assert call.json["instructions"] == "Правила"
    assert call.json["max_output_tokens"] == 700
    assert call.json["text"]["format"]["name"] == "greeting"


@pytest.mark.parametrize("protocol", ["chat", "responses"])
def test_simpler_forms(make_model: Make, server: ModelServer, protocol: str) -> None:
    model = make_model("openai", openai_api=protocol)
    model.complete(ChatRequest("Правила", "{}", form="json_object"))
    model.complete(ChatRequest("Правила", "{}", form="none"))
    first, second = (call.json for call in server.chats())
    form = first["response_format"] if protocol == "chat" else first["text"]["format"]
    assert form == {"type": "json_object"}
    assert not {"response_format", "text", "max_tokens", "max_output_tokens"} & set(second)


@pytest.mark.parametrize("protocol", ["chat", "responses"])
@pytest.mark.parametrize(
    ("reply", "finish"),
    [
        (Reply("", refusal="Не могу"), "refused"),
        (Reply("{", finish="length"), "length"),
        (Reply("", finish="content_filter"), "refused"),
    ],
)
def test_how_an_answer_ended(
    make_model: Make, server: ModelServer, protocol: str, reply: Reply, finish: str
) -> None:
    server.script = [reply]
    assert make_model("openai", openai_api=protocol).complete(ASK).finish == finish


def test_a_used_up_quota_is_not_a_busy_service(make_model: Make, server: ModelServer) -> None:
    raw = b'{"error": {"message": "You exceeded", "code": "insufficient_quota"}}'
    server.script = [Reply(status=429, raw=raw)]
    with pytest.raises(ModelSpentError) as caught:
        make_model("openai").complete(ASK)
    assert caught.value.code == "http_429"


def test_a_refused_form_is_told_from_another_bad_request(
    make_model: Make, server: ModelServer
) -> None:
    raw = b'{"error": {"message": "unsupported", "param": "response_format"}}'
    server.script = [Reply(status=400, raw=raw)]
    with pytest.raises(ModelFormError):
        make_model("openai").complete(ASK)


def test_errors_never_repeat_the_prompt(make_model: Make, server: ModelServer) -> None:
    server.script = [Reply(status=401, raw='{"error": {"message": "Правила"}}'.encode())]
    with pytest.raises(ModelAuthError) as caught:
        make_model("openai").complete(ASK)
    assert "Правила" not in str(caught.value)


def test_the_vendor_needs_a_key_and_others_do_not() -> None:
    assert is_vendor("")
    assert is_vendor("https://api.openai.com/v1")
    assert not is_vendor("http://127.0.0.1:11434/v1")
    assert not is_vendor("https://openai.com.example.org/v1")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        OpenAiChat(load_settings({}, None), "gpt-4.1-mini")
