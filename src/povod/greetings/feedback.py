"""What managers think of a greeting and its answer (G123)."""

from typing import Any

import sqlalchemy as sa

from povod.delivery.states import Actor
from povod.greetings.moves import get_greeting
from povod.greetings.parts import Parts
from povod.kit.errors import InputError
from povod.kit.ids import new_id
from povod.store.tables import feedback
from povod.store.upsert import upsert

OUTCOMES = ("opened", "replied", "ignored", "unknown")
SOURCES = ("inbox", "tracking", "manager", "import")
LONGEST_NOTE = 1000


def rate(
    parts: Parts,
    greeting_id: str,
    actor: Actor,
    *,
    score: int | None = None,
    nps: int | None = None,
    notes: str = "",
    outcome: str = "unknown",
    source: str = "manager",
) -> dict[str, Any]:
    """Keep a rating; the latest of each source counts."""
    _check(score, nps, notes, outcome, source)
    with parts.db.tx() as conn:
        greeting = get_greeting(conn, greeting_id)
        row = {
            "id": new_id(),
            "greeting_id": greeting_id,
            "outreach_message_id": greeting["message_id"],
            "outcome": outcome,
            "score": score,
            "nps": nps,
            "note": notes,
            "source": source,
            "created_by": str(actor),
            "at": parts.clock.now(),
        }
        changed = ("outcome", "score", "nps", "note", "created_by", "at", "outreach_message_id")
        upsert(conn, feedback, [row], ["greeting_id", "source"], changed)
        stored = sa.select(feedback).where(
            feedback.c.greeting_id == greeting_id, feedback.c.source == source
        )
        return dict(conn.execute(stored).mappings().one())


def _check(score: int | None, nps: int | None, notes: str, outcome: str, source: str) -> None:
    if score is not None and not 1 <= score <= 5:
        raise InputError(f"score: {score} is not within 1..5")
    if nps is not None and not 0 <= nps <= 10:
        raise InputError(f"nps: {nps} is not within 0..10")
    if len(notes) > LONGEST_NOTE:
        raise InputError(f"notes: {len(notes)} characters, {LONGEST_NOTE} are allowed")
    if outcome not in OUTCOMES:
        raise InputError(f"outcome: {outcome!r} is not one of {', '.join(OUTCOMES)}")
    if source not in SOURCES:
        raise InputError(f"source: {source!r} is not one of {', '.join(SOURCES)}")
