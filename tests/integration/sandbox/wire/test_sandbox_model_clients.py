"""The real client libraries against the sandbox's models, and a canary through the journal."""

import base64
import io
import json
from functools import cache

import openai
import pytest
from gigachat import GigaChat
from gigachat.exceptions import AuthenticationError, ResponseError
from PIL import Image

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails import check

FACTS = {
    "occasion": "День бухгалтера",
    "occasion_with": "с Днём бухгалтера",
    "kind": "professional",
    "tone": "warm",
    "language": "ru",
    "addressee": "one",
    "gender": "f",
    "min_chars": 450,
    "max_chars": 1200,
    "wish_max": 180,
}
TURNS = [
    {"role": "system", "content": "Правила. {{NAME}} не больше одного раза."},
    {"role": "user", "content": json.dumps({"facts": FACTS}, ensure_ascii=False)},
]


def gigachat(box, **given):
    environ = box.environ()
    options = {
        "base_url": environ["GIGACHAT_BASE_URL"],
        "auth_url": environ["GIGACHAT_OAUTH_URL"],
        "credentials": environ["GIGACHAT_CREDENTIALS"],
        "scope": "GIGACHAT_API_PERS",
        "max_retries": 0,
    }
    return GigaChat(**options | given)


@cache
def open_ai(box):
    url = box.environ()["OPENAI_BASE_URL"]
    return openai.OpenAI(api_key="sandbox", base_url=url, max_retries=0, timeout=5)


def test_gigachat_writes_with_its_own_client(box):
    with gigachat(box) as client:
        answer = client.chat({"model": "GigaChat", "messages": TURNS})
        names = [model.id_ for model in client.get_models().data]
        counted = client.tokens_count(["привет"], model="GigaChat")
    text = json.loads(answer.choices[0].message.content)
    assert text["tone"] == "warm"
    assert answer.usage.total_tokens > 0
    assert "good" in names
    assert counted[0].tokens > 0
    assert box.get("/sandbox/gigachat/log")["tokens"] == 1


def test_a_token_that_ended_gives_401_to_who_brings_it(box):
    with gigachat(box) as client:
        token = client.get_token().access_token
    box.post("/sandbox/gigachat/expire")
    with (
        gigachat(box, credentials=None, access_token=token) as client,
        pytest.raises(AuthenticationError),
    ):
        client.get_models()


def test_a_picture_with_its_own_client(box):
    from gigachat.context import client_id_cvar

    mark = client_id_cvar.set("picture-asker")
    try:
        with gigachat(box) as client:
            asked = {
                "model": "GigaChat",
                "messages": [{"role": "user", "content": "Нарисуй цветы"}],
                "function_call": "auto",
            }
            content = client.chat(asked).choices[0].message.content
            number = content.split('src="')[1].split('"')[0]
            image = client.get_image(number)
    finally:
        client_id_cvar.reset(mark)
    with Image.open(io.BytesIO(base64.b64decode(image.content))) as picture:
        assert picture.format == "JPEG"


@pytest.mark.parametrize(("model", "status"), [("http-402", 402), ("http-500", 500)])
def test_both_shapes_tell_the_same_error(box, model, status):
    with gigachat(box) as client, pytest.raises(ResponseError) as broken:
        client.chat({"model": model, "messages": TURNS})
    assert broken.value.status_code == status
    with pytest.raises(openai.APIStatusError) as refused:
        open_ai(box).chat.completions.create(model=model, messages=TURNS)
    assert refused.value.status_code == status


def test_both_shapes_can_vanish(box):
    with pytest.raises(openai.APIConnectionError):
        open_ai(box).chat.completions.create(model="drop", messages=TURNS)
    with (
        gigachat(box) as client,
        pytest.raises(Exception, match=r"(?i)disconnect|reset|closed|error"),
    ):
        client.chat({"model": "drop", "messages": TURNS})


@pytest.mark.parametrize(
    ("model", "finish"),
    [("good", "stop"), ("truncated", "length"), ("blacklist", "content_filter")],
)
def test_openai_finish_reasons(box, model, finish):
    answer = open_ai(box).chat.completions.create(model=model, messages=TURNS)
    assert answer.choices[0].finish_reason == finish
    said = open_ai(box).responses.create(model=model, input=TURNS[1]["content"])
    assert said.status == ("completed" if finish == "stop" else "incomplete")


def test_a_model_without_schemas_names_what_it_refuses(box):
    schema = {"name": "greeting", "strict": True, "schema": {"type": "object"}}
    with pytest.raises(openai.UnprocessableEntityError, match="response_format"):
        open_ai(box).chat.completions.create(
            model="http-422-schema",
            messages=TURNS,
            response_format={"type": "json_schema", "json_schema": schema},
        )
    with pytest.raises(openai.UnprocessableEntityError, match="response_format"):
        open_ai(box).responses.create(
            model="http-422-schema",
            input=TURNS[1]["content"],
            text={"format": {"type": "json_schema", **schema}},
        )
    plain = open_ai(box).chat.completions.create(model="http-422-schema", messages=TURNS)
    assert json.loads(plain.choices[0].message.content)["body"]


def test_a_canary_is_found_in_whatever_shape_it_left(box):
    canary = "Канарейкина Глафира"
    turn = {"role": "user", "content": canary}
    open_ai(box).chat.completions.create(model="good", messages=[turn])
    with gigachat(box) as client:
        client.chat({"model": "GigaChat", "messages": [turn]})
    for service in ("openai", "gigachat"):
        assert box.get("/sandbox/journal", service=service, contains=canary)["total"] == 1
    assert box.get("/sandbox/journal", contains="Никогда Такого")["total"] == 0


@pytest.mark.parametrize("tone", ["official", "warm"])
@pytest.mark.parametrize("addressee", ["one", "group"])
def test_good_greetings_break_no_rule_of_the_house(box, tone, addressee):
    known = GreetingFacts(
        tone=tone, addressee=addressee, gender="f", first_name="Анна", occasion="День бухгалтера",
        occasion_instrumental="Днём бухгалтера", occasion_kind="professional", source="model",
        placeholders=("NAME", "COMPANY"), known=("с Днём бухгалтера",),
    )  # fmt: skip
    facts = json.dumps(FACTS | {"tone": tone, "addressee": addressee}, ensure_ascii=False)
    for seed in range(8):
        answer = open_ai(box).chat.completions.create(
            model="good", messages=[{"role": "user", "content": facts}], seed=seed
        )
        text = json.loads(answer.choices[0].message.content)
        assert check(GreetingText(text["subject"], text["body"], text["wish"]), known) == []
