import asyncio
import base64
import io
import json
import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from povod.kit.errors import InputError
from povod.sandbox.models.gigachat import CORP_CREDENTIALS, CREDENTIALS, GigaChat

FACTS = {"occasion": "Новый год", "occasion_with": "с Новым годом", "tone": "warm"}
CHAT = {
    "model": "GigaChat",
    "messages": [
        {"role": "system", "content": "Правила"},
        {"role": "user", "content": json.dumps({"facts": FACTS}, ensure_ascii=False)},
    ],
}


@pytest.fixture
def service(still_clock):
    return GigaChat(clock=still_clock)


@pytest.fixture
def ask(service):
    async def send(method, path, **given):
        transport = httpx.ASGITransport(Starlette(routes=service.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, f"/gigachat{path}", **given)

    def call(method, path, **given):
        return asyncio.run(send(method, path, **given))

    return call


def oauth(ask, credentials=CREDENTIALS, scope="GIGACHAT_API_PERS", rq=None, scheme="Basic"):
    headers = {"Authorization": f"{scheme} {credentials}", "RqUID": rq or str(uuid4())}
    return ask("POST", "/api/v2/oauth", data={"scope": scope}, headers=headers)


@pytest.fixture
def bearer(ask):
    return {"Authorization": f"Bearer {oauth(ask).json()['access_token']}"}


def test_a_token_ends_after_half_an_hour_in_milliseconds(ask, still_clock, bearer):
    answer = oauth(ask).json()
    assert answer["expires_at"] == int(
        (still_clock.now() + timedelta(minutes=30)).timestamp() * 1000
    )
    assert ask("GET", "/v1/models", headers=bearer).status_code == 200
    still_clock.advance(1801)
    refused = ask("GET", "/v1/models", headers=bearer)
    assert (refused.status_code, refused.json()) == (
        401, {"status": 401, "message": "Token has expired"},
    )  # fmt: skip


def test_tokens_can_be_ended_early(ask, service, bearer):
    service.expire()
    assert ask("GET", "/v1/models", headers=bearer).status_code == 401
    assert ask("GET", "/v1/models").status_code == 401


@pytest.mark.parametrize(
    ("given", "status", "number"),
    [
        ({"rq": "no-uuid"}, 400, 4),
        ({"credentials": "not base64!"}, 400, 4),
        ({"scheme": "Bearer"}, 400, 4),
        ({"credentials": base64.b64encode(b"who:what").decode()}, 401, 6),
        ({"scope": ""}, 400, 5),
        ({"scope": "GIGACHAT_API_ALL"}, 400, 1),
        ({"scope": "GIGACHAT_API_CORP"}, 400, 7),
        ({"credentials": CORP_CREDENTIALS}, 400, 7),
    ],
)
def test_bad_requests_for_a_token(ask, given, status, number):
    answer = oauth(ask, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, number)


def test_a_company_has_its_own_scope(ask):
    assert oauth(ask, CORP_CREDENTIALS, "GIGACHAT_API_B2B").status_code == 200


def test_a_greeting_with_usage_on_both_addresses(ask, bearer, service):
    for base in ("/v1", "/api/v1"):
        answer = ask("POST", f"{base}/chat/completions", json=CHAT, headers=bearer).json()
        choice = answer["choices"][0]
        assert choice["finish_reason"] == "stop"
        assert json.loads(choice["message"]["content"])["tone"] == "warm"
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert len(service.log) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"model": ""},
        {"messages": "hello"},
        {"messages": []},
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]},
        {"messages": [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}]},
    ],
)
def test_bodies_that_the_service_refuses(ask, bearer, change):
    answer = ask("POST", "/v1/chat/completions", json=CHAT | change, headers=bearer)
    assert answer.status_code == 422
    assert answer.json()["status"] == 422


def test_no_json_and_too_much_of_it(ask, bearer):
    assert ask("POST", "/v1/chat/completions", content=b"{", headers=bearer).status_code == 400
    long = CHAT | {"messages": [{"role": "user", "content": "а" * 400_001}]}
    assert ask("POST", "/v1/chat/completions", json=long, headers=bearer).status_code == 413


@pytest.mark.parametrize(("model", "status"), [("http-402", 402), ("http-500", 500)])
def test_errors_by_the_model_s_name(ask, bearer, model, status):
    answer = ask("POST", "/v1/chat/completions", json=CHAT | {"model": model}, headers=bearer)
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_once_too_busy_then_well(ask, bearer):
    body = CHAT | {"model": "http-429"}
    first = ask("POST", "/v1/chat/completions", json=body, headers=bearer)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "1")
    assert ask("POST", "/v1/chat/completions", json=body, headers=bearer).status_code == 200


def test_planned_behaviours_whatever_the_name(ask, bearer, service):
    service.plan({"mode": "blacklist"})
    answer = ask("POST", "/v1/chat/completions", json=CHAT, headers=bearer).json()
    assert answer["choices"][0]["finish_reason"] == "blacklist"
    service.plan({"mode": "refusal"})
    answer = ask("POST", "/v1/chat/completions", json=CHAT, headers=bearer).json()
    assert "не могу" in answer["choices"][0]["message"]["content"]
    with pytest.raises(InputError, match="mode"):
        service.plan({"mode": "sing"})
    service.clear()
    assert ask("GET", "/v1/models", headers=bearer).status_code == 401


def test_tokens_are_counted(ask, bearer):
    answer = ask(
        "POST", "/v1/tokens/count", json={"model": "GigaChat", "input": ["привет", "а"]},
        headers=bearer,
    ).json()  # fmt: skip
    assert [item["characters"] for item in answer] == [6, 1]
    assert ask("POST", "/v1/tokens/count", json={}, headers=bearer).status_code == 422


def draw(ask, headers, model="GigaChat"):
    messages = [{"role": "user", "content": "Нарисуй: зимние ветви"}]
    body = {"model": model, "messages": messages, "function_call": "auto"}
    answer = ask("POST", "/v1/chat/completions", json=body, headers=headers).json()
    return answer["choices"][0]["message"]["content"]


def test_a_picture_belongs_to_who_asked_for_it(ask, bearer):
    mine = bearer | {"X-Client-ID": "one"}
    number = re.search(r'<img src="([\w-]+)"', draw(ask, mine))[1]
    answer = ask("GET", f"/v1/files/{number}/content", headers=mine)
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (1024, 1024)
    other = bearer | {"X-Client-ID": "two"}
    assert ask("GET", f"/v1/files/{number}/content", headers=other).status_code == 404
    assert ask("GET", "/v1/files/none/content", headers=mine).status_code == 404


def test_pictures_that_are_none(ask, bearer):
    assert "<img" not in draw(ask, bearer, "no-image")
    number = re.search(r'<img src="([\w-]+)"', draw(ask, bearer, "bad-image"))[1]
    assert ask("GET", f"/v1/files/{number}/content", headers=bearer).content == b"not a picture"


def test_everything_is_in_the_journal(ask, bearer, service):
    ask("POST", "/v1/chat/completions", json=CHAT, headers=bearer)
    found = service.journal.read("gigachat", "Новым годом")
    assert [entry["status"] for entry in found] == [200]
    assert service.journal.read("gigachat", "канарейка") == []
    assert service.journal.read("openai") == []
    assert service.journal.read(contains="НОВЫМ ГОДОМ")
    service.journal.clear()
    assert service.journal.read() == []
