"""Which tone, which variant (G55, G62): functions of their arguments alone."""

import hashlib
from collections.abc import Iterable, Sequence

from povod.writing.greetings.catalogue import TONES, GreetingTemplate
from povod.writing.greetings.facts import GreetingFacts

OFFICIAL_SEGMENTS = frozenset({"vip", "new"})
WARM_EVENTS = frozenset({"manual", "birthday"})


def choose_tone(
    *,
    operator: str | None = None,
    preference: str | None = None,
    segment: str = "standard",
    event_type: str = "holiday",
    rule_tone: str | None = None,
) -> str:
    """`official` or `warm`: what somebody chose, then segment, event, rule."""
    for chosen in (operator, preference):
        if chosen in TONES:
            return str(chosen)
    if segment in OFFICIAL_SEGMENTS:
        return "official"
    if event_type in WARM_EVENTS:
        return "warm"
    return rule_tone if rule_tone in TONES else "warm"


def eligible(templates: Iterable[GreetingTemplate], facts: GreetingFacts) -> list[GreetingTemplate]:
    """Active variants all of whose needed fields have a value."""
    known = list(templates)
    declined = any(name.startswith("name_") for one in known for name in one.needs)
    values = facts.fields(declined=declined)
    return [
        template
        for template in known
        if template.status == "active" and all(values.get(name) for name in template.needs)
    ]


def permutation(
    client_id: str, family: str, variants: Iterable[GreetingTemplate]
) -> list[GreetingTemplate]:
    """The variants in the order that this client meets them."""
    seed = hashlib.sha256(f"{client_id}|{family}".encode()).hexdigest()
    return sorted(
        variants, key=lambda one: hashlib.sha256(f"{seed}|{one.variant}".encode()).digest()
    )


def choose_variant(
    client_id: str,
    family: str,
    eligible: Iterable[GreetingTemplate],
    used_recently: Sequence[str] = (),
    last_year: str | None = None,
) -> GreetingTemplate:
    """The first variant of the client's permutation that was neither used lately nor last year.

    `used_recently` holds keys, newest first; when all were used, the one used longest ago is taken,
    and last year's only when there is no other.
    """
    order = permutation(client_id, family, eligible)
    if not order:
        raise LookupError(f"no variant of {family} fits; its needed fields are empty")
    allowed = [one for one in order if one.key != last_year] or order
    ages = {key: age for age, key in reversed(list(enumerate(used_recently)))}
    fresh = [one for one in allowed if one.key not in ages]
    return fresh[0] if fresh else max(allowed, key=lambda one: ages[one.key])
