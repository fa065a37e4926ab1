"""A ground is taken back: the stamp, and all that waited on it (D12, D15, D43)."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.delivery import suppression
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.outbox import Outbox
from povod.delivery.states import OPEN, SYSTEM, Actor
from povod.kit.errors import NotFoundError
from povod.store import audit
from povod.store.tables import consents
from povod.store.tables import outreach_messages as messages

WITHDRAWN = "consent_withdrawn"
BY_POLICY = "policy:"


def grounds_of(conn: Connection, value_hash: str) -> Sequence[RowMapping]:
    """All grounds ever stored for an address, the newest first; withdrawn ones too."""
    mine = sa.select(consents).where(consents.c.value_hash == value_hash)
    return (
        conn.execute(mine.order_by(consents.c.obtained_at.desc(), consents.c.id)).mappings().all()
    )


def withdraw(
    office: Office, outbox: Outbox, conn: Connection, ids: Iterable[str], actor: Actor, reason: str
) -> list[Message]:
    """Stamp these grounds as withdrawn; the messages that lost what they stood on, as they are now.

    A stamp stays as a proof of what was. The handoff takes the same locks, so that a withdrawal
    committed before it always wins.
    """
    wanted = sorted(set(ids))
    found = sa.select(consents.c.id, consents.c.value_hash).where(consents.c.id.in_(wanted))
    hashes = {row.id: row.value_hash for row in conn.execute(found)}
    missing = [name for name in wanted if name not in hashes]
    if missing:
        raise NotFoundError(f"there is no consent {missing[0]}")
    suppression.lock(conn, set(hashes.values()))
    stamp = {"withdrawn_at": office.clock.now(), "withdrawn_reason": reason[:300]}
    for name in wanted:
        standing = (consents.c.id == name, consents.c.withdrawn_at.is_(None))
        if conn.execute(consents.update().where(*standing).values(**stamp)).rowcount:
            audit.append(conn, str(actor), "consent.withdraw", name, {"reason": reason[:300]})
    return _reconsider(office, outbox, conn, set(hashes.values()))


def _reconsider(
    office: Office, outbox: Outbox, conn: Connection, hashes: set[str]
) -> list[Message]:
    query = (
        sa.select(messages)
        .where(messages.c.recipient_hash.in_(hashes), messages.c.status.in_(OPEN))
        .order_by(messages.c.id)
        .with_for_update()
    )
    moved = []
    for row in conn.execute(query).mappings().all():
        message: dict[str, Any] = dict(row)
        verdict, _ = outbox.verdict(conn, message)
        by_policy = message["approved_by"].startswith(BY_POLICY)
        if verdict == "deny":
            changes = {"skip_reason": WITHDRAWN}
            moved.append(office.moves.move(conn, message, "cancelled", SYSTEM, **changes))
        elif verdict == "approve" and by_policy and message["status"] in ("approved", "scheduled"):
            moved.append(office.moves.move(conn, message, "needs_approval", SYSTEM, skip_reason=""))
    return moved
