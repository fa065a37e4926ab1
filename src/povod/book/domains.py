"""Which part of a host name belongs to one firm, and which hosts are nobody's own site (L47, L48).

Rules are the shipped lists plus the rows of `domain_rules`. A rule matches its domain and all
names below it; the longest match wins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.book.domain_lists import EXCLUDED, PLATFORMS, PUBLIC_MAIL
from povod.kit.errors import InvalidUrl
from povod.kit.url import host_of, registrable_domain
from povod.store.tables import domain_rules

Rule = Literal["exclude", "platform", "studio", "allow"]

_STRENGTH: dict[Rule, int] = {"allow": 3, "exclude": 2, "platform": 1, "studio": 0}
"""Which rule counts when several name the same domain."""

_SHIPPED: dict[str, frozenset[Rule]] = {
    **{domain: frozenset[Rule]({"exclude"}) for domain in EXCLUDED},
    **{domain: frozenset[Rule]({"platform"}) for domain in PLATFORMS},
}


@dataclass(frozen=True, eq=False)
class DomainRules:
    """The rules of one moment; ask for own domains and exclusions."""

    by_domain: dict[str, frozenset[Rule]] = field(default_factory=lambda: dict(_SHIPPED))

    @lru_cache(maxsize=65_536)  # noqa: B019 - few rule sets live at a time, each small
    def verdict(self, host: str) -> Rule | None:
        """The rule of the longest matching domain; at equal length `allow` beats the others."""
        for name in _parents(plain_host(host)):
            rules = self.by_domain.get(name)
            if rules:
                return max(rules, key=_STRENGTH.__getitem__)
        return None

    @lru_cache(maxsize=65_536)  # noqa: B019 - few rule sets live at a time, each small
    def own_domain(self, host: str) -> str | None:
        """The name one firm controls: the whole host on a platform, else the registered domain.

        None when nobody can register it (an IP address, a bare suffix).
        """
        name = plain_host(host)
        for parent in _parents(name):
            if "platform" in self.by_domain.get(parent, ()):
                return name
        return registrable_domain(name)

    def is_excluded(self, host: str) -> bool:
        """Whether a hit on this host is no company: an excluded site or a platform's own name."""
        name = plain_host(host)
        rule = self.verdict(name)
        if rule == "platform":
            return "platform" in self.by_domain.get(name, ())
        return rule == "exclude"

    def is_identity(self, domain: str) -> bool:
        """Whether two firms that share this own domain are likely one (L63 d)."""
        return self.verdict(domain) != "studio" and not self.is_excluded(domain)

    def is_mail_identity(self, domain: str) -> bool:
        """The same for the domain of an e-mail address: public providers do not count."""
        return domain not in PUBLIC_MAIL and self.is_identity(domain)


SHIPPED = DomainRules()
"""The shipped rules alone: for pure functions without a database."""


def load_rules(conn: Connection) -> DomainRules:
    """The shipped rules and those of the table together."""
    rows = conn.execute(sa.select(domain_rules.c.domain, domain_rules.c.rule))
    return with_rules((row.domain, row.rule) for row in rows)


def with_rules(extra: Iterable[tuple[str, Rule]]) -> DomainRules:
    """The shipped rules and `extra` pairs of domain and rule."""
    merged = dict(_SHIPPED)
    for domain, rule in extra:
        name = plain_host(domain)
        merged[name] = merged.get(name, frozenset()) | {rule}
    return DomainRules(merged)


def own_domain(host: str) -> str | None:
    """`DomainRules.own_domain` by the shipped rules."""
    return SHIPPED.own_domain(host)


@lru_cache(maxsize=65_536)
def plain_host(host: str) -> str:
    """The host in lower-case A-labels, without `www.` and the dot at the end."""
    name = host.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = host_of(f"https://{name}/")
        except InvalidUrl:
            return name
    while name.startswith("www.") and "." in name[4:]:
        name = name[4:]
    return name


def _parents(name: str) -> Iterable[str]:
    """The name itself and all names above it, the longest first."""
    yield name
    while "." in name:
        name = name.partition(".")[2]
        yield name
