"""From the facts of a greeting to a model's text: what is sent, what is kept, who judges.

The one door for the greetings job: it takes the whole facts and lets only the harmless ones out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.guardrails import blocking, check, repair_greeting
from povod.writing.llm.budget import Budget
from povod.writing.llm.calls import Calls
from povod.writing.llm.contract import Draft
from povod.writing.llm.greeting import Fallback, ModelText, Review, write_greeting
from povod.writing.llm.prompt import Problem, PromptFacts
from povod.writing.llm.redact import Personal

MARKS = ("NAME", "COMPANY")


@dataclass(frozen=True, kw_only=True)
class Order:
    """One greeting to be written.

    `profession` is a word of the calendar's list and `segment_hint` one of our own words; neither
    is ever what a client or a manager typed.
    """

    facts: GreetingFacts
    profession: str = ""
    segment_hint: str = ""


def write_order(
    calls: Calls | None, order: Order, budget: Budget | None = None
) -> ModelText | Fallback:
    """A checked text with names in place, or why the template must write (G76)."""
    facts = order.facts
    return write_greeting(
        calls,
        prompt_facts(order),
        review_with(facts),
        personal=personal_of(facts),
        budget=budget,
    )


def prompt_facts(order: Order) -> PromptFacts:
    """What a model learns (G71)."""
    facts = order.facts
    return PromptFacts(
        occasion=facts.occasion,
        occasion_with=facts.occasion_phrase(),
        kind=facts.occasion_kind,
        tone=facts.tone,
        language=facts.language,
        addressee=facts.addressee,
        gender=facts.gender or "unknown",
        industry=facts.industry,
        profession=order.profession,
        segment_hint=order.segment_hint,
        avoid=facts.recent_texts[:3],
    )


def personal_of(facts: GreetingFacts) -> Personal:
    """What stays at home: put in after validation, and searched for in free words."""
    parts = (facts.first_name, facts.middle_name, facts.last_name, facts.short_name)
    name = "" if facts.is_group else facts.fields(declined=False)["name"]
    return Personal(name, facts.company_name, tuple(filter(None, (*parts, facts.salutation))))


def review_with(facts: GreetingFacts) -> Review:
    """The guardrails as a model's text meets them: placeholders in, small faults mended."""
    known = replace(facts, source="llm", placeholders=MARKS)

    def review(draft: Draft) -> tuple[Draft, Sequence[Problem]]:
        text = GreetingText(draft.subject, draft.body, draft.wish)
        mended = repair_greeting(text, known)
        found = blocking(check(mended, known))
        return Draft(draft.tone, mended.subject, mended.body, mended.wish), found

    return review
