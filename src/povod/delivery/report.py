"""Figures of delivery (D105, D107)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import inbound_mail
from povod.store.tables import outreach_messages as messages

AIM = 0.95


@dataclass(frozen=True)
class Report:
    """Counts by status, reasons of waiting and failing, what came back, the share sent well."""

    by_status: dict[str, int]
    by_reason: dict[str, int]
    by_delivery_status: dict[str, int]
    inbound: dict[str, int]
    accepted: int
    sent_ok_share: float | None
    oldest_uncertain_at: datetime | None

    @property
    def reaches_aim(self) -> bool:
        """True at 95 % or more, and when nothing was sent yet."""
        return self.sent_ok_share is None or self.sent_ok_share >= AIM


def report(conn: Connection, since: datetime | None = None, kind: str | None = None) -> Report:
    """The figures of all messages, or of those made since then or of one kind."""
    wanted = []
    if since is not None:
        wanted.append(messages.c.created_at >= since)
    if kind is not None:
        wanted.append(messages.c.kind == kind)
    by_status = _counts(conn, messages.c.status, wanted)
    ever_sent = [*wanted, messages.c.sent_at.is_not(None)]
    accepted = int(conn.execute(sa.select(sa.func.count()).where(*ever_sent)).scalar_one())
    return Report(
        by_status=by_status,
        by_reason=_counts(conn, messages.c.skip_reason, [*wanted, messages.c.skip_reason != ""]),
        by_delivery_status=_counts(
            conn, messages.c.delivery_status, [*wanted, messages.c.delivery_status != ""]
        ),
        inbound=_inbound(conn, since),
        accepted=accepted,
        sent_ok_share=_share(by_status),
        oldest_uncertain_at=_oldest_uncertain(conn, wanted),
    )


def _counts(conn: Connection, column: Any, wanted: list[Any]) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).where(*wanted).group_by(column).order_by(column)
    return {str(name): int(count) for name, count in conn.execute(query)}


def _inbound(conn: Connection, since: datetime | None) -> dict[str, int]:
    wanted = [] if since is None else [inbound_mail.c.created_at >= since]
    return _counts(conn, inbound_mail.c.kind, wanted)


def _share(by_status: dict[str, int]) -> float | None:
    """Accepted and not bounced ÷ (accepted + bounced + failed + uncertain); None without any."""
    good = sum(by_status.get(name, 0) for name in ("sent", "replied", "unsubscribed", "complained"))
    bad = sum(by_status.get(name, 0) for name in ("bounced", "failed", "uncertain"))
    return None if good + bad == 0 else good / (good + bad)


def _oldest_uncertain(conn: Connection, wanted: list[Any]) -> datetime | None:
    query = sa.select(messages.c.updated_at).where(*wanted, messages.c.status == "uncertain")
    found: datetime | None = conn.execute(query.order_by(messages.c.updated_at).limit(1)).scalar()
    return found
