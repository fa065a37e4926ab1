"""What a run may spend: greetings, the day's tokens in the shared store, money (G78)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from model_server import Make, ModelServer, Reply, greeting

from povod.engine.quotas import Quotas
from povod.kit.clock import FixedClock
from povod.kit.settings import load_settings
from povod.store.db import Database
from povod.writing.llm import ChatRequest, Usage
from povod.writing.llm.budget import DAY, KEY, Budget, BudgetError, Prices, estimate
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import Forms
from povod.writing.llm.greeting import Fallback, Personal, PromptFacts, write_greeting

ASK = ChatRequest("x" * 200, "y" * 200, max_tokens=800)
FACTS = PromptFacts(
    occasion="День торговли", occasion_with="с Днём торговли", kind="professional", tone="warm"
)


@pytest.fixture
def quotas(db: Database, clock: FixedClock) -> Quotas:
    return Quotas(db, clock)


def test_what_was_set_aside_becomes_what_was_used(quotas: Quotas) -> None:
    budget = Budget(quotas, daily_tokens=5000, max_per_run=10)
    holder = budget.reserve(ASK)
    assert quotas.used(KEY, DAY) == estimate(ASK) == 1000
    budget.settle(holder, Usage(120, 80))
    assert quotas.used(KEY, DAY) == 200
    assert (budget.spent.tokens_in, budget.spent.tokens_out) == (120, 80)


def test_a_call_that_failed_costs_nothing(quotas: Quotas) -> None:
    budget = Budget(quotas, daily_tokens=5000, max_per_run=10)
    budget.settle(budget.reserve(ASK), Usage())
    assert quotas.used(KEY, DAY) == 0


def test_the_day_is_shared_and_passes(quotas: Quotas, clock: FixedClock) -> None:
    first = Budget(quotas, daily_tokens=1500, max_per_run=10)
    second = Budget(quotas, daily_tokens=1500, max_per_run=10)
    first.settle(first.reserve(ASK), Usage(500, 300))
    with pytest.raises(BudgetError, match="LLM_DAILY_TOKENS"):
        second.reserve(ASK)
    clock.advance(timedelta(days=1, seconds=1))
    assert second.reserve(ASK)


def test_a_day_too_small_for_one_call(quotas: Quotas) -> None:
    for daily in (0, 999):
        with pytest.raises(BudgetError):
            Budget(quotas, daily_tokens=daily, max_per_run=10).reserve(ASK)


def test_threads_never_overdraw(quotas: Quotas) -> None:
    budget = Budget(quotas, daily_tokens=3500, max_per_run=10)

    def ask(_: int) -> bool:
        try:
            budget.reserve(ASK)
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(8))) == 3


def test_a_run_has_so_many_greetings() -> None:
    budget = Budget(None, daily_tokens=1, max_per_run=2)
    budget.begin()
    budget.begin()
    with pytest.raises(BudgetError, match="LLM_MAX_PER_RUN"):
        budget.begin()
    assert budget.spent.greetings == 2


def test_prices_are_those_of_the_mode() -> None:
    values = {
        "openai_price_in_1m": "0.4",
        "openai_price_out_1m": "1.6",
        "gigachat_price_in_1m": "100",
        "gigachat_price_out_1m": "200",
    }
    openai = Budget.of(load_settings({}, None, llm_mode="openai", **values), None)
    openai.settle("", Usage(1000, 500))
    assert openai.spent.cost == Decimal("0.0012")
    gigachat = Prices.of(load_settings({}, None, llm_mode="gigachat", **values))
    assert gigachat.cost(Usage(1000, 500)) == Decimal("0.2")


def test_over_budget_the_template_writes(
    make_model: Make, shape: str, clock: FixedClock, server: ModelServer, quotas: Quotas
) -> None:
    server.script = [Reply(greeting(), tokens=(2000, 900))]
    calls = Calls(make_model(shape), Forms(clock), sleep=lambda _: None)
    budget = Budget(quotas, daily_tokens=6000, max_per_run=9, prices=Prices(Decimal(1), Decimal(2)))
    texts = [
        write_greeting(calls, FACTS, lambda d: (d, []), personal=Personal(), budget=budget)
        for _ in range(3)
    ]
    reasons = [text.reason if isinstance(text, Fallback) else "" for text in texts]
    assert reasons == ["", "", "budget"]
    assert texts[0].record.cost == Decimal("0.0038")
    assert quotas.used(KEY, DAY) == 2 * 2900
    assert len(server.chats()) == 2
