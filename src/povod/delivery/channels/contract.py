"""What a channel must offer, so that the worker treats all of them alike (D58).

The worker commits the handoff between `prepare` and `transfer`: everything in `prepare` can be
undone, `transfer` cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from povod.delivery.mailboxes import Mailbox
from povod.delivery.moves import Message

CONNECT, AUTH, MAIL, RCPT, DATA, DOT = "connect", "auth", "mail", "rcpt", "data", "dot"
"""How far a conversation came."""

BEFORE_HANDOFF = (CONNECT, AUTH, MAIL, RCPT)


@dataclass(frozen=True)
class Parcel:
    """One letter on its way: the envelope and the bytes."""

    message: Message
    attempt_id: str
    idempotency_key: str
    sender: str
    recipient: str
    wire: bytes


@dataclass(frozen=True)
class Reply:
    """An answer, or the lack of one (`code` None). `known` is a class that needs no reading."""

    stage: str
    code: int | None
    text: str = ""
    known: str = ""


class Session(Protocol):
    """A conversation through one mailbox; used for one parcel after the other."""

    async def prepare(self, parcel: Parcel) -> Reply | None:
        """Everything reversible; None when only `transfer` is left."""

    async def transfer(self, parcel: Parcel) -> Reply:
        """The irreversible step; a reply without code when nobody knows."""

    async def abandon(self) -> None:
        """Take back what `prepare` did."""

    async def close(self) -> None:
        """End the conversation; never raises."""


class Channel(Protocol):
    """A way out of the house."""

    @property
    def name(self) -> str:
        """Its name in settings and rows."""

    @property
    def certain(self) -> bool:
        """True if `was_delivered` always knows: then nothing is ever `uncertain`."""

    def leaves_host(self, mailbox: Mailbox) -> bool:
        """True if a letter through this mailbox leaves this machine."""

    def session(self, mailbox: Mailbox) -> Session:
        """A new conversation."""

    def was_delivered(self, attempt: Mapping[str, Any], message: Message) -> bool:
        """After a crash: is the letter there? Only asked when `certain`."""
