"""What a run tells: counters, and a report with every reason counted (G114, G115)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes
from povod.greetings.compose import Composed
from povod.greetings.parts import Parts
from povod.greetings.planning import Planned
from povod.greetings.ranking import BETTER
from povod.greetings.selection import LIMIT
from povod.store.tables import greetings
from povod.writing.llm.budget import Spent

ERRORS_SHOWN = 200


@dataclass
class Found:
    """The results of the steps."""

    planned: Planned = field(default_factory=Planned)
    selected: Counter[str] = field(default_factory=Counter)
    refreshed: Counter[str] = field(default_factory=Counter)
    composed: Composed = field(default_factory=Composed)
    submitted: Counter[str] = field(default_factory=Counter)
    expired: Counter[str] = field(default_factory=Counter)
    delivered: Mapping[str, int] = field(default_factory=dict)
    cards: Counter[str] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)
    warning: str = ""

    @property
    def errors(self) -> list[dict[str, str]]:
        """Clients and events that could not be worked on."""
        return [*self.planned.errors, *self.composed.errors]

    @property
    def reasons(self) -> Counter[str]:
        """Why occasions of this run will not be greeted."""
        late = Counter({"late": self.composed.late})
        return self.planned.reasons + self.selected + self.expired + late

    def counters(self) -> dict[str, int]:
        """The columns of `agent_runs`."""
        reasons = self.reasons
        superseded, capped = reasons[BETTER], reasons[LIMIT]
        return {
            "scanned": self.planned.scanned,
            "generated": self.composed.generated,
            "sent": int(self.delivered.get("sent", 0)),
            "skipped_existing": self.planned.known,
            "errors": len(self.errors),
            "superseded": superseded,
            "capped": capped,
            "skipped": reasons.total() - superseded - capped,
            "needs_approval": self.submitted["needs_approval"],
            "queued": self.submitted["queued"],
        }


def report_of(
    conn: Connection, parts: Parts, found: Found, durations: Mapping[str, float]
) -> dict[str, Any]:
    """The whole report as JSON."""
    spent = found.spent
    return {
        "events": {
            "new": dict(found.planned.new),
            "by_rule": dict(found.planned.by_rule.most_common(50)),
            "counted": dict(found.planned.counted),
            "moved": len(found.planned.moved),
        },
        "not_greeted": dict(found.reasons),
        "refreshed": dict(found.refreshed),
        "texts": {
            "sources": dict(found.composed.sources),
            "variants": dict(found.composed.variants),
            "fallbacks": dict(found.composed.fallbacks),
            "model_greetings": spent.greetings,
            "tokens_in": spent.tokens_in,
            "tokens_out": spent.tokens_out,
            "cost": str(spent.cost),
        },
        "cards": dict(found.cards),
        "delivered": dict(found.delivered),
        "waiting": _by_day(conn, "needs_approval"),
        "forecast": forecast(conn, parts),
        "durations": dict(durations),
        "errors": found.errors[:ERRORS_SHOWN],
        "warning": found.warning,
    }


def _by_day(conn: Connection, *states: str) -> dict[str, int]:
    query = (
        sa.select(greetings.c.deliver_on, sa.func.count())
        .where(greetings.c.status.in_(states))
        .group_by(greetings.c.deliver_on)
        .order_by(greetings.c.deliver_on)
    )
    return {day.isoformat(): count for day, count in conn.execute(query)}


def forecast(conn: Connection, parts: Parts) -> list[dict[str, Any]]:
    """Days ahead on which more is to leave than the mailboxes may send (G48)."""
    cap = mailboxes.summed_cap(conn, parts.settings)
    days = _by_day(conn, "generated", "needs_approval", "approved")
    return [
        {"day": day, "planned": count, "cap": cap, "over": max(0, count - cap)}
        for day, count in days.items()
        if day >= parts.today().isoformat()
    ]
