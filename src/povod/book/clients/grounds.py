"""The grounds on which clients may be written to: rows of `consents` (D12, G22, G23)."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.book.clients.model import Author, ClientDeps, Ground
from povod.store.tables import consents
from povod.store.upsert import insert_new

CONFLICT = ["value_hash", "channel", "purpose", "basis", "evidence_url"]
RELIGIOUS = "religious_greeting"


def record_ground(
    conn: Connection, deps: ClientDeps, client: Mapping[str, Any], ground: Ground, author: Author
) -> int:
    """Store the ground for each address of the client; how many rows are new.

    The basis `none` is stored too: it says that nothing may be derived for this person.
    """
    return len(insert_new(conn, consents, ground_rows(deps, client, ground, author), CONFLICT))


def ground_rows(
    deps: ClientDeps, client: Mapping[str, Any], ground: Ground, author: Author
) -> list[dict[str, Any]]:
    """The rows of one ground, for batches."""
    return [
        {
            "client_id": client["id"],
            "contact_id": client.get("contact_id"),
            "company_id": client.get("company_id"),
            "value_hash": deps.hash_value(kind, value),
            "channel": channel,
            "purpose": ground.purpose,
            "basis": ground.basis,
            "evidence_text": ground.evidence,
            "evidence_url": f"client:{client['id']}",
            "source": author.source,
            "obtained_at": ground.obtained_at or deps.clock.now(),
            "obtained_by": author.name,
        }
        for channel, kind, value in addresses(client)
    ]


def addresses(client: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """Channel, kind of address and address, for those that the client has."""
    known = (
        ("email", "email", client.get("email") or ""),
        ("sms", "phone", client.get("phone") or ""),
        ("messenger", "phone", client.get("phone") or ""),
    )
    return [one for one in known if one[2]]


def keep_grounds(
    conn: Connection,
    deps: ClientDeps,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    author: Author,
) -> None:
    """A ground belongs to the person: it follows to a corrected address."""
    if (before["email"], before["phone"]) == (after["email"], after["phone"]):
        return
    for row in in_force(conn, after["id"]):
        if row["channel"] in ("email", "sms"):
            ground = Ground(row["basis"], row["evidence_text"], row["obtained_at"], row["purpose"])
            record_ground(conn, deps, after, ground, author)


def in_force(conn: Connection, client_id: str) -> Sequence[RowMapping]:
    """Grounds that were not withdrawn, the newest first."""
    query = (
        sa.select(consents)
        .where(consents.c.client_id == client_id, consents.c.withdrawn_at.is_(None))
        .order_by(consents.c.obtained_at.desc(), consents.c.id.desc())
    )
    return conn.execute(query).mappings().all()
