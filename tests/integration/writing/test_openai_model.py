"""The OpenAI-shaped model over a real socket: one call, one letter or one error of its class."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.writing.llm import (
    ModelAuthError,
    ModelBadAnswerError,
    ModelBusyError,
    ModelError,
)
from povod.writing.llm.openai import OpenAiLetterModel

QUOTE = "Ставим окна в Казани с 2009 года"
BRIEF = json.dumps(
    {
        "company": {"brand": "Окна Плюс", "city": "Казань"},
        "facts": [{"id": "f-1", "kind": "years", "quote": QUOTE}],
        "offer": {"sender_name": "Анна Смирнова", "call_to_action": "ответьте на письмо"},
    },
    ensure_ascii=False,
)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("model"), sites=7) as sandbox:
        yield sandbox


@pytest.fixture
def service(process: SandboxProcess) -> SandboxProcess:
    process.delete("/sandbox/openai/mode")
    return process


@pytest.fixture(params=["chat", "responses"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def model_for(service: SandboxProcess, protocol: str, **given: Any) -> OpenAiLetterModel:
    values = {"openai_api_key": "sandbox-key", "openai_api": protocol, **given}
    return OpenAiLetterModel(load_settings(service.environ(), None, **values))


def ask(service: SandboxProcess, protocol: str, mode: str, **plan: Any) -> Any:
    service.post("/sandbox/openai/mode", {"mode": mode, "times": 1, **plan})
    return model_for(service, protocol).write("Пиши письмо.", BRIEF)


def calls(service: SandboxProcess) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = service.get("/sandbox/openai/log")["entries"]
    return entries


def test_a_letter_with_its_claims_and_its_tokens(service: SandboxProcess, protocol: str) -> None:
    answer = ask(service, protocol, "correct")
    assert "Окна Плюс" in answer.letter.subject
    assert QUOTE in answer.letter.body
    [claim] = answer.letter.claims
    assert (claim.fact_id, claim.quote) == ("f-1", QUOTE)
    assert claim.sentence in answer.letter.body
    assert answer.model == "gpt-4.1-mini"
    assert answer.usage.tokens_in > 50
    assert answer.usage.tokens_out > 50


def test_system_and_brief_reach_the_path_of_the_protocol(
    service: SandboxProcess, protocol: str
) -> None:
    ask(service, protocol, "correct")
    [call] = calls(service)
    path = {"chat": "/openai/v1/chat/completions", "responses": "/openai/v1/responses"}
    assert call["path"] == path[protocol]
    assert "Пиши письмо." in call["prompt"]
    assert BRIEF in call["prompt"]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("wrong_json", "not JSON"),
        ("empty", "empty"),
        ("refusal", "refused"),
        ("truncated", "cut off"),
    ],
)
def test_what_is_no_letter_says_why(
    service: SandboxProcess, protocol: str, mode: str, reason: str
) -> None:
    with pytest.raises(ModelBadAnswerError, match=reason):
        ask(service, protocol, mode)


def test_too_many_requests_carry_the_time_to_wait(service: SandboxProcess, protocol: str) -> None:
    with pytest.raises(ModelBusyError, match="429") as caught:
        ask(service, protocol, "http_429", retry_after=90)
    assert caught.value.retry_after == 90


def test_server_error_is_a_busy_service(service: SandboxProcess, protocol: str) -> None:
    with pytest.raises(ModelBusyError, match="500") as caught:
        ask(service, protocol, "http_500")
    assert caught.value.retry_after == 0


def test_the_client_does_not_try_again_by_itself(service: SandboxProcess, protocol: str) -> None:
    with pytest.raises(ModelError):
        ask(service, protocol, "http_500")
    assert len(calls(service)) == 1


def test_revoked_key_names_the_variable(service: SandboxProcess, protocol: str) -> None:
    with pytest.raises(ModelAuthError, match="OPENAI_API_KEY"):
        ask(service, protocol, "http_401")


def test_bad_key_is_refused_and_never_repeated_in_the_message(
    service: SandboxProcess, protocol: str
) -> None:
    model = model_for(service, protocol, openai_api_key="sandbox-openai-badkey")
    with pytest.raises(ModelAuthError) as caught:
        model.write("Пиши письмо.", BRIEF)
    assert "badkey" not in str(caught.value)


def test_nobody_listens(service: SandboxProcess, protocol: str) -> None:
    model = model_for(service, protocol, openai_base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelBusyError, match="did not answer"):
        model.write("Пиши письмо.", BRIEF)


def test_wrong_address_is_not_busy_but_broken(service: SandboxProcess, protocol: str) -> None:
    model = model_for(service, protocol, openai_base_url=f"{service.api_url}/nothing")
    with pytest.raises(ModelBadAnswerError, match="404"):
        model.write("Пиши письмо.", BRIEF)
