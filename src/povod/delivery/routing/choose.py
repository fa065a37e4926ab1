"""Through which mailbox and channel a message leaves (D53)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import mailboxes
from povod.delivery.channels import Channel
from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message
from povod.delivery.office import Office
from povod.delivery.routing.mx import RU, MxAnswer, Resolve, classify, known
from povod.kit.days import midnight
from povod.store.tables import deliveries

NO_MX = MxAnswer("", [], None)


@dataclass(frozen=True)
class Route:
    """The chosen way, and why it is not the usual one."""

    mailbox: Mailbox
    channel: Channel
    mx: MxAnswer = NO_MX
    fallback: bool = False
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """What `metadata.route` keeps (D7)."""
        record: dict[str, Any] = {
            "provider": self.mailbox["provider"],
            "mailbox": self.mailbox["name"],
            "fallback": self.fallback,
        }
        return record | ({"error": self.error} if self.error else {})


class Router:
    """Chooses routes; DNS is asked before any transaction."""

    def __init__(self, office: Office, channels: Mapping[str, Channel], resolve: Resolve) -> None:
        self._office = office
        self._channels = channels
        self._resolve = resolve

    def route(self, message: Message, *, ask_dns: bool = True) -> Route | None:
        """The way of a message now; None when no mailbox can take it.

        `ask_dns=False` inside a transaction: nothing outside is asked and nothing is cached.
        """
        mode = self._office.settings.send_mode
        mx = NO_MX
        if mode == "smtp" and self._office.settings.routing_enabled:
            domain = message["recipient_domain"]
            mx = known(self._office, domain) or NO_MX
            if ask_dns:
                mx = classify(self._office, domain, self._resolve)
        with self._office.db.read() as conn:
            usable = mailboxes.active(conn, self._office.clock.now())
            if mode == "smtp":
                return self._smtp_route(conn, message, usable, mx)
            files = next((box for box in usable if box["provider"] == "file"), None)
        channel = self._channels.get(mode)
        return Route(files, channel) if files and channel else None

    def _smtp_route(
        self, conn: Connection, message: Message, usable: list[Mailbox], mx: MxAnswer
    ) -> Route | None:
        files = next((box for box in usable if box["provider"] == "file"), None)
        boxes = [box for box in usable if box["provider"] in ("gmail", "yandex", "smtp")]
        chosen, fallback = self._pick(conn, message, boxes, mx)
        if chosen is None:
            return None
        channel = self._channels["smtp"]
        if message["is_demo"] and channel.leaves_host(chosen) and files is not None:
            return Route(files, self._channels["file"], mx)
        error = "" if not fallback else "the usual mailbox cannot send now"
        return Route(chosen, channel, mx, fallback, error)

    def _pick(
        self, conn: Connection, message: Message, boxes: list[Mailbox], mx: MxAnswer
    ) -> tuple[Mailbox | None, bool]:
        """Sticky mailbox, else the provider's freest, else any; True when it is a fallback."""
        sticky = next((box for box in boxes if box["id"] == message["mailbox_id"]), None)
        if sticky is not None:
            return sticky, False
        for place, provider in enumerate(self._providers(mx)):
            group = [box for box in boxes if box["provider"] == provider]
            if group:
                moved = message["mailbox_id"] is not None
                return self._freest(conn, group), moved or place > 0
        return None, False

    def _providers(self, mx: MxAnswer) -> list[str]:
        settings = self._office.settings
        if not settings.routing_enabled:
            configured = [settings.routing_default_provider] if settings.gmail_user else []
            order = [*configured, "smtp", "gmail", "yandex"]
            return list(dict.fromkeys(order))
        return ["yandex", "gmail", "smtp"] if mx.mx_class == RU else ["gmail", "yandex", "smtp"]

    def _freest(self, conn: Connection, boxes: list[Mailbox]) -> Mailbox:
        """The mailbox with most of its daily cap left, ties by id."""
        if len(boxes) == 1:
            return boxes[0]
        now = self._office.clock.now()

        def left(box: Mailbox) -> tuple[int, str]:
            query = sa.select(sa.func.count()).where(
                deliveries.c.mailbox_id == box["id"],
                deliveries.c.claimed_at >= midnight(now, box["zone"]),
            )
            return int(conn.execute(query).scalar_one()) - box["daily_cap"], box["id"]

        return min(boxes, key=left)
