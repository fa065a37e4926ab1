"""Why a message exists: every link from the niche to the answer, in order of time (D100)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.errors import NotFoundError
from povod.store.tables import (
    company_facts,
    company_pages,
    contacts,
    deliveries,
    inbound_mail,
    niches,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)


@dataclass(frozen=True)
class Step:
    """One link of the chain; `kind` names it, `quote` is what was read, `at` when it happened."""

    kind: str
    text: str
    quote: str = ""
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Story:
    """A message and its chain."""

    message: Mapping[str, Any]
    steps: Sequence[Step]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        shown = ("id", "kind", "status", "subject", "to_value", "message_id", "sent_at", "evidence")
        return {
            "message": {name: _plain(self.message[name]) for name in shown},
            "steps": [{k: _plain(v) for k, v in asdict(step).items()} for step in self.steps],
        }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def tell(conn: Connection, message_id: str) -> Story:
    """The story of our id or Message-ID; `NotFoundError` if there is no such message."""
    message = _find(conn, message_id)
    steps = [*_origin(conn, message["evidence"]), *_making(message)]
    steps += [*_attempts(conn, message["id"]), *_answers(conn, message["id"])]
    return Story(message, steps)


def _find(conn: Connection, name: str) -> Mapping[str, Any]:
    wire_id = name if name.startswith("<") else f"<{name}>"
    column = outreach_messages.c.message_id == wire_id
    if "@" not in name:
        column = outreach_messages.c.id == _as_id(name)
    found = conn.execute(sa.select(outreach_messages).where(column))
    row = found.mappings().first()
    if row is None:
        raise NotFoundError(f"there is no message {name}; `povod deliver outbox` lists them")
    return dict(row)


def _as_id(text: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(text))
    except ValueError:
        raise NotFoundError(
            f"{text!r} is neither an id of ours nor a Message-ID; `povod deliver outbox` lists them"
        ) from None


def _row(conn: Connection, table: sa.Table, row_id: str | None) -> Any:
    if not row_id:
        return None
    return conn.execute(sa.select(table).where(table.c.id == row_id)).first()


def _origin(conn: Connection, evidence: Mapping[str, Any]) -> Iterator[Step]:
    niche = _row(conn, niches, evidence.get("niche_id"))
    if niche is not None:
        where = f"{niche.source}: {niche.source_ref[:60]}, row {niche.row_no}"
        text = ", ".join(part for part in (niche.niche, niche.city) if part)
        yield Step("niche", text, detail=where, at=niche.created_at)
    query = _row(conn, serp_queries, evidence.get("query_id"))
    if query is not None:
        yield Step(
            "query", query.query_text, detail=f"lr {query.region_code}", at=query.scheduled_for
        )
    operation = _row(conn, serp_operations, evidence.get("operation_id"))
    if operation is not None:
        cost = f"{operation.cost} RUB, " if operation.cost is not None else ""
        detail = f"{cost}{operation.window_tag}, reply {str(operation.raw_file_id or '')[:12]}"
        yield Step(
            "operation", operation.operation_id or "", detail=detail, at=operation.requested_at
        )
    hit = _row(conn, serp_results, evidence.get("hit_id"))
    if hit is not None:
        detail = f"position {hit.position}: {hit.url_raw}"
        yield Step("hit", hit.title, quote=hit.snippet, detail=detail, at=operation_end(operation))
    yield from _reading(conn, evidence)


def operation_end(operation: Any) -> datetime | None:
    """When the reply of an operation was taken in."""
    return operation.ingested_at if operation is not None else None


def _reading(conn: Connection, evidence: Mapping[str, Any]) -> Iterator[Step]:
    page = _row(conn, company_pages, evidence.get("page_id"))
    if page is not None:
        detail = f"sha256 {page.content_sha256[:16]}"
        yield Step("page", page.final_url or page.url, detail=detail, at=page.fetched_at)
    contact = _row(conn, contacts, evidence.get("contact_id"))
    if contact is not None:
        detail = f"{contact.found_in}, {contact.source_url}"
        yield Step("contact", contact.value, detail=detail, at=contact.first_seen_at)
    for fact_id in evidence.get("fact_ids", ()):
        fact = _row(conn, company_facts, fact_id)
        if fact is not None:
            yield Step("fact", fact.kind, quote=fact.quote, at=fact.created_at)


def _making(message: Mapping[str, Any]) -> Iterator[Step]:
    evidence = message["evidence"]
    offer = evidence.get("offer", {})
    made = evidence.get("text", {})
    author = made.get("model") or message["text_source"]
    version = made.get("template_version") or made.get("prompt_version") or ""
    text = f"{author} {version}".strip()
    if offer:
        text += f"; offer {offer['key']} {offer['version']}"
    detail = f"content {message['content_hash'][:16]}"
    yield Step("text", text, detail=detail, at=message["created_at"])
    if message["approved_at"]:
        note = message["approval_note"]
        by = message["approved_by"]
        yield Step("approval", by, detail=note, at=message["approved_at"])
    if message["scheduled_for"]:
        yield Step("plan", message["lane"] or "", at=message["scheduled_for"])


def _attempts(conn: Connection, message_id: str) -> Iterator[Step]:
    query = (
        sa.select(deliveries)
        .where(deliveries.c.outreach_message_id == message_id)
        .order_by(deliveries.c.attempt_no)
    )
    for row in conn.execute(query):
        said = " ".join(str(part) for part in (row.reply_code, row.reply_text) if part)
        gates = [gate["name"] for gate in row.gates_a if not _passed(gate)]
        detail = f"{row.channel}/{row.provider}" + (
            f"; stopped by {', '.join(gates)}" if gates else ""
        )
        moment = row.finished_at or row.handoff_at or row.claimed_at
        yield Step(
            "attempt", f"{row.attempt_no}: {row.state}", quote=said, detail=detail, at=moment
        )


def _passed(gate: Mapping[str, Any]) -> bool:
    return str(gate.get("result", "pass")) in ("pass", "ok")


def _answers(conn: Connection, message_id: str) -> Iterator[Step]:
    kinds = {"bounce": "bounce", "delay": "bounce", "reply": "reply", "auto": "auto"}
    kinds |= {"unsubscribe": "unsubscribe", "complaint": "refusal"}
    query = (
        sa.select(inbound_mail)
        .where(inbound_mail.c.outreach_message_id == message_id)
        .order_by(inbound_mail.c.id)
    )
    for row in conn.execute(query):
        detail = f"matched by {row.matched_by}" if row.matched_by else ""
        yield Step(
            kinds.get(row.kind, "mail"),
            row.subject,
            quote=row.new_text,
            detail=detail,
            at=row.received_at,
        )
