"""One greeting from a model: ask, mend, judge, ask once more, or leave it to the template (G76).

The model never learns who is greeted: names are put in here, after its text was judged.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

from povod.writing.llm.base import MAX_TOKENS, ChatRequest, Completion, ModelError, Usage
from povod.writing.llm.budget import Budget
from povod.writing.llm.calls import Calls, Effort
from povod.writing.llm.contract import Draft, read_draft
from povod.writing.llm.json_repair import BadJsonError, repair
from povod.writing.llm.prompt import Problem, PromptFacts, greeting_request, request_hash, rules
from povod.writing.llm.redact import COMPANY, NAME, Personal, clean_title, opening_of, redact

__all__ = [
    "Fallback",
    "ModelText",
    "Personal",
    "PromptFacts",
    "Record",
    "Review",
    "write_greeting",
    "write_many",
]

Review = Callable[[Draft], tuple[Draft, Sequence[Problem]]]
"""Mends what may be mended silently, and says what is still wrong; sees placeholders, not names."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Record:
    """What is kept of the making of one greeting (G80); nothing in it is personal."""

    provider: str = ""
    model: str = ""
    prompt_version: str = ""
    prompt_hash: str = ""
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    ms: int = 0
    attempts: int = 0
    repair_steps: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    cost: Decimal = Decimal(0)
    request: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For a JSON column; `request` goes to `metadata.llm_request` (D7)."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "repair_steps": list(self.repair_steps),
            "rejected": list(self.rejected),
            "cost": str(self.cost),
        }


@dataclass(frozen=True)
class ModelText:
    """A text that passed: `draft` is filled, `raw` has the placeholders."""

    draft: Draft
    raw: Draft
    record: Record


@dataclass(frozen=True)
class Fallback:
    """The template writes; `reason` is counted in the run's report."""

    reason: str
    record: Record = field(default_factory=Record)


@dataclass(frozen=True)
class _Found:
    """A problem of our own making, beside those of the guardrails."""

    code: str
    reason: str


@dataclass
class _Rejected:
    """Why an answer was not taken: what to quote, what to report, whether to ask again."""

    reason: str
    problems: Sequence[Problem]
    max_tokens: int = MAX_TOKENS
    final: bool = False


def write_greeting(
    calls: Calls | None,
    facts: PromptFacts,
    review: Review,
    *,
    personal: Personal,
    budget: Budget | None = None,
) -> ModelText | Fallback:
    """A checked text with names in place, or the reason why the template must write.

    `calls` is None when the mode is set but its key is missing. Never raises for what a model or
    its service does. Manual titles and earlier texts in `facts` may be raw: they are cleaned here.
    """
    if calls is None:
        return Fallback("no_key")
    safe = _safe_facts(facts, personal)
    if safe is None:
        return Fallback("pii_in_title")
    return _Writing(calls, safe, review, personal, budget).run()


def _safe_facts(facts: PromptFacts, personal: Personal) -> PromptFacts | None:
    """The facts without anybody's words; None when a title holds numbers of a person."""
    openings = tuple(filter(None, (opening_of(text, personal) for text in facts.avoid[:3])))
    if facts.kind != "manual":
        return replace(facts, avoid=openings)
    titles = [clean_title(text, personal) for text in (facts.occasion, facts.occasion_with)]
    if any(title.pii for title in titles):
        return None
    occasion, occasion_with = (title.text for title in titles)
    return replace(facts, avoid=openings, occasion=occasion, occasion_with=occasion_with)


def write_many(
    orders: Sequence[_T], write: Callable[[_T], _R], workers: int
) -> list[_R]:  # most important first: they start in this order
    """`write` for every order with so many at once; results in the same order."""
    if workers <= 1 or len(orders) <= 1:
        return [write(order) for order in orders]
    with ThreadPoolExecutor(workers, thread_name_prefix="llm") as pool:
        return list(pool.map(write, orders))


