"""Choose, fill, check; and the next variant when the guardrails refuse one (G62, G93)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from povod.writing.greetings.catalogue import GreetingTemplate
from povod.writing.greetings.choice import choose_variant, eligible
from povod.writing.greetings.facts import GreetingFacts
from povod.writing.greetings.render import Rendered, render_greeting
from povod.writing.guardrails import Violation, blocking, check_greeting


@dataclass(frozen=True)
class Composed:
    """The text that was made, of which variant; `violations` hold what is left to a person.

    `eligible` counts the variants that fitted: each had the same chance, `propensity`.
    """

    template: GreetingTemplate
    rendered: Rendered
    violations: tuple[Violation, ...]
    eligible: int

    @property
    def propensity(self) -> float:
        """The uniform chance of the variant (G62)."""
        return 1 / self.eligible


def compose_greeting(
    templates: Iterable[GreetingTemplate],
    facts: GreetingFacts,
    *,
    used_recently: Sequence[str] = (),
    last_year: str | None = None,
) -> Composed:
    """The first variant in the client's order that no rule blocks, else the one blocked least.

    `LookupError` when no variant fits: the needed fields are empty.
    """
    fitting = eligible(templates, facts)
    left = list(fitting)
    tried: list[Composed] = []
    while left or not tried:
        family = left[0].family if left else ""
        chosen = choose_variant(facts.client_id, family, left, used_recently, last_year)
        rendered = render_greeting(chosen, facts)
        found = tuple(check_greeting(rendered.subject, rendered.body, rendered.wish, facts))
        tried.append(Composed(chosen, rendered, found, len(fitting)))
        if not blocking(found):
            return tried[-1]
        left.remove(chosen)
        if len(left) == 1 and left[0].key == last_year:
            break
    return min(tried, key=lambda one: len(blocking(one.violations)))
