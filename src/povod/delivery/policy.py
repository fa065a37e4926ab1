"""Who may be written to without asking, who only after a person's approval, who never (D37-D39).

A preset is a table in code; rows of `policy_rules` override it. The most specific rule wins, among
equally specific ones the row; no rule at all means deny.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import policy_rules

ANY = "*"
EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
RU_TLDS = frozenset({"ru", "su", "xn--p1ai", "xn--p1acf", "xn--80adxhks", "moscow"})
_COLUMNS = ("id", "jurisdiction", "purpose", "basis", "address_class", "verdict")
_OVERRIDES = sa.select(*(policy_rules.c[name] for name in _COLUMNS))


@dataclass(frozen=True)
class Case:
    """What a verdict is asked for."""

    jurisdiction: str
    purpose: str
    basis: str
    address_class: str
    channel: str = "email"


@dataclass(frozen=True)
class Rule:
    """A verdict for all cases that the named parts match; `*` matches anything."""

    id: str
    jurisdiction: str
    purpose: str
    basis: str
    address_class: str
    verdict: str

    def matches(self, case: Case) -> bool:
        """True if each named part is that of the case."""
        pairs = zip(self._parts(), _case_parts(case), strict=True)
        return all(mine in (ANY, theirs) for mine, theirs in pairs)

    @property
    def weight(self) -> int:
        """How many parts are named."""
        return sum(part != ANY for part in self._parts())

    def _parts(self) -> tuple[str, ...]:
        return (self.jurisdiction, self.purpose, self.basis, self.address_class)


def _case_parts(case: Case) -> tuple[str, ...]:
    return (case.jurisdiction, case.purpose, case.basis, case.address_class)


_BASES = ("consent", "existing_client", "public_corporate_address", "legitimate_interest", "none")
_BALANCED = (
    ("RU", "advertising", "allow approve approve approve deny"),
    ("EU", "advertising", "allow approve approve approve deny"),
    ("UK", "advertising", "allow allow approve approve deny"),
    ("OTHER", "advertising", "allow allow approve approve deny"),
    (ANY, "greeting", "allow allow approve approve deny"),
    (ANY, "service", "allow allow allow approve deny"),
)
_PHONE_CHANNELS = dict(zip(_BASES, ["allow", "approve", "deny", "deny", "deny"], strict=True))


def _balanced() -> Iterable[Rule]:
    for jurisdiction, purpose, verdicts in _BALANCED:
        for basis, verdict in zip(_BASES, verdicts.split(), strict=True):
            name = f"balanced:{jurisdiction}/{purpose}/{basis}"
            yield Rule(name, jurisdiction, purpose, basis, ANY, verdict)
    name = "balanced:EU/advertising/public_corporate_address/personal"
    yield Rule(name, "EU", "advertising", "public_corporate_address", "personal", "deny")


def _strict() -> Iterable[Rule]:
    yield Rule("strict:consent", ANY, ANY, "consent", ANY, "allow")


def _autopilot() -> Iterable[Rule]:
    """As balanced, but the addresses that companies publish and clients need no approval."""
    for rule in _balanced():
        if rule.basis in ("public_corporate_address", "existing_client"):
            name = rule.id.replace("balanced", "autopilot")
            yield replace(rule, id=name, verdict="allow")
        else:
            yield rule


PRESETS: dict[str, tuple[Rule, ...]] = {
    "balanced": tuple(_balanced()),
    "strict": tuple(_strict()),
    "autopilot": tuple(_autopilot()),
}


def stored_rules(conn: Connection) -> list[Rule]:
    """The overriding rows of `policy_rules`."""
    return [Rule(*row) for row in conn.execute(_OVERRIDES)]


def decide(case: Case, preset: str, overrides: Sequence[Rule] = ()) -> tuple[str, str]:
    """Verdict `allow`, `approve` or `deny`, and the id of the rule that gave it."""
    if case.channel != "email" and preset != "strict":
        return _PHONE_CHANNELS.get(case.basis, "deny"), f"{preset}:{case.channel}/{case.basis}"
    best: Rule | None = None
    for rule in (*overrides, *PRESETS[preset]):
        if rule.matches(case) and (best is None or rule.weight > best.weight):
            best = rule
    return (best.verdict, best.id) if best else ("deny", f"{preset}:no-rule")


def jurisdiction_of(consent: str, country: str, domain: str, default: str) -> str:
    """Whose law counts: of the consent, else the country, else the address's ending (D38)."""
    if consent:
        return consent
    if country:
        return _of_country(country.upper())
    return "RU" if domain.rpartition(".")[2] in RU_TLDS else default


def _of_country(country: str) -> str:
    if country in EU:
        return "EU"
    return {"RU": "RU", "GB": "UK", "UK": "UK"}.get(country, "OTHER")