class _Writing:
    """The state of one greeting: what was asked, used and rejected so far."""

    def __init__(
        self,
        calls: Calls,
        facts: PromptFacts,
        review: Review,
        personal: Personal,
        budget: Budget | None,
    ) -> None:
        self._calls = calls
        self._facts = facts
        self._review = review
        self._personal = personal
        self._budget = budget
        self._effort = Effort()
        self._usage = Usage()
        self._finish = ""
        self._steps: list[str] = []
        self._rejected: list[str] = []
        self._request = greeting_request(facts)

    def run(self) -> ModelText | Fallback:
        try:
            if self._budget:
                self._budget.begin()
            return self._two_tries()
        except ModelError as error:
            return Fallback(error.code, self._record())

    def _two_tries(self) -> ModelText | Fallback:
        answer = self._try()
        if isinstance(answer, _Rejected) and not answer.final:
            quoted = [_Found(found.code, self._safe(found.reason)) for found in answer.problems]
            self._request = greeting_request(self._facts, quoted, answer.max_tokens)
            answer = self._try()
        if isinstance(answer, _Rejected):
            return Fallback(answer.reason, self._record())
        return answer

    def _try(self) -> ModelText | _Rejected:
        completion = self._ask(self._request)
        judged = self._judge(completion)
        if isinstance(judged, _Rejected):
            self._rejected += [problem.code for problem in judged.problems]
            return judged
        filled = Draft(
            judged.tone,
            self._personal.fill(judged.subject),
            self._personal.fill(judged.body),
            self._personal.fill(judged.wish),
        )
        return ModelText(filled, judged, self._record())

    def _ask(self, request: ChatRequest) -> Completion:
        holder = self._budget.reserve(request) if self._budget else ""
        used = Usage()
        try:
            completion = self._calls.complete(request, self._effort)
            used, self._finish = completion.usage, completion.finish
            return completion
        finally:
            self._usage += used
            if self._budget:
                self._budget.settle(holder, used)

    def _judge(self, completion: Completion) -> Draft | _Rejected:
        if completion.finish == "refused":
            found = _Found("refused", "the service's filter refused")
            return _Rejected("refused", [found], final=True)
        if completion.finish == "length":
            found = _Found("truncated", "the answer was cut off: write less")
            return _Rejected("truncated", [found], max_tokens=2 * MAX_TOKENS)
        draft, reason = self._read(completion.text)
        if draft is None:
            return _Rejected("bad_json", [_Found("bad_json", reason)])
        draft, problems = self._review(draft)
        problems = [*self._own(draft), *problems]
        if problems:
            codes = ",".join(dict.fromkeys(problem.code for problem in problems))
            return _Rejected(f"violations:{codes}", problems)
        return draft

    def _read(self, text: str) -> tuple[Draft | None, str]:
        try:
            repaired = repair(text)
        except BadJsonError as error:
            return None, str(error)
        self._steps += repaired.steps
        return read_draft(repaired.data)

    def _own(self, draft: Draft) -> list[Problem]:
        """What only this room knows: the asked tone, and whether a placeholder has a value."""
        found: list[Problem] = []
        if draft.tone != self._facts.tone:
            found.append(_Found("tone", f"tone must be {self._facts.tone}"))
        text = f"{draft.subject}\n{draft.body}\n{draft.wish}"
        values = {NAME: self._personal.name, COMPANY: self._personal.company}
        for mark, value in values.items():
            if mark in text and not value:
                found.append(_Found("placeholder", f"{mark} has no value here: leave it out"))
        return found

    def _safe(self, reason: str) -> str:
        """A reason may quote what it was compared with; names do not leave that way either."""
        return redact(reason, self._personal)

    def _record(self) -> Record:
        model = self._calls.model
        prices = self._budget.prices if self._budget else None
        return Record(
            provider=model.provider,
            model=model.name,
            prompt_version=rules(self._facts.language).version,
            prompt_hash=request_hash(self._request),
            finish_reason=self._finish,
            tokens_in=self._usage.tokens_in,
            tokens_out=self._usage.tokens_out,
            ms=self._effort.ms,
            attempts=self._effort.attempts,
            repair_steps=tuple(self._steps),
            rejected=tuple(dict.fromkeys(self._rejected)),
            cost=prices.cost(self._usage) if prices else Decimal(0),
            request=replace(self._request, system="").__dict__
            | {"schema": self._request.schema_name},
        )
