"""At which step of the conversation a letter fails, and with which words.

Stages: `mail` and `rcpt` are the commands; `dot` is the end of DATA with nothing kept;
`accepted` comes after the letter was kept. An empty reply hangs up without a word.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from povod.kit.errors import InputError
from povod.sandbox.world.model import Mailbox, World

STAGES = ("mail", "rcpt", "dot", "accepted")


@dataclass(slots=True)
class Fault:
    """An answer out of order: for recipients ending in `rcpt`, the next `times` times."""

    stage: str
    reply: str = ""
    rcpt: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a mailbox answers: at `stage` with `reply`, only the first `times` times if given."""

    stage: str
    reply: str
    times: int | None = None


_MANNERS: dict[Mailbox, _Manner] = {
    Mailbox.DEFER: _Manner("rcpt", "451 4.7.1 Greylisted, please try again later", 2),
    Mailbox.DEFER_DATA: _Manner("dot", "451 4.3.0 Temporary local problem, try later", 1),
    Mailbox.REJECT_UNKNOWN: _Manner("rcpt", "550 5.1.1 <{rcpt}>: user unknown"),
    Mailbox.REJECT_UNKNOWN_571: _Manner("rcpt", "550 5.7.1 No such user!"),
    Mailbox.REJECT_SPAM: _Manner("dot", "554 5.7.1 Message rejected under suspicion of SPAM"),
    Mailbox.REJECT_FULL: _Manner("rcpt", "552 5.2.2 Mailbox full"),
    Mailbox.REJECT_DATA: _Manner("dot", "554 5.6.0 Message content refused"),
    Mailbox.LOSE_REPLY: _Manner("accepted", "", 1),
    Mailbox.DROP_DATA: _Manner("dot", "", 1),
}
_BY_PREFIX = {
    "ok-": Mailbox.ACCEPT,
    "grey-": Mailbox.DEFER,
    "unknown-": Mailbox.REJECT_UNKNOWN,
    "nouser571-": Mailbox.REJECT_UNKNOWN_571,
    "spam571-": Mailbox.REJECT_SPAM,
    "full-": Mailbox.REJECT_FULL,
    "drop-data-": Mailbox.DROP_DATA,
    "lost250-": Mailbox.LOSE_REPLY,
    "dsn-hard-": Mailbox.BOUNCE,
    "dsn-soft-": Mailbox.BOUNCE_SOFT,
    "ooo-": Mailbox.AUTO_REPLY,
    "reply-": Mailbox.REPLY,
    "stop-": Mailbox.STOP,
}


def behaviour_of(world: World, address: str) -> Mailbox:
    """What the world planted for the address, else what its local part begins with (D115)."""
    key = address.lower()
    if key in world.mailboxes:
        return world.mailboxes[key]
    named = (kind for prefix, kind in _BY_PREFIX.items() if key.startswith(prefix))
    return next(named, Mailbox.ACCEPT)


class Faults:
    """Faults that a test has set; each is used up."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> Fault:
        """A fault from JSON: `stage`, and `reply`, `rcpt`, `times` if they matter."""
        unknown = set(body) - {"stage", "reply", "rcpt", "times"}
        if unknown or body.get("stage") not in STAGES:
            raise InputError(
                f"SMTP fault {dict(body)!r}: expected stage ({', '.join(STAGES)}) and optionally "
                'reply, rcpt, times, such as {"stage": "rcpt", "reply": "451 4.7.1 Later"}'
            )
        fault = Fault(**body)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The faults that still wait."""
        return [asdict(fault) for fault in self._faults if fault.times > 0]

    def take(self, stage: str, rcpt: str) -> str | None:
        """The reply of the first fault that fits, counted down; `None` without one."""
        for fault in self._faults:
            if fault.times > 0 and fault.stage == stage and rcpt.endswith(fault.rcpt):
                fault.times -= 1
                return fault.reply
        return None


class Temper:
    """Decides each answer of the mail server: faults first, then the recipient's own manner."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._times: Counter[tuple[str, str]] = Counter()

    def reply(self, stage: str, rcpt: str) -> str | None:
        """What to answer instead of the usual; empty means hang up, `None` means nothing odd."""
        fault = self._faults.take(stage, rcpt)
        if fault is not None:
            return fault
        manner = _MANNERS.get(behaviour_of(self._world, rcpt))
        if manner is None or manner.stage != stage:
            return None
        self._times[rcpt.lower(), stage] += 1
        if manner.times is not None and self._times[rcpt.lower(), stage] > manner.times:
            return None
        return manner.reply.format(rcpt=rcpt)
