"""The text of one greeting: by a model where one is set up, else by a template (G53, G62, G76).

No transaction is open here: a model takes seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from povod.greetings.facts import facts_hash, facts_of, known_profession, tone_of
from povod.greetings.orders import Order
from povod.greetings.parts import Parts
from povod.greetings.templates import Catalogue
from povod.kit.errors import ConfigurationError
from povod.kit.settings import Settings
from povod.writing.greetings.catalogue import GreetingTemplate, family_of
from povod.writing.greetings.choice import choose_variant, eligible
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.render import Rendered, assemble, render_greeting
from povod.writing.guardrails import (
    Violation,
    blocking,
    check_greeting,
)
from povod.writing.llm.budget import Budget
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import Forms
from povod.writing.llm.greeting import Fallback, ModelText, Record
from povod.writing.llm.order import Order as ModelOrder
from povod.writing.llm.order import write_order

MOST_VARIANTS = 3
"""Further variants that are tried when the guardrails block one (G93)."""


@dataclass(frozen=True)
class Text:
    """A finished text with everything that is to be known about its making."""

    rendered: Rendered
    tone: str
    language: str
    source: str
    facts_hash: str
    template: GreetingTemplate | None = None
    propensity: float | None = None
    fallback: str = ""
    record: Record = field(default_factory=Record)
    violations: Sequence[Violation] = ()

    def columns(self) -> dict[str, Any]:
        """The text as columns of `greetings`."""
        record = self.record
        key = self.template.key if self.template else ""
        return {
            "tone": self.tone,
            "language": self.language,
            "subject": self.rendered.subject,
            "body": self.rendered.body,
            "wish": self.rendered.wish,
            "salutation": self.rendered.salutation,
            "text_source": self.source,
            "fallback_reason": self.fallback,
            "provider": record.provider,
            "model": record.model,
            "prompt_version": record.prompt_version,
            "prompt_hash": record.prompt_hash,
            "tokens_in": record.tokens_in,
            "tokens_out": record.tokens_out,
            "template_family": self.template.family if self.template else "",
            "template_id": key,
            "template_version": self.template.version if self.template else 0,
            "variant_id": key,
            "variant_propensity": self.propensity,
            "violations": [as_json(violation) for violation in self.violations],
            "facts_hash": self.facts_hash,
            "metadata": self.notes(),
        }

    def notes(self) -> dict[str, Any]:
        """What is kept of a model's work (G80)."""
        record = self.record.as_json()
        request = record.pop("request")
        return {"llm": record, "llm_request": request} if self.record.attempts else {}


def as_json(violation: Violation) -> dict[str, Any]:
    """A violation as it is stored and shown."""
    names = ("code", "reason", "found", "severity", "start", "end", "part")
    return {name: getattr(violation, name) for name in names}


class Writer:
    """Writes texts for one run; a model's budget and breaker last as long as the run."""

    warning = ""
    """What a person must do for the chosen mode to work."""

    def __init__(self, parts: Parts, catalogue: Catalogue) -> None:
        self._parts = parts
        self._catalogue = catalogue
        self._calls: Calls | None = None
        self.workers = 1
        self.budget = Budget.of(parts.settings, parts.quotas)
        if parts.settings.llm_mode != "template":
            self._take_model(parts.settings)

    def _take_model(self, settings: Settings) -> None:
        # Two seconds of vendors' libraries, needed only by those who use a model.
        from povod.writing.llm.build import greeting_model, missing_key, workers

        model = greeting_model(settings, self._parts.clock)
        missing = missing_key(settings)
        if missing:
            self.warning = f"{missing} is not set: templates write instead of the model"
        if model is not None:
            self._calls, self.workers = Calls(model, Forms(self._parts.clock)), workers(settings)

    @property
    def uses_model(self) -> bool:
        """True if texts are paid for: then each is stored as soon as it is there."""
        return self._calls is not None

    def write(
        self,
        order: Order,
        *,
        tone: str = "",
        source: str = "",
        avoid: Sequence[str] = (),
        run_texts: Sequence[str] = (),
    ) -> Text:
        """The text of an order; `source` and `tone` are a person's wish, `avoid` variants."""
        wanted = tone_of(order, tone)
        facts = facts_of(order, self._parts.settings, wanted, run_texts=tuple(run_texts))
        hashed = facts_hash(order, wanted)
        fallback = Fallback("")
        if source == "llm" or (not source and self._parts.settings.llm_mode != "template"):
            answer = self._ask(order, facts)
            if isinstance(answer, ModelText):
                return self._of_model(answer, facts, hashed)
            fallback = answer
        text = self._of_template(order, facts, hashed, avoid)
        return replace(text, fallback=fallback.reason, record=fallback.record)

    def _ask(self, order: Order, facts: GreetingFacts) -> ModelText | Fallback:
        asked = ModelOrder(
            facts=facts,
            profession=known_profession(order),
            segment_hint=order.client["segment"],
        )
        return write_order(self._calls, asked, self.budget)

    def _of_model(self, answer: ModelText, facts: GreetingFacts, hashed: str) -> Text:
        draft = answer.draft
        rendered = assemble(draft.subject, draft.body, draft.wish, facts)
        found = check_greeting(
            rendered.subject, rendered.body, rendered.wish, replace(facts, source="llm")
        )
        return Text(
            rendered, facts.tone, facts.language, "llm", hashed,
            record=answer.record, violations=found,
        )  # fmt: skip

    def _of_template(
        self, order: Order, facts: GreetingFacts, hashed: str, avoid: Sequence[str]
    ) -> Text:
        family = family_of(facts.occasion_kind, facts.tone, facts.language)
        variants = eligible(self._catalogue.get(family, ()), facts)
        if not variants:
            raise ConfigurationError(
                f"no active template of {family} fits; switch one on at /templates"
            )
        used = [*avoid, *(row["variant_id"] for row in order.recent if row["variant_id"])]
        last_year = _last_year(order)
        best: Text | None = None
        for _ in range(MOST_VARIANTS):
            template = choose_variant(facts.client_id, family, variants, used, last_year)
            text = self._filled(template, facts, hashed, 1 / len(variants))
            if not blocking(text.violations):
                return text
            best = best or text
            used = [template.key, *used]
        assert best is not None
        return best

    def _filled(
        self, template: GreetingTemplate, facts: GreetingFacts, hashed: str, propensity: float
    ) -> Text:
        rendered = render_greeting(template, facts)
        found = check_greeting(rendered.subject, rendered.body, rendered.wish, facts)
        return Text(
            rendered, facts.tone, facts.language, "template", hashed,
            template=template, propensity=propensity, violations=found,
        )  # fmt: skip


def _last_year(order: Order) -> str | None:
    """The variant of the same occasion a year ago: never twice in a row."""
    event = order.event
    for row in order.recent:
        same = row["event_key"] == event["event_key"]
        if same and row["occasion_year"] == event["occasion_year"] - 1:
            return str(row["variant_id"]) or None
    return None


def check_text(
    texts: Mapping[str, str], order: Order, parts: Parts, tone: str, source: str
) -> list[Violation]:
    """The guardrails' findings in a person's text (G96)."""
    facts = facts_of(order, parts.settings, tone, source=source)
    return check_greeting(texts["subject"], texts["body"], texts["wish"], facts)
