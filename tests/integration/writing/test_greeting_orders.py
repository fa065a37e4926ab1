"""Whole orders against the sandbox's models in both shapes: facts in, checked text out (G156)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from povod.kit.clock import SystemClock
from povod.kit.settings import load_settings
from povod.sandbox.process import SandboxProcess, start_sandbox
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.llm.build import greeting_model
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import Forms
from povod.writing.llm.greeting import Fallback, ModelText
from povod.writing.llm.order import Order, personal_of, prompt_facts, write_order

FACTS = GreetingFacts(
    occasion_kind="professional",
    tone="warm",
    gender="f",
    first_name="Наталья",
    middle_name="Олеговна",
    last_name="Вознесенская",
    company_name="ООО «Чароит»",
    occasion="День строителя",
    occasion_instrumental="Днём строителя",
    occasion_code="builder_day",
    okved="41.20",
    client_id="c-1",
    sender_company="Ромашка",
)
ORDER = Order(facts=FACTS, profession="строитель", segment_hint="давний клиент")

Write = Callable[..., ModelText | Fallback]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with start_sandbox(tmp_path_factory.mktemp("orders"), sites=7) as sandbox:
        yield sandbox


@pytest.fixture
def write(process: SandboxProcess, shape: str) -> Write:
    process.delete("/sandbox/journal")
    waits: list[float] = []

    def run(name: str, order: Order = ORDER, **given: Any) -> ModelText | Fallback:
        api = process.api_url
        settings = load_settings(
            {},
            None,
            llm_mode=shape,
            openai_base_url=f"{api}/openai/v1",
            openai_api_key="sandbox-key",
            openai_model=name,
            gigachat_base_url=f"{api}/gigachat/v1",
            gigachat_oauth_url=f"{api}/gigachat/api/v2/oauth",
            gigachat_credentials="c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=",
            gigachat_model=name,
            **given,
        )
        clock = SystemClock()
        model = greeting_model(settings, clock)
        assert model is not None
        return write_order(Calls(model, Forms(clock), sleep=waits.append), order)

    return run


def journal(process: SandboxProcess) -> str:
    return str(process.get("/sandbox/journal?limit=1000"))


@pytest.mark.parametrize(
    ("name", "step"),
    [("good", ""), ("fenced", "fence"), ("prose", "prose"), ("newlines", "newlines"),
     ("trailing", "commas"), ("http-429", ""), ("http-422-schema", ""), ("http-400-schema", "")],
)  # fmt: skip
def test_a_text_arrives(write: Write, name: str, step: str) -> None:
    text = write(name)
    assert isinstance(text, ModelText), text
    assert step in text.record.repair_steps if step else not text.record.repair_steps
    assert "{{" not in f"{text.draft.subject}{text.draft.body}{text.draft.wish}"
    assert 450 <= len(text.draft.body) <= 1200
    assert 40 <= len(text.draft.wish) <= 180


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated", "truncated"),
        ("blacklist", "refused"),
        ("empty", "bad_json"),
        ("echo", "bad_json"),
        ("short", "violations:.*length"),
        ("wrong-tone", "violations:.*tone"),
        ("wrong-case", "violations:.*title_form"),
        ("hallucinate", "violations:.*(foreign_number|money|url|foreign_name)"),
        ("drop", "timeout|breaker"),
        ("http-500", "http_500"),
        ("http-402", "http_402"),
        ("http-429-always", "http_429"),
    ],
)
def test_the_template_must_write(write: Write, name: str, reason: str) -> None:
    text = write(name)
    assert isinstance(text, Fallback), text
    assert re.fullmatch(reason + ".*", text.reason)


def test_a_slow_model_is_given_up(write: Write) -> None:
    given = {"openai_timeout_sec": 0.2, "gigachat_timeout_sec": 0.2}
    text = write("slow-0.6", **given)
    assert isinstance(text, Fallback)
    assert text.reason == "timeout"


def test_english_and_groups(write: Write) -> None:
    english = replace(
        FACTS, language="en", occasion="Builder's Day", occasion_instrumental="Builder's Day",
        first_name="Jane", middle_name="", last_name="Smith",
    )  # fmt: skip
    assert isinstance(write("good", Order(facts=english)), ModelText)
    group = replace(
        FACTS, addressee="group", gender=None, first_name="", middle_name="", last_name=""
    )
    text = write("good", Order(facts=group))
    assert isinstance(text, ModelText), text
    assert "Вы " not in text.draft.body


def test_no_canary_in_the_journal(
    write: Write, process: SandboxProcess, caplog: pytest.LogCaptureFixture
) -> None:
    manual = replace(
        FACTS,
        occasion_kind="manual",
        occasion="Юбилей Натальи Вознесенской из «Чароита»",
        occasion_instrumental="юбилеем работы Натальи Олеговны",
        recent_texts=("Наталья Олеговна, рады поздравить! Успехов, «Чароит».",),
    )
    write("good", Order(facts=manual))
    sent = journal(process).casefold()
    assert "{{name}}" in sent
    for canary in ("натал", "олеговн", "вознесенск", "чароит"):
        assert canary not in sent
        assert canary not in caplog.text.casefold()


def test_what_is_kept_at_home_and_what_is_sent() -> None:
    sent = prompt_facts(ORDER).as_json()
    assert sent["occasion_with"] == "с Днём строителя"
    assert sent["gender"] == "f"
    assert sent["profession"] == "строитель"
    assert sent["industry"]
    personal = personal_of(FACTS)
    assert personal.name == "Наталья"
    assert personal_of(replace(FACTS, tone="official")).name == "Наталья Олеговна"
    assert "Вознесенская" in personal.words
    assert personal_of(replace(FACTS, addressee="group")).name == ""
