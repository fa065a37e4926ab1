"""Delivery as background work on the queue `mail` (D3)."""

from dataclasses import dataclass
from typing import Any

from povod.delivery.facade import Delivery
from povod.engine.handlers import Handlers, Run

QUEUE = "mail"
PLAN, SEND, REAP = "delivery.plan", "delivery.send", "delivery.reap"
INBOX, RESOLVE = "delivery.inbox", "delivery.resolve"
EVERY_SECONDS = {PLAN: 60, SEND: 30, REAP: 30, RESOLVE: 60}
"""How often each is scheduled; the inbox has its own setting."""


@dataclass(frozen=True)
class DeliveryWork:
    """The handlers; each is one pass and may run in any number of processes."""

    delivery: Delivery

    def register(self, handlers: Handlers) -> None:
        """Make the kinds of delivery known to a runner."""
        for kind, handler in (
            (PLAN, self.plan),
            (SEND, self.send),
            (REAP, self.reap),
            (INBOX, self.inbox),
            (RESOLVE, self.resolve),
        ):
            handlers.register(kind, handler, queue=QUEUE)

    def plan(self, run: Run) -> dict[str, Any]:
        """Slots for approved messages."""
        return {"planned": self.delivery.plan()}

    def send(self, run: Run) -> dict[str, Any]:
        """Send what is due, for at most a minute."""
        counts = dict(self.delivery.send_due(limit=run.args.get("limit")).counts)
        if counts:
            run.progress(counts)
        return counts

    def reap(self, run: Run) -> dict[str, Any]:
        """End the attempts of workers that are gone."""
        return dict(self.delivery.reap())

    def inbox(self, run: Run) -> dict[str, Any]:
        """Take in bounces and replies."""
        counts = self.delivery.read_inbox()
        if counts:
            run.progress(counts)
        return counts

    def resolve(self, run: Run) -> dict[str, Any]:
        """Search for uncertain letters."""
        return self.delivery.resolve_uncertain()
