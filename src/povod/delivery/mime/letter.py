"""What a letter consists of before it becomes bytes."""

from dataclasses import dataclass
from datetime import datetime

from povod.kit.errors import InputError


class UnsafeHeader(InputError):  # noqa: N818 - says what it is
    """A header would hold a line break, a control character or a disguised address."""


@dataclass(frozen=True)
class Card:
    """A picture shown inside the letter."""

    body: bytes
    alt: str
    width: int
    height: int
    subtype: str = "jpeg"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """All that the bytes of a letter are made of: the same letter gives the same bytes."""

    message_id: str
    date: datetime
    from_email: str
    to_email: str
    subject: str
    text: str
    from_name: str = ""
    to_name: str = ""
    reply_to: str = ""
    html: str = ""
    language: str = "ru"
    card: Card | None = None
    unsubscribe: tuple[str, ...] = ()
    one_click: bool = False
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    feedback_id: str = ""
    auto_submitted: bool = False
