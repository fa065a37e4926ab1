"""The house's own loop of asking, mending and judging meets every behaviour of both models."""

from datetime import UTC, datetime

import pytest

from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.llm.build import greeting_model
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import Forms
from povod.writing.llm.greeting import ModelText
from povod.writing.llm.order import Order, write_order

CLIENT = GreetingFacts(
    occasion="День бухгалтера", occasion_instrumental="Днём бухгалтера", tone="warm",
    occasion_kind="professional", gender="f", first_name="Глафира", middle_name="Тихоновна",
    last_name="Канарейкина", company_name="Заозёрье-Канарский", okved="69.20",
)  # fmt: skip


def outcome(box, shape, name):
    clock = FixedClock(datetime.now(UTC))
    given = {"llm_mode": shape, f"{shape}_model": name, "openai_api_key": "sandbox"}
    model = greeting_model(load_settings(box.environ(), None, **given), clock)
    calls = Calls(model, Forms(clock), sleep=lambda _: None)
    written = write_order(calls, Order(facts=CLIENT))
    return "text" if isinstance(written, ModelText) else written.reason


@pytest.mark.parametrize("shape", ["openai", "gigachat"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("good", "text"),
        ("fenced", "text"),
        ("prose", "text"),
        ("newlines", "text"),
        ("trailing", "text"),
        ("http-429", "text"),
        ("http-422-schema", "text"),
        ("http-400-schema", "text"),
        ("slow-0.05", "text"),
        ("truncated", "truncated"),
        ("blacklist", "refused"),
        ("hallucinate", "violations:"),
        ("wrong-tone", "violations:"),
        ("wrong-case", "violations:"),
        ("short", "violations:"),
        ("echo", "bad_json"),
        ("empty", "bad_json"),
        ("http-402", "http_402"),
        ("http-500", "http_500"),
        ("http-429-always", "http_429"),
        ("drop", "timeout"),
    ],
)
def test_every_behaviour_has_its_outcome(box, shape, name, expected):
    assert outcome(box, shape, name).startswith(expected)
    for canary in ("Глафира", "Тихоновна", "Канарейкина", "Заозёрье"):
        assert box.get("/sandbox/journal", contains=canary)["total"] == 0
    assert box.get("/sandbox/journal", service=shape)["total"] > 0
