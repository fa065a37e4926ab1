"""Why a message exists: every link from the niche to the answer, in order of time (D100).

A link whose hash was stored says whether the hash still holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app.occasions import occasion
from povod.app.steps_of_story import Step, notes_of
from povod.delivery.evidence import approval_holds, file_holds, text_holds
from povod.kit.errors import NotFoundError
from povod.store.tables import (
    company_facts,
    company_pages,
    contacts,
    deliveries,
    feedback,
    inbound_mail,
    niches,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)

SHORT_HASH = 16
# How incoming mail is called in a chain; what is not named here is just mail.
_MAIL = {"bounce": "bounce", "delay": "bounce", "delivered": "receipt", "reply": "reply"}
_MAIL |= {"auto": "auto", "unsubscribe": "unsubscribe", "complaint": "refusal"}


@dataclass(frozen=True)
class Story:
    """A message and its chain."""

    message: Mapping[str, Any]
    steps: Sequence[Step]

    @property
    def proved(self) -> int:
        """How many links hold by their hash."""
        return sum(step.holds is True for step in self.steps)

    @property
    def broken(self) -> int:
        """How many links were changed since: what is stored no longer has its hash."""
        return sum(step.holds is False for step in self.steps)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        shown = (
            *("id", "kind", "status", "subject", "to_value", "message_id", "sent_at"),
            *("erased_at", "evidence"),
        )
        return {
            "message": {name: _plain(self.message[name]) for name in shown},
            "steps": [
                {
                    "kind": step.kind,
                    "text": step.text,
                    "quote": step.quote,
                    "notes": dict(step.notes),
                    "at": _plain(step.at),
                    "holds": step.holds,
                }
                for step in self.steps
            ],
            "proved": self.proved,
            "broken": self.broken,
        }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def tell(conn: Connection, message_id: str) -> Story:
    """The story of our id or Message-ID; `NotFoundError` if there is no such message."""
    message = _find(conn, message_id.strip())
    evidence = message["evidence"]
    steps = [*_erasure(message), *_search(conn, evidence), *_reading(conn, evidence)]
    steps += [*occasion(conn, message), *_making(message), *_attempts(conn, message["id"])]
    steps += [*_answers(conn, message["id"]), *_feedback(conn, message["id"])]
    return Story(message, steps)


def _erasure(message: Mapping[str, Any]) -> Iterator[Step]:
    """That the texts are gone because the person asked for it: what follows is what is left."""
    if message["erased_at"] is not None:
        yield Step("erased", "", at=message["erased_at"])


def _find(conn: Connection, name: str) -> Mapping[str, Any]:
    if "@" in name:
        column = outreach_messages.c.message_id == f"<{name.strip('<>')}>"
    else:
        column = outreach_messages.c.id == _as_id(name)
    row = conn.execute(sa.select(outreach_messages).where(column)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no message {name[:80]}; `povod deliver outbox` lists them")
    return dict(row)


def _as_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFoundError(
            f"{text[:80]!r} is neither an id of ours nor a Message-ID; "
            "`povod deliver outbox` lists them"
        ) from None


def _row(conn: Connection, table: sa.Table, row_id: str | None) -> Any:
    if not row_id:
        return None
    return conn.execute(sa.select(table).where(table.c.id == row_id)).first()


def _search(conn: Connection, evidence: Mapping[str, Any]) -> Iterator[Step]:
    niche = _row(conn, niches, evidence.get("niche_id"))
    if niche is not None:
        text = ", ".join(part for part in (niche.niche, niche.city) if part)
        notes = notes_of(source=niche.source, table=niche.source_ref[:SHORT_HASH], row=niche.row_no)
        yield Step("niche", text, notes=notes, at=niche.created_at)
    query = _row(conn, serp_queries, evidence.get("query_id"))
    if query is not None:
        notes = notes_of(region=query.region_code, window=query.window_tag)
        yield Step("query", query.query_text, notes=notes, at=query.scheduled_for)
    operation = _row(conn, serp_operations, evidence.get("operation_id"))
    if operation is not None:
        notes = notes_of(cost=operation.cost, reply=(operation.raw_file_id or "")[:SHORT_HASH])
        holds = file_holds(conn, operation.raw_file_id, operation.raw_file_id or "")
        at = operation.requested_at
        yield Step("operation", operation.operation_id or "", notes=notes, at=at, holds=holds)
    hit = _row(conn, serp_results, evidence.get("hit_id"))
    if hit is not None:
        notes = notes_of(position=hit.position, address=hit.url_raw)
        taken_in = operation.ingested_at if operation is not None else hit.created_at
        yield Step("hit", hit.title, hit.snippet, notes, taken_in)


def _reading(conn: Connection, evidence: Mapping[str, Any]) -> Iterator[Step]:
    page = _row(conn, company_pages, evidence.get("page_id"))
    if page is not None:
        notes = notes_of(sha256=page.content_sha256[:SHORT_HASH])
        holds = file_holds(conn, page.raw_file_id, page.content_sha256)
        where = page.final_url or page.url
        yield Step("page", where, notes=notes, at=page.fetched_at, holds=holds)
    contact = _row(conn, contacts, evidence.get("contact_id"))
    if contact is not None:
        notes = notes_of(found_in=contact.found_in, address=contact.source_url)
        yield Step("contact", contact.value, notes=notes, at=contact.first_seen_at)
    for fact_id in evidence.get("fact_ids", ()):
        fact = _row(conn, company_facts, fact_id)
        if fact is not None:
            yield Step("fact", fact.kind, quote=fact.quote, at=fact.created_at)


def _making(message: Mapping[str, Any]) -> Iterator[Step]:
    made = message["evidence"].get("text", {})
    offer = message["evidence"].get("offer", {})
    notes = notes_of(
        version=made.get("template_version") or made.get("prompt_version"),
        offer=f"{offer['key']} {offer['version']}" if offer else "",
        sha256=message["content_hash"][:SHORT_HASH],
    )
    text = made.get("model") or message["text_source"]
    yield Step("text", text, notes=notes, at=message["created_at"], holds=text_holds(message))
    if message["approved_at"]:
        note, at = message["approval_note"], message["approved_at"]
        holds = approval_holds(message)
        yield Step("approval", message["approved_by"], quote=note, at=at, holds=holds)
    if message["scheduled_for"]:
        yield Step("plan", message["lane"], at=message["scheduled_for"])


def _attempts(conn: Connection, message_id: str) -> Iterator[Step]:
    query = (
        sa.select(deliveries)
        .where(deliveries.c.outreach_message_id == message_id)
        .order_by(deliveries.c.attempt_no)
    )
    for row in conn.execute(query):
        gates = [*row.gates_a, *row.gates_b]
        stopped = dict.fromkeys(_reason(gate) for gate in gates if gate.get("result") != "pass")
        notes = notes_of(
            number=row.attempt_no,
            channel=row.provider,
            stopped_by=", ".join(stopped),
            sha256=row.wire_sha256[:SHORT_HASH],
        )
        said = " ".join(str(part) for part in (row.reply_code, row.reply_text) if part)
        moment = row.finished_at or row.handoff_at or row.claimed_at
        holds = file_holds(conn, row.eml_file_id, row.wire_sha256)
        yield Step("attempt", row.state, said, notes, moment, holds)


def _reason(gate: Mapping[str, Any]) -> str:
    return ": ".join(part for part in (gate["name"], gate.get("reason", "")) if part)


def _answers(conn: Connection, message_id: str) -> Iterator[Step]:
    query = (
        sa.select(inbound_mail)
        .where(inbound_mail.c.outreach_message_id == message_id)
        .order_by(inbound_mail.c.received_at, inbound_mail.c.id)
    )
    for row in conn.execute(query):
        notes = notes_of(matched_by=row.matched_by)
        kind = _MAIL.get(row.kind, "mail")
        holds = file_holds(conn, row.raw_file_id, row.raw_sha256)
        yield Step(kind, row.subject, row.new_text, notes, row.received_at, holds)


def _feedback(conn: Connection, message_id: str) -> Iterator[Step]:
    """What people said about it; what the inbox took from a reply stands there already."""
    said = (feedback.c.outreach_message_id == message_id) & (feedback.c.source != "inbox")
    query = sa.select(feedback).where(said).order_by(feedback.c.at, feedback.c.id)
    for row in conn.execute(query):
        notes = notes_of(by=row.created_by, score=row.score)
        yield Step("feedback", row.outcome, row.note, notes, row.at)
