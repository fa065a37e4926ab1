"""When a run gives a model up, and what a token costs many threads (G77, G186)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from povod.kit.clock import FixedClock
from povod.writing.llm import ModelAuthError, ModelBusyError, ModelSpentError
from povod.writing.llm.breaker import Breaker, BreakerOpenError
from povod.writing.llm.gigachat_token import NEVER, Token, expiry

BUSY = ModelBusyError("busy")


def fail(breaker: Breaker, error: Exception = BUSY) -> None:
    breaker.enter()
    breaker.failed(error)  # type: ignore[arg-type]


def test_five_failures_in_a_row_open_it() -> None:
    breaker = Breaker()
    for _ in range(4):
        fail(breaker)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open
    with pytest.raises(BreakerOpenError) as caught:
        breaker.enter()
    assert caught.value.code == "breaker"


def test_an_answer_forgives_what_was_before() -> None:
    breaker = Breaker()
    for _ in range(4):
        fail(breaker)
    breaker.enter()
    breaker.answered()
    for _ in range(4):
        fail(breaker)
    assert not breaker.is_open


@pytest.mark.parametrize("error", [ModelAuthError("key"), ModelSpentError("money")])
def test_a_pointless_model_is_given_up_at_once(error: Exception) -> None:
    breaker = Breaker()
    fail(breaker, error)
    assert breaker.is_open


def test_a_call_that_broke_off_counts_for_nothing() -> None:
    breaker = Breaker(most=1)
    breaker.enter()
    breaker.left()
    breaker.enter()
    assert not breaker.is_open


def test_no_more_calls_under_way_than_failures_left() -> None:
    breaker = Breaker(most=2)
    breaker.enter()
    breaker.enter()
    entered = threading.Event()

    def third() -> None:
        try:
            breaker.enter()
        except BreakerOpenError:
            return
        entered.set()

    thread = threading.Thread(target=third)
    thread.start()
    assert not entered.wait(0.05)
    breaker.failed(BUSY)
    assert not entered.wait(0.05)
    breaker.failed(BUSY)
    thread.join(2)
    assert not thread.is_alive()
    assert not entered.is_set()


def test_a_proved_service_takes_any_number() -> None:
    breaker = Breaker(most=2)
    breaker.enter()
    breaker.answered()
    for _ in range(10):
        breaker.enter()
    assert not breaker.is_open


def test_many_threads_fetch_one_token(clock: FixedClock) -> None:
    fetched: list[str] = []

    def fetch() -> tuple[str, datetime]:
        time.sleep(0.01)
        fetched.append(f"t{len(fetched)}")
        return fetched[-1], clock.now() + timedelta(minutes=30)

    token = Token(fetch, clock)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: token.get(), range(30))) == {"t0"}
        assert set(pool.map(lambda _: token.renew("t0"), range(30))) == {"t1"}
    assert fetched == ["t0", "t1"]


def test_a_token_without_an_end_is_never_renewed(clock: FixedClock) -> None:
    assert expiry(0) == NEVER
    assert expiry(1_700_000_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    token = Token(lambda: ("t", NEVER), clock)
    token.get()
    clock.advance(timedelta(days=9999))
    assert token.get() == "t"
