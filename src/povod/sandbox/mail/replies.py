"""What comes back for an accepted letter: bounces, people's replies, automatic answers, refusals.

Everything follows from the letter and its recipient: the same letter gets the same answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from povod.sandbox.mail.dsn import BounceKind, bounce
from povod.sandbox.mail.human import (
    AUTO_REPLIES,
    HUMAN_REPLIES,
    STOP_REPLIES,
    Script,
    write_answer,
)
from povod.sandbox.mail.ledger import Accepted
from povod.sandbox.seeded import draw
from povod.sandbox.world.model import Mailbox

_MINUTE = 60.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A message for the sender and the virtual instant at which it arrives."""

    at: datetime
    raw: bytes


def answers_to(letter: Accepted, kind: Mailbox) -> list[Answer]:
    """All messages that a letter brings back, the earliest first; often none."""
    match kind:
        case Mailbox.BOUNCE:
            at = _later(letter, _MINUTE, 20 * _MINUTE)
            return [Answer(at, bounce(letter, at, BounceKind.UNKNOWN_USER))]
        case Mailbox.BOUNCE_SOFT:
            delayed = _later(letter, 10 * _MINUTE, _HOUR)
            failed = delayed + timedelta(hours=20)
            return [
                Answer(delayed, bounce(letter, delayed, BounceKind.DELAYED)),
                Answer(failed, bounce(letter, failed, BounceKind.MAILBOX_FULL)),
            ]
        case Mailbox.REPLY:
            return _written(letter, HUMAN_REPLIES, _HOUR, 6 * _HOUR)
        case Mailbox.AUTO_REPLY:
            return _written(letter, AUTO_REPLIES, 5, _MINUTE)
        case Mailbox.STOP:
            return _written(letter, STOP_REPLIES, _HOUR, 3 * _HOUR)
        case _:
            return []


def _written(
    letter: Accepted, scripts: tuple[Script, ...], least: float, most: float
) -> list[Answer]:
    at = _later(letter, least, most)
    script = scripts[int(draw("script", letter.rcpt) * len(scripts))]
    return [Answer(at, write_answer(letter, at, script))]


def _later(letter: Accepted, least: float, most: float) -> datetime:
    chance = draw("delay", letter.message_id, letter.rcpt)
    return letter.at + timedelta(seconds=least + (most - least) * chance)
