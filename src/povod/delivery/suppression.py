"""The registry of refusals: who must not be written to, kept by hash for ever (D11, D35, D80)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.keys import Keys
from povod.delivery.moves import Message
from povod.kit.url import registrable_domain
from povod.store import audit
from povod.store.tables import deliveries, opt_out_registry, outreach_messages
from povod.store.upsert import insert_new

SOFT_DAYS = 90
SOFT_BOUNCES, SOFT_WITHIN = 3, timedelta(days=30)
_IN_FORCE = sa.text("lifted_at IS NULL")


def hashes_of(keys: Keys, message: Message) -> list[str]:
    """All hashes under which this message's recipient may be refused."""
    domain = message["recipient_domain"]
    wider = registrable_domain(domain) if domain else None
    found = [message["recipient_hash"]]
    found += [keys.value_hash("domain", name) for name in sorted({domain, wider or domain}) if name]
    if message["company_id"]:
        found.append(keys.value_hash("company", message["company_id"]))
    if message["client_id"]:
        found.append(keys.value_hash("client", message["client_id"]))
    return found


def refusal_clause(hashes: Iterable[str], kind: str, channel: str, now: datetime) -> Any:
    """The condition that selects refusals in force for one recipient, kind and channel."""
    table = opt_out_registry.c
    scope = "greeting" if kind == "greeting" else "letter"
    return sa.and_(
        table.value_hash.in_(list(hashes)),
        table.lifted_at.is_(None),
        table.scope.in_(["all", scope]),
        table.channel.in_(["*", channel]),
        sa.or_(table.expires_at.is_(None), table.expires_at > now),
    )


def lock(conn: Connection, hashes: Iterable[str]) -> None:
    """Writers of refusals and the handoff take turns per recipient, so commits decide (D35).

    On SQLite the write lock of the transaction does the same.
    """
    if conn.dialect.name == "sqlite":
        return
    for number in sorted({_number(value) for value in hashes}):
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _number(value: str) -> int:
    return int.from_bytes(blake2b(f"refusal:{value}".encode(), digest_size=8).digest()) >> 1


class Suppression:
    """Adds refusals."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def add(
        self,
        conn: Connection,
        value: str,
        *,
        source: str,
        reason: str,
        now: datetime,
        level: str = "address",
        kind: str = "email",
        scope: str = "all",
        channel: str = "*",
        expires_at: datetime | None = None,
        message: Message | None = None,
        evidence: Mapping[str, Any] | None = None,
        actor: str = "system",
    ) -> bool:
        """Remember a refusal; False if it stands already. `value`: address, domain or id.

        `kind` says what an address is: `email`, `phone`, or a number on a channel.
        """
        kind = kind if level == "address" else level
        value_hash = self._keys.value_hash(kind, value)
        lock(conn, [value_hash])
        row = {
            "contact_value": value,
            "contact_type": kind,
            "company_id": message["company_id"] if message else None,
            "source": source,
            "reason": reason,
            "registered_at": now,
            "level": level,
            "value_hash": value_hash,
            "scope": scope,
            "channel": channel,
            "outreach_message_id": message["id"] if message else None,
            "evidence": dict(evidence or {}),
            "expires_at": expires_at,
            "created_by": actor,
        }
        conflict = ["contact_type", "value_hash", "scope", "channel"]
        added = insert_new(conn, opt_out_registry, [row], conflict, _IN_FORCE)
        if added:
            data = {"level": level, "scope": scope, "source": source, "reason": reason}
            audit.append(conn, actor, "suppression.add", value_hash, data)
        elif expires_at is None:
            self._harden(conn, row)
        return bool(added)

    def _harden(self, conn: Connection, row: Mapping[str, Any]) -> None:
        """A refusal without end replaces a temporary entry of the same value."""
        names = ("contact_type", "value_hash", "scope", "channel")
        same = [opt_out_registry.c[name] == row[name] for name in names]
        conn.execute(
            opt_out_registry.update()
            .where(*same, opt_out_registry.c.lifted_at.is_(None))
            .where(opt_out_registry.c.expires_at.is_not(None))
            .values(expires_at=None, source=row["source"], reason=row["reason"])
        )

    def add_soft(self, conn: Connection, message: Message, now: datetime) -> bool:
        """A 90-day entry after 3 soft bounces of 2 or more messages within 30 days (D29)."""
        query = (
            sa.select(deliveries.c.outreach_message_id)
            .join(outreach_messages, outreach_messages.c.id == deliveries.c.outreach_message_id)
            .where(outreach_messages.c.recipient_hash == message["recipient_hash"])
            .where(deliveries.c.outcome_class.in_(["mailbox_full", "bounced_soft"]))
            .where(deliveries.c.finished_at > now - SOFT_WITHIN)
        )
        owners = list(conn.execute(query).scalars())
        if len(owners) < SOFT_BOUNCES or len(set(owners)) < 2:
            return False
        return self.add(
            conn,
            message["to_value"],
            source="bounce",
            reason="soft_bounces",
            now=now,
            expires_at=now + timedelta(days=SOFT_DAYS),
            message=message,
        )

    def refused(self, conn: Connection, message: Message, now: datetime) -> str | None:
        """Reason of the refusal in force for this message's recipient, or None."""
        hashes = hashes_of(self._keys, message)
        clause = refusal_clause(hashes, message["kind"], message["channel"], now)
        row = conn.execute(sa.select(opt_out_registry.c.reason).where(clause).limit(1)).first()
        return None if row is None else str(row.reason)

    def contact_hash(self, address: str) -> str:
        """Hash of an e-mail address as the registry keeps it."""
        return self._keys.value_hash("email", address)
