"""What the room of greetings keeps about a person (D101, G137)."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.bulk import among
from povod.store.personal import Holding, Person, Row, code_only, nameless
from povod.store.tables import agent_runs, events, feedback, greetings, holidays

NAMELESS = "–"


def _errors_of_others(report: Any, _row: Row, person: Person) -> Any:
    """The report of a run without what it could not do for this person."""
    if "errors" not in report:
        return report
    kept = [one for one in report["errors"] if one.get("client") not in person.clients]
    return {**report, "errors": kept}


def _title(value: Any, row: Row, person: Person) -> Any:
    """The name of a holiday stays; an occasion that somebody wrote for this person does not."""
    if row["event_type"] == "manual":
        return NAMELESS if value else ""
    return nameless(value, row, person) or (NAMELESS if value else "")


def _of_the_site(value: Any, row: Row, person: Person) -> Any:
    """What changed on a watched site tells of the site; other notes were made for the person."""
    return nameless(value, row, person) if row["event_type"] == "site_change" else {}


HOLDINGS = (
    Holding(
        events,
        lambda person: events.c.client_id.in_(person.clients),
        blank={
            "title": _title,
            "title_instrumental": _title,
            "match_reason": "",
            "metadata": _of_the_site,
            "reason": lambda value, *given: code_only(value, *given) or ("erased" if value else ""),
        },
        keeps=("event_key", "tone", "created_by"),
    ),
    Holding(
        greetings,
        lambda person: greetings.c.client_id.in_(person.clients),
        blank={
            **dict.fromkeys(("subject", "body", "wish", "salutation", "image_path"), ""),
            **dict.fromkeys(("review_comment", "facts_hash", "prompt_hash"), ""),
            "violations": [],
            "history": [],
            "metadata": {},
            "skip_reason": code_only,
            "fallback_reason": code_only,
        },
        keeps=(
            *("card_theme", "provider", "model", "prompt_version", "template_family"),
            *("template_id", "variant_id", "approval_reasons", "approved_by"),
        ),
        files=("card_file_id",),
    ),
    Holding(
        feedback,
        lambda person: sa.or_(
            feedback.c.outreach_message_id.in_(person.messages),
            feedback.c.greeting_id.in_(person.greetings),
        ),
        blank={"note": ""},
        keeps=("source", "created_by"),
    ),
    Holding(
        agent_runs,
        lambda _person: sa.true(),
        blank={"report": _errors_of_others},
        keeps=("llm_mode", "image_mode", "notes"),
        only=lambda person, row: _errors_of_others(row["report"], row, person) != row["report"],
        shared=True,
    ),
)

HOLDS_NONE = {
    holidays: (
        *("code", "title", "title_instrumental", "short_instrumental", "rule", "status", "okved"),
        *("professions", "tone", "note", "checked", "shift", "tags", "overrides", "updated_by"),
    ),
}


def greetings_of(conn: Connection, person: Person) -> Iterator[str]:
    """Ids of all greetings of their clients."""
    query = sa.select(greetings.c.id).where(among(conn, greetings.c.client_id, person.clients))
    yield from conn.execute(query).scalars()
