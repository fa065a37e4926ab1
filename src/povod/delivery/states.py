"""The life of a message: which status may follow which, and who may move it (D15)."""

from dataclasses import dataclass

from povod.kit.errors import ConflictError

_RANKS = {"operator": 1, "approver": 2, "admin": 3}
RISE = ("sent", "bounced", "replied", "unsubscribed", "complained")
"""After sending a status only rises in this order: a late bounce never hides a reply."""

OPEN = ("draft", "needs_approval", "approved", "rejected", "scheduled")
"""Not yet in a worker's hands: may be cancelled."""

OUT = ("sending", "uncertain", *RISE)
"""Handed to a server, or perhaps handed."""


@dataclass(frozen=True)
class Actor:
    """Who moves a message: a person with a role, or a part of the house."""

    role: str
    name: str = ""

    @property
    def is_human(self) -> bool:
        """True for operator, approver and admin."""
        return self.role in _RANKS

    def __str__(self) -> str:
        return f"{self.role}:{self.name}" if self.name else self.role

    def may_act_as(self, role: str) -> bool:
        """A person may do all that lower roles may."""
        return self.role == role or _RANKS.get(self.role, 0) >= _RANKS.get(role, 9)


SYSTEM = Actor("system")
WORKER = Actor("worker")
REAPER = Actor("reaper")
RESOLVER = Actor("resolver")
INBOX = Actor("inbox")


class IllegalMove(ConflictError):  # noqa: N818 - the name is a public contract
    """The status table has no such move, or not for this actor; nothing was changed."""

    def __init__(self, before: str, after: str, actor: Actor) -> None:
        super().__init__(
            f"a message that is {before} cannot become {after} by {actor}; "
            f"allowed from {before}: {', '.join(sorted(allowed_from(before))) or 'nothing'}"
        )
        self.before, self.after, self.actor = before, after, actor


def _table() -> dict[tuple[str, str], tuple[str, ...]]:
    moves: dict[tuple[str, str], tuple[str, ...]] = {
        ("draft", "needs_approval"): ("system",),
        ("draft", "approved"): ("system", "approver"),
        ("needs_approval", "approved"): ("approver",),
        ("needs_approval", "rejected"): ("approver",),
        ("rejected", "draft"): ("operator",),
        ("approved", "needs_approval"): ("system",),
        ("scheduled", "needs_approval"): ("system", "worker"),
        ("sending", "needs_approval"): ("worker",),
        ("approved", "scheduled"): ("system", "operator"),
        ("scheduled", "scheduled"): ("operator", "worker"),
        ("scheduled", "sending"): ("worker",),
        ("sending", "scheduled"): ("worker", "reaper"),
        ("failed", "scheduled"): ("operator",),
        ("skipped", "scheduled"): ("operator",),
        ("uncertain", "sent"): ("resolver", "inbox", "approver"),
        ("uncertain", "bounced"): ("resolver", "inbox", "approver"),
        ("uncertain", "scheduled"): ("approver",),
        ("uncertain", "failed"): ("approver", "resolver"),
    }
    for state in (*OPEN, "failed"):
        moves[state, "cancelled"] = ("operator", "system")
    for state in ("scheduled", "sending"):
        moves[state, "skipped"] = ("worker",)
        moves[state, "cancelled"] = ("operator", "system", "worker")
    moves["sending", "cancelled"] = ("worker",)
    for state in ("sent", "bounced", "failed", "uncertain"):
        moves["sending", state] = ("worker", "reaper")
    for place, low in enumerate(RISE):
        for high in RISE[place + 1 :]:
            moves[low, high] = ("inbox", "operator")
    return moves


MOVES = _table()


def allowed_from(state: str) -> set[str]:
    """The statuses that may follow `state`."""
    return {after for before, after in MOVES if before == state}


def check_move(before: str, after: str, actor: Actor) -> None:
    """Raise `IllegalMove` unless the table allows this actor this move."""
    if not any(actor.may_act_as(role) for role in MOVES.get((before, after), ())):
        raise IllegalMove(before, after, actor)
