"""The three written parts of a greeting, before salutation and signature."""

from typing import NamedTuple


class GreetingText(NamedTuple):
    """Subject, body and wish as somebody wrote them."""

    subject: str
    body: str
    wish: str
