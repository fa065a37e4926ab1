"""What goes wrong in a shop on purpose: which pages, for whom, how often (S148).

`kind` is one of `KINDS` or `http_<status>`. `path` is a shell glob over path and query, `ratio`
the share of the matching paths (always the same ones), `times` how many requests are hit, None =
all. Later faults win. `needs` is who gets through a challenge: see `_let_through`.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from povod.kit.errors import InputError
from povod.sandbox.answers import Answer
from povod.sandbox.shops.fault_answers import (
    CLEARANCE,
    KINDS,
    NEEDS,
    ShopFault,
    fault_answer,
    status_of,
    token_of,
)
from povod.sandbox.shops.model import Shop


@dataclass(frozen=True)
class Visitor:
    """Who asks: user agent, cookies, and the helper that fetches on somebody's behalf."""

    agent: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    via: str = ""

    @property
    def looks_like_a_browser(self) -> bool:
        """Whether the user agent is one of a Chromium, headless or not."""
        return "Mozilla/5.0" in self.agent and "Chrome/" in self.agent


class ShopFaults:
    """The planned faults of one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.planned: list[ShopFault] = []

    def add(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Plan a fault from its JSON form; `InputError` says what is possible."""
        try:
            fault = ShopFault(**{k: v for k, v in spec.items() if k != "used"})
        except TypeError as error:
            raise InputError(f"fault: {error}") from None
        if fault.kind not in KINDS and not status_of(fault.kind):
            raise InputError(
                f"kind: http_<status> or one of {', '.join(KINDS)} expected, got {fault.kind!r}"
            )
        if fault.needs not in NEEDS:
            raise InputError(f"needs: one of {', '.join(NEEDS)} expected, got {fault.needs!r}")
        self.planned.insert(0, fault)
        return asdict(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.planned.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The planned faults with their counters, the one that is tried first first."""
        return [asdict(fault) for fault in self.planned]

    def answer(self, path: str, visitor: Visitor, now: datetime) -> Answer | None:
        """What goes out instead of the page; `None` when nothing hits this request."""
        for fault in self.planned:
            if not fault.hits(self._shop.host, path):
                continue
            if fault.kind == "challenge" and _let_through(self._shop, fault, visitor):
                continue
            fault.used += 1
            return fault_answer(self._shop, fault, path, now)
        return None

    def cookie_for(self, visitor: Visitor) -> str | None:
        """The clearance that a helper or a browser takes home, if a challenge is planned."""
        for fault in self.planned:
            if fault.kind == "challenge" and _let_through(self._shop, fault, visitor):
                return f"{CLEARANCE}={token_of(self._shop)}; Path=/"
        return None


def _let_through(shop: Shop, fault: ShopFault, visitor: Visitor) -> bool:
    """Whether a visitor passes a challenge.

    A clearance cookie passes with any browser's user agent. Else `browser_agent`: a Chromium's
    user agent is enough; `javascript`: only FlareSolverr and who ran the page's script;
    `flaresolverr`, `firecrawl`: only that helper; `nobody`: no one at all.
    """
    if fault.needs == "nobody":
        return False
    cleared = visitor.cookies.get(CLEARANCE) == token_of(shop)
    if cleared and visitor.looks_like_a_browser:
        return True
    match fault.needs:
        case "browser_agent":
            return visitor.looks_like_a_browser or bool(visitor.via)
        case "javascript":
            return bool(visitor.via)
        case helper:
            return visitor.via == helper
