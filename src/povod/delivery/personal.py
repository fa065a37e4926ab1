"""What delivery keeps about a person, and how its unsent mail ends (D101, D11, D76)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.addresses import twin_domains
from povod.delivery.channels.file.transport import base_name
from povod.delivery.office import Office
from povod.delivery.states import OPEN, SYSTEM
from povod.kit.phone import with_line
from povod.store.bulk import among
from povod.store.db import Database
from povod.store.personal import (
    Holding,
    Person,
    Row,
    code_only,
    erased_hashes,
    placeholder,
    stamped,
)
from povod.store.tables import consents, deliveries, inbound_mail, opt_out_registry
from povod.store.tables import outreach_messages as messages

Address = tuple[str, str]
ERASED = "erased"
SUFFIXES = (".txt", ".json", ".eml")
_PROOFS = ("text", "offer")


def _ids_only(value: Mapping[str, Any], _row: Row, _person: Person) -> dict[str, Any]:
    """Of the evidence: what names rows, hashes, templates; no title, day or quote."""
    ends = ("_id", "_ids", "_sha256")
    return {k: v for k, v in value.items() if k.endswith(ends) or k in _PROOFS}


def _of_messages(table: sa.Table) -> Any:
    return lambda person: table.c.outreach_message_id.in_(person.messages)


HOLDINGS = (
    Holding(
        messages,
        lambda person: messages.c.id.in_(person.messages),
        blank={
            **dict.fromkeys(("subject", "body", "body_html", "to_value", "to_name"), ""),
            **dict.fromkeys(("to_value_key", "last_error", "approval_note"), ""),
            "attachments": [],
            "metadata": {},
            "evidence": _ids_only,
            "erased_at": stamped,
        },
        keeps=(
            *("language", "campaign", "recipient_hash", "recipient_domain", "jurisdiction"),
            *("delivery_status", "skip_reason", "lease_owner", "lane", "window_start"),
            *("window_end", "window_zone", "dedupe_key", "message_id", "content_hash"),
            *("approved_hash", "approved_by", "template_id", "variant_id"),
        ),
        files=("card_file_id",),
    ),
    Holding(
        deliveries,
        _of_messages(deliveries),
        blank={"route_error": "", "reply_text": "", "resolution": {}},
        keeps=(
            *("channel", "provider", "idempotency_key", "owner", "envelope_from", "verp_token"),
            *("mx_class", "mx_records", "gates_a", "gates_b", "wire_sha256", "reply_stage"),
            *("enhanced_code", "outcome_class", "queue_id", "tls", "resolved_by"),
        ),
        files=("eml_file_id",),
    ),
    Holding(
        inbound_mail,
        lambda person: sa.or_(
            inbound_mail.c.outreach_message_id.in_(person.messages),
            sa.func.lower(inbound_mail.c.from_value).in_(person.addresses),
        ),
        blank={"from_value": "", "subject": "", "new_text": "", "details": {}},
        keeps=("raw_sha256", "matched_by"),
        files=("raw_file_id",),
    ),
    Holding(
        consents,
        lambda person: sa.or_(
            consents.c.value_hash.in_(person.hashes), consents.c.client_id.in_(person.clients)
        ),
        blank={
            "evidence_url": placeholder,
            "evidence_text": "",
            "document_version": "",
            "withdrawn_at": stamped,
            "withdrawn_reason": code_only,
        },
        keeps=("value_hash", "channel", "purpose", "source", "jurisdiction", "obtained_by"),
        files=("evidence_file_id",),
    ),
    Holding(
        opt_out_registry,
        lambda person: opt_out_registry.c.value_hash.in_(person.hashes),
        blank={
            "contact_value": None,
            "reason": code_only,
            "evidence": {},
            "lift_evidence": {},
            "erased_at": stamped,
        },
        keeps=("contact_type", "source", "value_hash", "channel", "created_by", "lifted_by"),
    ),
)


def wait_for_workers(conn: Connection, person: Person) -> None:
    """Let handoffs under way end first: they lock the message before the recipient, as we do."""
    mine = among(conn, messages.c.id, person.messages)
    query = sa.select(messages.c.id).where(mine, messages.c.status == "sending")
    conn.execute(query.order_by(messages.c.id).with_for_update()).all()


def refuse(office: Office, conn: Connection, person: Person, by: str) -> bool:
    """Never write to them again: a refusal of every address, on every channel, without end.

    The handoff takes the same locks: what is not handed over yet stays here (gate 9). False when
    all of them stood already.
    """
    facts: dict[str, Any] = {"source": "erasure", "reason": ERASED, "actor": by}
    added = [
        office.suppression.add(conn, address, kind=kind, now=person.at, **facts)
        for kind, address in sorted(_kinds(person))
    ]
    return any(added)


def _kinds(person: Person) -> set[tuple[str, str]]:
    mail = {("email", address) for address in person.addresses if "@" in address}
    phones = {address for address in person.addresses if "@" not in address}
    return mail | {(kind, phone) for kind in PHONE_KINDS for phone in phones}


PHONE_KINDS = ("phone", "sms", "messenger")
"""Under what a number is hashed: as a ground, and as the recipient on a channel."""


def cancel_unsent(office: Office, conn: Connection, person: Person) -> int:
    """Messages that no worker has end; how many."""
    query = sa.select(messages).where(_unsent(conn, person)).order_by(messages.c.id)
    rows = [dict(row) for row in conn.execute(query.with_for_update()).mappings()]
    for row in rows:
        office.moves.move(conn, row, "cancelled", SYSTEM, ERASED, skip_reason=ERASED)
    return len(rows)


def _unsent(conn: Connection, person: Person) -> sa.ColumnElement[bool]:
    mine = among(conn, messages.c.id, person.messages)
    return mine & messages.c.status.in_((*OPEN, "failed"))


def unsent(conn: Connection, person: Person) -> int:
    """How many messages would be cancelled."""
    query = sa.select(sa.func.count()).select_from(messages).where(_unsent(conn, person))
    return int(conn.execute(query).scalar_one())


def under_way(conn: Connection, person: Person) -> int:
    """How many are in a worker's hands at this moment: what it still writes is not erased yet."""
    mine = among(conn, messages.c.id, person.messages)
    query = (
        sa.select(sa.func.count()).select_from(messages).where(mine, messages.c.status == "sending")
    )
    return int(conn.execute(query).scalar_one())


