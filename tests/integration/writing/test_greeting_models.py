"""Both kinds of model over a real socket: the same suite, the same outcomes (G70, G74-G77)."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from model_server import BODY, WISH, Make, ModelServer, Reply, greeting

from povod.kit.clock import FixedClock
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.llm import ChatRequest, ModelBadAnswerError, ModelError
from povod.writing.llm.build import greeting_model, missing_key, workers
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import REMEMBERED, Draft, Forms
from povod.writing.llm.greeting import (
    Fallback,
    ModelText,
    Personal,
    PromptFacts,
    write_greeting,
    write_many,
)
from povod.writing.llm.letters import ChatLetterModel

FACTS = PromptFacts(
    occasion="День строителя",
    occasion_with="с Днём строителя",
    kind="professional",
    tone="warm",
    industry="строительство зданий",
    profession="строитель",
)
PERSONAL = Personal(name="Наталья", company="Ромашка", words=("Олеговна", "Иванова"))


def accept(draft: Draft) -> tuple[Draft, list[Any]]:
    return draft, []


class Desk:
    """One run against one model, with waits written down instead of slept."""

    def __init__(self, make: Make, shape: str, clock: FixedClock, **given: Any) -> None:
        self.waits: list[float] = []
        self.forms = Forms(clock)
        self.model = make(shape, **given)
        self.calls = Calls(
            self.model, self.forms, sleep=self.waits.append, jitter=lambda low, high: high
        )

    def write(
        self, facts: PromptFacts = FACTS, personal: Personal = PERSONAL, review: Any = accept
    ) -> ModelText | Fallback:
        return write_greeting(self.calls, facts, review, personal=personal)


@pytest.fixture
def desk(make_model: Make, shape: str, clock: FixedClock) -> Desk:
    return Desk(make_model, shape, clock)


def test_a_text_with_its_record(desk: Desk, server: ModelServer, shape: str) -> None:
    text = desk.write()
    assert isinstance(text, ModelText)
    assert text.draft.body == BODY
    assert text.draft.wish == WISH
    record = text.record
    assert (record.provider, record.finish_reason, record.attempts) == (shape, "stop", 1)
    assert (record.tokens_in, record.tokens_out) == (400, 300)
    assert record.prompt_version == "greeting-ru-1"
    assert len(record.prompt_hash) == 64
    [call] = server.chats()
    assert call.path == "/v1/chat/completions"
    assert [turn["role"] for turn in call.json["messages"]] == ["system", "user"]
    assert call.json["response_format"]["type"] == "json_schema"
    assert call.json["max_tokens"] == 1500
    facts = json.loads(call.json["messages"][1]["content"])["facts"]
    assert facts["occasion_with"] == "с Днём строителя"


def test_placeholders_are_filled_here_after_the_review(desk: Desk, server: ModelServer) -> None:
    body = BODY.replace("Примите", "{{NAME}}, примите") + " Успехов компании {{COMPANY}}."
    server.script = [Reply(greeting(body=body))]
    seen: list[str] = []

    def review(draft: Draft) -> tuple[Draft, list[Any]]:
        seen.append(draft.body)
        return draft, []

    text = desk.write(review=review)
    assert isinstance(text, ModelText)
    assert "{{NAME}}" in seen[0]
    assert "Наталья, примите" in text.draft.body
    assert text.draft.body.endswith("компании Ромашка.")
    assert "{{COMPANY}}" in text.raw.body


@pytest.mark.parametrize(
    ("spoil", "step"),
    [
        (lambda text: f"```json\n{text}\n```", "fence"),
        (lambda text: f"Вот поздравление:\n{text}\nГотово!", "prose"),
        (lambda text: text.replace("\\n", "\n"), "newlines"),
        (lambda text: text[:-1] + ",}", "commas"),
        (lambda text: f"\ufeff{text}", "bom"),
        (lambda text: f"[{text}]", "array"),
    ],
)
def test_what_can_be_mended_is_mended_and_counted(
    desk: Desk, server: ModelServer, spoil: Callable[[str], str], step: str
) -> None:
    server.script = [Reply(spoil(greeting()))]
    text = desk.write()
    assert isinstance(text, ModelText)
    assert text.record.repair_steps == (step,)
    assert text.draft.body == BODY


def test_a_bad_first_answer_is_asked_again_with_its_codes(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(greeting(body="Слишком коротко.")), Reply(greeting())]

    def review(draft: Draft) -> tuple[Draft, list[Any]]:
        short = len(draft.body) < 100
        return draft, [Problem("length", "the body has 16 characters")] if short else []

    text = desk.write(review=review)
    assert isinstance(text, ModelText)
    assert text.record.rejected == ("length",)
    assert text.record.attempts == 2
    assert text.record.tokens_in == 800
    second = json.loads(server.chats()[1].json["messages"][1]["content"])
    assert second["problems"] == [{"code": "length", "reason": "the body has 16 characters"}]
    assert "Слишком коротко" not in server.chats()[1].body.decode()


class Problem:
    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason


def test_two_bad_answers_leave_it_to_the_template(desk: Desk, server: ModelServer) -> None:
    def review(draft: Draft) -> tuple[Draft, list[Any]]:
        return draft, [Problem("money", "a sum"), Problem("url", "a link"), Problem("url", "two")]

    text = desk.write(review=review)
    assert isinstance(text, Fallback)
    assert text.reason == "violations:money,url"
    assert text.record.rejected == ("money", "url")
    assert len(server.chats()) == 2


def test_another_tone_is_a_violation_and_never_coerced(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(greeting(tone="official"))]
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "violations:tone"


def test_a_name_where_there_is_none_is_refused(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(greeting(body="{{NAME}}, " + BODY))]
    text = desk.write(personal=Personal(company="Ромашка"))
    assert isinstance(text, Fallback)
    assert text.reason == "violations:placeholder"


def test_a_cut_answer_is_asked_again_with_twice_the_room(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(greeting()[:60], finish="length"), Reply(greeting())]
    text = desk.write()
    assert isinstance(text, ModelText)
    assert [call.json["max_tokens"] for call in server.chats()] == [1500, 3000]
    server.script = [Reply(greeting()[:60], finish="length")]
    again = desk.write()
    assert isinstance(again, Fallback)
    assert again.reason == "truncated"


def test_cut_json_under_a_good_finish_is_bad_json(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(greeting()[:60])]
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "bad_json"
    assert len(server.chats()) == 2


@pytest.mark.parametrize("finish", ["blacklist", "content_filter"])
def test_a_filter_ends_it_at_once(desk: Desk, server: ModelServer, finish: str) -> None:
    server.script = [Reply("", finish=finish)]
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "refused"
    assert len(server.chats()) == 1


def test_an_empty_answer_is_bad_json(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply("")]
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "bad_json"


def test_a_busy_service_is_waited_for(desk: Desk, server: ModelServer) -> None:
    server.script = [
        Reply(status=429, headers={"Retry-After": "7"}),
        Reply(status=503),
        Reply(greeting()),
    ]
    text = desk.write()
    assert isinstance(text, ModelText)
    assert text.record.attempts == 3
    assert desk.waits == [7, 4]


def test_no_wait_is_longer_than_a_minute(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=429, headers={"Retry-After": "3600"}), Reply(greeting())]
    assert isinstance(desk.write(), ModelText)
    assert desk.waits == [60]


def test_busy_for_ever_costs_five_calls_in_all(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=429)]
    reasons = [fallback.reason for fallback in map(lambda _: desk.write(), range(6))]  # noqa: C417
    assert reasons == ["http_429", "breaker", *["breaker"] * 4]
    assert len(server.chats()) == 5


def test_five_at_most_however_many_threads_ask(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=500, seconds=0.02)]
    found = write_many(range(12), lambda _: desk.write(), 8)
    assert all(isinstance(text, Fallback) for text in found)
    assert len(server.chats()) == 5


def test_a_spent_account_stops_the_run_at_once(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=402)]
    reasons = [desk.write().reason for _ in range(3)]  # type: ignore[union-attr]
    assert reasons == ["http_402", "breaker", "breaker"]
    assert len(server.chats()) == 1


def test_another_client_error_is_not_repeated(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=413)]
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "http_413"
    assert len(server.chats()) == 1
    assert desk.waits == []


def test_a_dropped_connection_is_tried_again(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(drop=True), Reply(greeting())]
    assert isinstance(desk.write(), ModelText)


def test_a_slow_service_is_a_timeout(
    make_model: Make, shape: str, clock: FixedClock, server: ModelServer
) -> None:
    server.script = [Reply(greeting(), seconds=0.4)]
    desk = Desk(make_model, shape, clock, openai_timeout_sec=0.1, gigachat_timeout_sec=0.1)
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "timeout"
    assert text.record.attempts == 3


@pytest.mark.parametrize("status", [400, 422])
def test_a_service_without_schemas_is_asked_in_simpler_forms(
    desk: Desk, server: ModelServer, clock: FixedClock, status: int
) -> None:
    def by_form(body: dict[str, Any]) -> Reply:
        if "response_format" in body:
            raw = b'{"status": 422, "message": "response_format is not supported"}'
            return Reply(status=status, raw=raw)
        return Reply(greeting())

    server.script = [by_form]
    assert isinstance(desk.write(), ModelText)
    asked = [call.json.get("response_format", {}).get("type") for call in server.chats()]
    assert asked == ["json_schema", "json_object", None]
    assert isinstance(desk.write(), ModelText)
    assert len(server.chats()) == 4
    clock.advance(REMEMBERED)
    desk.write()
    assert server.chats()[4].json["response_format"]["type"] == "json_schema"


def test_an_answer_of_no_known_shape_is_a_bad_answer(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(raw=b'{"hello": 1}')]
    with pytest.raises(ModelError):
        desk.model.complete(ChatRequest("Правила", "{}"))
    text = desk.write()
    assert isinstance(text, Fallback)
    assert text.reason == "bad_json"


def test_letters_come_through_the_same_clients(desk: Desk, server: ModelServer) -> None:
    letter = {"subject": "Тема письма", "body": "Текст", "claims": []}
    server.script = [Reply(json.dumps(letter)), Reply("", finish="length"), Reply("ничего")]
    writer = ChatLetterModel(desk.model)
    assert writer.write("Правила", "{}").letter.subject == "Тема письма"
    with pytest.raises(ModelBadAnswerError, match="cut off"):
        writer.write("Правила", "{}")
    with pytest.raises(ModelBadAnswerError, match="not JSON"):
        writer.write("Правила", "{}")


def test_no_key_needs_no_call() -> None:
    text = write_greeting(None, FACTS, accept, personal=PERSONAL)
    assert isinstance(text, Fallback)
    assert text.reason == "no_key"


def test_a_mode_without_its_key_says_which(
    settings_for: Callable[..., Settings], clock: FixedClock
) -> None:
    vendor = settings_for("openai", openai_api_key=None, openai_base_url="")
    assert missing_key(vendor) == "OPENAI_API_KEY"
    assert greeting_model(vendor, clock) is None
    own = settings_for("openai", openai_api_key=None)
    assert missing_key(own) == ""
    assert greeting_model(own, clock) is not None
    sber = settings_for("gigachat", gigachat_credentials=None)
    assert missing_key(sber) == "GIGACHAT_CREDENTIALS"
    assert greeting_model(sber, clock) is None
    assert missing_key(settings_for("template")) == ""
    assert greeting_model(settings_for("template"), clock) is None


def test_the_personal_contract_gets_one_call_at_a_time(
    settings_for: Callable[..., Settings],
) -> None:
    assert workers(settings_for("gigachat")) == 1
    assert workers(settings_for("gigachat", gigachat_scope="GIGACHAT_API_B2B")) == 4
    assert workers(settings_for("openai", llm_concurrency=6)) == 6


def test_a_key_of_somebody_else_is_not_tried_again(desk: Desk, server: ModelServer) -> None:
    server.script = [Reply(status=403)]
    reasons = [desk.write().reason for _ in range(2)]  # type: ignore[union-attr]
    assert reasons == ["http_403", "breaker"]


def test_forty_greetings_share_one_token_and_four_lanes(
    make_model: Make, shape: str, clock: FixedClock, server: ModelServer
) -> None:
    server.script = [Reply(greeting(), seconds=0.05)]
    desk = Desk(make_model, shape, clock)
    started = time.monotonic()
    found = write_many(range(40), lambda _: desk.write(), 4)
    took = time.monotonic() - started
    assert all(isinstance(text, ModelText) for text in found)
    assert len(server.oauths()) == (1 if shape == "gigachat" else 0)
    assert 0.5 <= took < 2.5


def test_write_many_keeps_the_order() -> None:
    gate = threading.Barrier(2)

    def write(number: int) -> int:
        gate.wait(5)
        return number * 2

    assert write_many([1, 2, 3, 4], write, 2) == [2, 4, 6, 8]
    assert write_many([1, 2], lambda number: number, 1) == [1, 2]


def test_unverified_tls_is_for_this_machine_only(
    settings_for: Callable[..., Settings], clock: FixedClock
) -> None:
    far = settings_for(
        "gigachat",
        gigachat_verify_ssl_certs=False,
        gigachat_base_url="https://api.giga.chat/v1",
    )
    with pytest.raises(ConfigurationError, match="GIGACHAT_CA_BUNDLE_FILE"):
        greeting_model(far, clock)
    near = settings_for("gigachat", gigachat_verify_ssl_certs=False)
    assert greeting_model(near, clock) is not None
