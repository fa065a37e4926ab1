"""The part of a story that comes from the address book, the calendar and watched sites (G103)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app.steps_of_story import Step, notes_of
from povod.store.tables import clients, consents, events, jobs

SHORT_HASH = 16


def occasion(conn: Connection, message: Mapping[str, Any]) -> Iterator[Step]:
    """Who is written to, on what ground, and what gave the reason."""
    evidence = message["evidence"]
    if message["client_id"] is not None:
        yield from _client(conn, message["client_id"])
    yield from _ground(conn, message)
    if "site_change" in evidence:
        yield from _site(conn, evidence["site_change"])
    elif "occasion" in evidence:
        yield _event(conn, evidence["occasion"])


def _client(conn: Connection, client_id: str) -> Iterator[Step]:
    row = conn.execute(sa.select(clients).where(clients.c.id == client_id)).first()
    if row is None:
        return
    parts = (row.last_name, row.first_name, row.middle_name)
    name = " ".join(part for part in parts if part) or row.company_name
    notes = notes_of(source=row.source, segment=row.segment, company=row.company_name)
    yield Step("client", name, notes=notes, at=row.created_at)


def _ground(conn: Connection, message: Mapping[str, Any]) -> Iterator[Step]:
    """The newest ground for this recipient, withdrawn or not."""
    same = [consents.c[name] == message[name] for name in ("channel", "purpose")]
    row = conn.execute(
        sa.select(consents)
        .where(consents.c.value_hash == message["recipient_hash"], *same)
        .order_by(consents.c.obtained_at.desc(), consents.c.id.desc())
    ).first()
    if row is None:
        return
    found_at = row.evidence_url if row.evidence_url.startswith("http") else ""
    notes = notes_of(by=row.obtained_by, address=found_at, withdrawn=row.withdrawn_at)
    yield Step("ground", row.basis, row.evidence_text, notes, row.obtained_at)


def _event(conn: Connection, said: Mapping[str, Any]) -> Step:
    made = sa.select(events.c.created_at).where(events.c.id == said["event_id"])
    rule = said.get("rule") or {}
    notes = notes_of(
        day=said["date"],
        deliver_on=said["deliver_on"],
        rule=rule.get("rule"),
        match=said.get("match"),
    )
    return Step("occasion", said["title"], notes=notes, at=conn.execute(made).scalar())


def _site(conn: Connection, said: Mapping[str, Any]) -> Iterator[Step]:
    job = conn.execute(sa.select(jobs.c.finished_at).where(jobs.c.id == said["job_id"])).first()
    at = job.finished_at if job is not None else None
    yield Step("site_job", said["domain"], notes=notes_of(changes=said["total"]), at=at)
    for change in said["changes"]:
        notes = notes_of(address=change["url"], sha256=change["page_sha256"][:SHORT_HASH])
        values = f"{change['before'] or '–'} → {change['after'] or '–'}"
        seen = datetime.fromisoformat(change["seen_at"])
        yield Step("change", change["name"], f"{change['field']}: {values}", notes, seen)
