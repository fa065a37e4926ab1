"""Attempts, waits and their counting, without a network (G77)."""

from typing import Any

import pytest

from povod.kit.clock import FixedClock
from povod.writing.llm import (
    ChatRequest,
    Completion,
    ModelBadAnswerError,
    ModelBusyError,
    ModelError,
    ModelFormError,
    Usage,
)
from povod.writing.llm.breaker import Breaker
from povod.writing.llm.calls import Calls, Effort
from povod.writing.llm.contract import Forms

ASK = ChatRequest("Правила", "{}")
GOOD = Completion("{}", "stop", Usage(3, 4), "m")


class Scripted:
    """A model that follows a script; the last entry repeats."""

    provider, name, base_url = "openai", "m", "http://model"

    def __init__(self, *script: Completion | BaseException) -> None:
        self.script = list(script)
        self.asked: list[ChatRequest] = []

    def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, BaseException):
            raise entry
        return entry

    def models(self) -> list[str]:
        return [self.name]


class Desk:
    def __init__(self, clock: FixedClock, *script: Any, share: float = 1) -> None:
        self.model = Scripted(*script)
        self.waits: list[float] = []
        self.calls = Calls(
            self.model,
            Forms(clock),
            breaker=Breaker(),
            sleep=self.waits.append,
            jitter=lambda low, high: low + share * (high - low),
        )
        self.effort = Effort()

    def ask(self) -> Completion:
        return self.calls.complete(ASK, self.effort)


def busy(after: float = 0) -> ModelBusyError:
    return ModelBusyError("busy", after, "http_503")


def test_three_attempts_and_no_more(clock: FixedClock) -> None:
    desk = Desk(clock, busy())
    with pytest.raises(ModelBusyError):
        desk.ask()
    assert len(desk.model.asked) == 3
    assert desk.waits == [2, 4]
    assert desk.effort.attempts == 3


def test_full_jitter_may_mean_no_wait_at_all(clock: FixedClock) -> None:
    desk = Desk(clock, busy(), GOOD, share=0)
    assert desk.ask() == GOOD
    assert desk.waits == [0]


@pytest.mark.parametrize(("asked", "waited"), [(9, 9), (0.5, 2), (60, 60), (61, 60), (9999, 60)])
def test_the_service_is_obeyed_up_to_a_minute(
    clock: FixedClock, asked: float, waited: float
) -> None:
    desk = Desk(clock, busy(asked), GOOD)
    desk.ask()
    assert desk.waits == [waited]


def test_what_is_no_busyness_is_not_tried_again(clock: FixedClock) -> None:
    desk = Desk(clock, ModelBadAnswerError("odd", "http_413"))
    with pytest.raises(ModelBadAnswerError):
        desk.ask()
    assert desk.effort.attempts == 1
    assert desk.waits == []


def test_a_refused_form_is_no_failure_and_needs_no_wait(clock: FixedClock) -> None:
    desk = Desk(clock, ModelFormError("no schema", "http_422"), GOOD)
    for _ in range(8):
        assert desk.ask() == GOOD
    assert [request.form for request in desk.model.asked[:3]] == [
        "json_schema", "json_object", "json_object",
    ]  # fmt: skip
    assert not desk.calls.breaker.is_open
    assert desk.waits == []


def test_a_service_that_refuses_even_plain_text_ends(clock: FixedClock) -> None:
    desk = Desk(clock, ModelFormError("no", "http_400"))
    with pytest.raises(ModelFormError):
        desk.ask()
    assert [request.form for request in desk.model.asked] == ["json_schema", "json_object", "none"]


def test_an_open_breaker_costs_no_wait(clock: FixedClock) -> None:
    desk = Desk(clock, busy())
    for _ in range(3):
        with pytest.raises(ModelError):
            desk.ask()
    assert desk.calls.breaker.is_open
    assert len(desk.model.asked) == 5
    assert desk.waits == [2, 4, 2]


def test_an_interrupted_call_leaves_the_breaker_as_it_was(clock: FixedClock) -> None:
    desk = Desk(clock, KeyboardInterrupt(), GOOD)
    with pytest.raises(KeyboardInterrupt):
        desk.ask()
    assert desk.ask() == GOOD
