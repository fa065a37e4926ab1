import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette

from povod.kit.errors import InputError
from povod.sandbox.openai import MODES, Model

FACTS = {"brand": "Алми", "facts": [{"id": "f1", "quote": "Работаем 12 лет"}]}
KEY = {"Authorization": "Bearer sandbox-openai-key"}
CHAT = {
    "model": "gpt-4.1-mini",
    "messages": [
        {"role": "system", "content": "Пиши вежливо"},
        {"role": "user", "content": json.dumps(FACTS, ensure_ascii=False)},
    ],
}


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def ask(model):
    async def send(path, body, headers):
        transport = httpx.ASGITransport(Starlette(routes=model.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.post(path, json=body, headers=headers)

    def call(path="/openai/v1/chat/completions", body=CHAT, headers=KEY):
        return asyncio.run(send(path, body, headers))

    return call


def content(response) -> str:
    return response.json()["choices"][0]["message"]["content"]


def test_a_chat_answer_is_a_letter_with_usage(ask):
    response = ask()
    letter = json.loads(content(response))
    assert letter["claims"][0]["quote"] == "Работаем 12 лет"
    answer = response.json()
    assert answer["choices"][0]["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize(
    "asked",
    [
        json.dumps(FACTS, ensure_ascii=False),
        [{"role": "user", "content": [{"type": "input_text", "text": json.dumps(FACTS)}]}],
    ],
)
def test_a_responses_answer_is_the_same_letter(ask, asked):
    response = ask("/openai/v1/responses", {"model": "m", "input": asked})
    answer = response.json()
    text = answer["output"][0]["content"][0]["text"]
    assert answer["status"] == "completed"
    assert json.loads(text)["claims"][0]["fact_id"] == "f1"


def test_a_plan_lasts_as_many_calls_as_it_says(ask, model):
    model.plan({"mode": "empty", "times": 2})
    assert [content(ask()) == "" for _ in range(3)] == [True, True, False]


def test_wrong_json_is_no_json_but_a_text(ask, model):
    model.plan({"mode": "wrong_json"})
    with pytest.raises(ValueError):
        json.loads(content(ask()))


def test_a_refusal_in_both_protocols(ask, model):
    model.plan({"mode": "refusal", "times": None})
    message = ask().json()["choices"][0]["message"]
    assert message["content"] is None
    assert message["refusal"]
    part = ask("/openai/v1/responses", {"model": "m", "input": "x"}).json()["output"][0]["content"]
    assert part[0]["type"] == "refusal"


def test_a_truncated_answer_says_so_in_both_protocols(ask, model):
    model.plan({"mode": "truncated", "times": None})
    assert ask().json()["choices"][0]["finish_reason"] == "length"
    answer = ask("/openai/v1/responses", {"model": "m", "input": "x"}).json()
    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}


@pytest.mark.parametrize(
    ("mode", "code"),
    [("http_429", "rate_limit_exceeded"), ("http_500", "server_error"), ("http_401", "invalid")],
)
def test_planned_http_errors(ask, model, mode, code):
    model.plan({"mode": mode, "retry_after": 3})
    response = ask()
    assert response.status_code == int(mode[-3:])
    assert code in response.json()["error"]["code"]
    assert response.headers.get("retry-after") == ("3" if mode == "http_429" else None)


@pytest.mark.parametrize("mode", ["invented_number", "foreign_link", "quote_not_on_page"])
def test_spoilt_letters_are_still_valid_json(ask, model, mode):
    model.plan({"mode": mode})
    spoilt = json.loads(content(ask()))
    assert set(spoilt) == {"subject", "body", "claims"}
    assert spoilt != json.loads(content(ask()))


def test_a_share_of_prompts_goes_wrong_repeatably(ask, model):
    model.plan({"share": {"empty": 0.5}})

    def empty(n):
        return content(ask(body={"model": "m", "messages": [{"content": f"письмо {n}"}]})) == ""

    first = [empty(n) for n in range(30)]
    assert 5 < sum(first) < 25
    assert [empty(n) for n in range(30)] == first


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sandbox-openai-badkey"}])
def test_a_wrong_key_is_401(ask, headers):
    assert ask(headers=headers).status_code == 401


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"messages": []}])
def test_an_incomplete_request_is_400(ask, body):
    assert ask(body=body).status_code == 400


@pytest.mark.parametrize(
    "spec", [{"mode": "rude"}, {"share": {"rude": 1}}, {"mode": "slow", "x": 1}]
)
def test_an_unknown_plan_is_refused(model, spec):
    with pytest.raises(InputError):
        model.plan(spec)
    assert model.plans == []


def test_the_log_names_mode_and_prompt_and_clear_forgets(ask, model):
    model.plan({"mode": "empty", "times": None})
    ask()
    assert model.log[0]["mode"] == "empty"
    assert "Пиши вежливо" in model.log[0]["prompt"]
    model.clear()
    assert content(ask())
    assert len(model.log) == 1


def test_all_replies_of_the_specification_exist():
    assert len(MODES) == 13