def remove_letters(db: Database, folder: Path, ids: Sequence[str]) -> int:
    """Delete what the file channel wrote for erased messages; how many files.

    The messages keep what their names are made of, so a repetition finishes a removal that was
    interrupted.
    """
    columns = (messages.c.id, messages.c.dedupe_key)
    with db.read() as conn:
        mine = among(conn, messages.c.id, ids)
        erased = sa.select(*columns).where(mine, messages.c.erased_at.is_not(None))
        bases = [base_name(folder, dict(row)) for row in conn.execute(erased).mappings()]
    paths = [base.with_suffix(suffix) for base in bases for suffix in SUFFIXES]
    there = [path for path in paths if path.exists()]
    for path in there:
        path.unlink(missing_ok=True)
    return len(there)


def forgotten(office: Office, conn: Connection, found: Iterable[Address]) -> set[Address]:
    """Of the kinds and values of contacts: those whose owners asked to be forgotten (L125)."""
    hashed = [
        (office.keys.value_hash(kind, form), (kind, value))
        for kind, value in found
        if kind in ("email", "phone")
        for form in with_line(value)
    ]
    gone = erased_hashes(conn, {name for name, _ in hashed})
    return {address for name, address in hashed if name in gone}


def spellings(column: sa.ColumnElement[str], address: str) -> sa.Select[Any]:
    """Values of a column that may be another spelling of the address: those of its domains."""
    ends = [column.iendswith(f"@{domain}", autoescape=True) for domain in twin_domains(address)]
    return sa.select(column).distinct().where(sa.or_(*ends))
