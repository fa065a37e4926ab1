"""Calls of one run to one model: attempts, waiting, the breaker, the form of answers (G77).

The clients themselves never try again; how long to wait and when to stop is decided here only.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from povod.writing.llm.base import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelBusyError,
    ModelError,
    ModelFormError,
)
from povod.writing.llm.breaker import Breaker
from povod.writing.llm.contract import Forms, complete_in_form

ATTEMPTS = 3
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0


@dataclass
class Effort:
    """What a greeting cost so far beside tokens: HTTP calls and milliseconds."""

    attempts: int = 0
    ms: int = 0


class Calls:
    """One per run, shared by its threads."""

    def __init__(
        self,
        model: ChatModel,
        forms: Forms,
        *,
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.model = model
        self.breaker = breaker or Breaker()
        self._forms = forms
        self._sleep = sleep
        self._jitter = jitter

    def complete(self, request: ChatRequest, effort: Effort) -> Completion:
        """A completion after at most three attempts; `ModelError` says why there is none."""
        for attempt in range(1, ATTEMPTS):
            try:
                return self._once(request, effort)
            except ModelBusyError as error:
                if not self.breaker.is_open:
                    self._sleep(self._wait(attempt, error.retry_after))
        return self._once(request, effort)

    def _wait(self, attempt: int, retry_after: float) -> float:
        """At least what the service asks for, at most a minute; full jitter otherwise."""
        drawn = self._jitter(0, min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
        return min(LONGEST_WAIT, max(retry_after, drawn))

    def _once(self, request: ChatRequest, effort: Effort) -> Completion:
        return complete_in_form(
            self.model, request, self._forms, lambda formed: self._call(formed, effort)
        )

    def _call(self, request: ChatRequest, effort: Effort) -> Completion:
        self.breaker.enter()
        effort.attempts += 1
        started = time.monotonic()
        outcome: Callable[[], None] = self.breaker.left
        try:
            completion = self.model.complete(request)
            outcome = self.breaker.answered
        except ModelFormError:
            outcome = self.breaker.answered
            raise
        except ModelError as error:
            outcome = partial(self.breaker.failed, error)
            raise
        finally:
            effort.ms += round((time.monotonic() - started) * 1000)
            outcome()
        return completion
