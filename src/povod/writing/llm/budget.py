"""What a run may spend on a model: greetings, tokens of the day, and what it cost (G78)."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from povod.engine.quotas import Demand, Limit, Quotas
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.writing.llm.base import ChatRequest, ModelError, Usage

KEY = "llm:tokens"
DAY = 24 * 3600
DEFAULT_ANSWER = 1500
CHARS_PER_TOKEN = 2


class BudgetError(ModelError):
    """The run's greetings or the day's tokens are used up."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the budget of {what} is used up; templates write the rest", "budget")


@dataclass(frozen=True)
class Prices:
    """Money for a million tokens; zero when nobody said."""

    per_1m_in: Decimal = Decimal(0)
    per_1m_out: Decimal = Decimal(0)

    def cost(self, usage: Usage) -> Decimal:
        """What these tokens cost."""
        return usage.cost(self.per_1m_in, self.per_1m_out)

    @classmethod
    def of(cls, settings: Settings) -> "Prices":
        """The prices of the model that writes greetings."""
        if settings.llm_mode == "gigachat":
            return cls(settings.gigachat_price_in_1m, settings.gigachat_price_out_1m)
        return cls(settings.openai_price_in_1m, settings.openai_price_out_1m)


@dataclass(frozen=True)
class Spent:
    """What a run has used so far."""

    greetings: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)


class Budget:
    """One per run, shared by its threads; the day's tokens are shared by all processes."""

    def __init__(
        self,
        quotas: Quotas | None,
        *,
        daily_tokens: int,
        max_per_run: int,
        prices: Prices | None = None,
    ) -> None:
        self._quotas = quotas
        self._daily = daily_tokens
        self._most = max_per_run
        self.prices = prices or Prices()
        self._spent = Spent()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings, quotas: Quotas | None) -> "Budget":
        """The budget that the settings give a run."""
        return cls(
            quotas,
            daily_tokens=settings.llm_daily_tokens,
            max_per_run=settings.llm_max_per_run,
            prices=Prices.of(settings),
        )

    @property
    def spent(self) -> Spent:
        """The run's use, for its report."""
        return self._spent

    def begin(self) -> None:
        """One more greeting goes to the model, or `BudgetError`."""
        with self._lock:
            if self._spent.greetings >= self._most:
                raise BudgetError(f"{self._most} greetings a run (LLM_MAX_PER_RUN)")
            self._add(greetings=1)

    def reserve(self, request: ChatRequest) -> str:
        """Set tokens aside for one call, or `BudgetError`; the result goes to `settle`."""
        if self._quotas is None:
            return ""
        holder = f"llm:{new_id()}"
        amount = estimate(request)
        if amount > self._daily or self._take(amount, holder):
            raise BudgetError(f"{self._daily} tokens a day (LLM_DAILY_TOKENS)")
        return holder

    def settle(self, holder: str, usage: Usage) -> None:
        """Replace what was set aside by what was used; nothing used gives it all back."""
        with self._lock:
            self._add(usage=usage)
        if self._quotas is None:
            return
        used = min(usage.tokens_in + usage.tokens_out, self._daily)
        self._quotas.give_back(holder)
        if used:
            self._take(used, "")

    def _take(self, amount: int, holder: str) -> bool:
        """True when there is no room for them."""
        assert self._quotas is not None
        limits = [Limit(self._daily, DAY)]
        return self._quotas.take_all([Demand(KEY, limits, amount)], holder) > timedelta()

    def _add(self, greetings: int = 0, usage: Usage | None = None) -> None:
        now, used = self._spent, usage or Usage()
        self._spent = Spent(
            now.greetings + greetings,
            now.tokens_in + used.tokens_in,
            now.tokens_out + used.tokens_out,
            now.cost + self.prices.cost(used),
        )


def estimate(request: ChatRequest) -> int:
    """Tokens a call may use at most, on the careful side."""
    asked = len(request.system) + len(request.user)
    return asked // CHARS_PER_TOKEN + (request.max_tokens or DEFAULT_ANSWER)
