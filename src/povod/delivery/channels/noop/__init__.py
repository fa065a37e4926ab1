"""A channel that goes nowhere: everything is checked, nothing is sent (D61)."""

from collections.abc import Mapping
from typing import Any

from povod.delivery.channels.contract import RCPT, Parcel, Reply
from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message

__all__ = ["NoopChannel"]


class NoopChannel:
    """Ends every message as skipped `noop` after all gates."""

    name = "noop"
    certain = True

    def leaves_host(self, mailbox: Mailbox) -> bool:
        """Never."""
        return False

    def session(self, mailbox: Mailbox) -> "NoopChannel":
        """The channel is its own conversation."""
        return self

    def was_delivered(self, attempt: Mapping[str, Any], message: Message) -> bool:
        """Never."""
        return False

    async def prepare(self, parcel: Parcel) -> Reply | None:
        """Ends here."""
        return Reply(RCPT, None, "noop", "noop")

    async def transfer(self, parcel: Parcel) -> Reply:
        """Not reached: `prepare` ends the attempt."""
        return Reply(RCPT, None, "noop", "noop")

    async def abandon(self) -> None:
        """Nothing was done."""

    async def close(self) -> None:
        """Nothing is open."""
