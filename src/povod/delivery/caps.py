"""How many messages a mailbox, a domain and a person get a day (D48, D49).

Tokens live in the engine's quotas and belong to an attempt: taken in the transaction that claims
it, given back in the one that ends it before the handoff, never afterwards.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.addresses import PUBLIC_PROVIDERS
from povod.delivery.moves import Message
from povod.engine.quotas import Limit, Quotas
from povod.kit.days import midnight, next_midnight
from povod.kit.settings import Settings
from povod.store.tables import deliveries
from povod.store.tables import quotas as quotas_table

DAY = 86_400.0
GREETING_SPACING = (20.0, 60.0)
_counted: dict[str, tuple[datetime, int]] = {}
"""Mailbox → a midnight and the days at work before it, which do not change during that day."""


class Caps:
    """Takes the tokens of one attempt, inside the claiming transaction."""

    def __init__(
        self, conn: Connection, quotas: Quotas, settings: Settings, now: datetime, holder: str
    ) -> None:
        self._conn = conn
        self._quotas = quotas
        self._settings = settings
        self._now = now
        self._holder = holder

    def person(self, message: Message) -> datetime | None:
        """None: taken. Otherwise when the person may be written to again."""
        key = f"mail:person:{message['recipient_hash']}:day"
        return self._take_once(message, key, self._settings.person_daily_cap)

    def domain(self, message: Message) -> datetime | None:
        """As `person`, for the corporate domain of the recipient; 0 turns the cap off."""
        domain, cap = message["recipient_domain"], self._settings.domain_daily_cap
        if not cap or not domain or domain in PUBLIC_PROVIDERS:
            return None
        return self._take_once(message, f"mail:domain:{domain}:day", cap)

    def mailbox(self, mailbox: Mapping[str, Any]) -> datetime | None:
        """As `person`, for the mailbox: daily cap with warm-up, and the provider's 24 hours."""
        key = f"mail:mailbox:{mailbox['id']}"
        cap = day_cap(self._conn, mailbox, self._now)
        wait = self._take_day(f"{key}:day", cap, mailbox["zone"])
        if wait is None and mailbox["limit_24h"]:
            limit = Limit(mailbox["limit_24h"], DAY)
            delay = self._quotas.take(f"{key}:24h", [limit], 1, self._holder, self._conn)
            wait = self._now + delay if delay else None
        return wait

    def _take_once(self, message: Message, key: str, cap: int) -> datetime | None:
        """Another attempt of the same message, the same day, is no second message to anybody."""
        zone = self._settings.app_timezone
        mine = sa.select(deliveries.c.id).where(deliveries.c.outreach_message_id == message["id"])
        holders = list(self._conn.execute(mine).scalars())
        held = sa.select(quotas_table.c.id).where(
            quotas_table.c.key == key,
            quotas_table.c.at >= midnight(self._now, zone),
            quotas_table.c.holder.in_(holders),
        )
        if holders and self._conn.execute(held.limit(1)).first() is not None:
            return None
        return self._take_day(key, cap, zone)

    def give_back(self) -> None:
        """Return all tokens of this attempt."""
        self._quotas.give_back(self._holder, self._conn)

    def _take_day(self, key: str, cap: int, zone: str) -> datetime | None:
        # The window reaches back to midnight, so the sliding store counts a calendar day.
        since = (self._now - midnight(self._now, zone)).total_seconds()
        limit = Limit(cap, max(since, 0.001))
        if not self._quotas.take(key, [limit], 1, self._holder, self._conn):
            return None
        return next_midnight(self._now, zone)


def day_cap(conn: Connection, mailbox: Mapping[str, Any], now: datetime) -> int:
    """Today's cap: while warming up 20 + 4 for each earlier day with an accepted message."""
    cap = int(mailbox["daily_cap"])
    if not mailbox["warmup"] or mailbox["warmup_start"] >= cap:
        return cap
    days = _days_at_work(conn, mailbox, midnight(now, mailbox["zone"]))
    return min(cap, int(mailbox["warmup_start"]) + int(mailbox["warmup_step"]) * days)


def _days_at_work(conn: Connection, mailbox: Mapping[str, Any], today: datetime) -> int:
    """Days before `today` with an accepted message: counted once a day, not for each message."""
    known = _counted.get(mailbox["id"])
    if known is not None and known[0] == today:
        return known[1]
    day = sa.func.date(deliveries.c.finished_at)
    query = sa.select(sa.func.count(day.distinct())).where(
        deliveries.c.mailbox_id == mailbox["id"],
        deliveries.c.state == "accepted",
        deliveries.c.finished_at < today,
    )
    days = int(conn.execute(query).scalar_one())
    _counted[mailbox["id"]] = (today, days)
    return days


def spacing(mailbox: Mapping[str, Any], kind: str, share: float) -> timedelta:
    """Pause of a mailbox after a message; `share` in 0..1 picks it between least and most."""
    low, high = mailbox["min_spacing_s"], mailbox["max_spacing_s"]
    if kind == "greeting":
        low, high = min(low, GREETING_SPACING[0]), min(high, GREETING_SPACING[1])
    return timedelta(seconds=low + share * max(0.0, high - low))
