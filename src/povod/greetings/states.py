"""The life of a greeting: which status may follow which, and who may move it (G51). Pure."""

from povod.kit.errors import ConflictError

STATES = (
    *("generated", "needs_approval", "approved", "rejected"),
    *("sent", "error", "skipped", "cancelled"),
)
UNSENT = ("generated", "needs_approval", "approved", "rejected", "error", "skipped")
OPEN = ("generated", "needs_approval", "approved", "rejected")
RUN, SYSTEM, DELIVERY, OPERATOR, APPROVER = "run", "system", "delivery", "operator", "approver"
_MAY_ACT_AS = {
    "admin": (OPERATOR, APPROVER, "admin"),
    APPROVER: (OPERATOR, APPROVER),
    OPERATOR: (OPERATOR,),
}


class IllegalMove(ConflictError):  # noqa: N818 - the name is a public contract
    """The table has no such move for this actor; nothing was changed."""

    def __init__(self, before: str, after: str, role: str) -> None:
        allowed = ", ".join(sorted(allowed_from(before))) or "nothing"
        super().__init__(
            f"a greeting that is {before} cannot become {after} by {role}; "
            f"allowed from {before}: {allowed}"
        )
        self.before, self.after, self.role = before, after, role


def _table() -> dict[tuple[str, str], tuple[str, ...]]:
    moves: dict[tuple[str, str], tuple[str, ...]] = {
        ("generated", "needs_approval"): (RUN, SYSTEM, OPERATOR),
        ("generated", "approved"): (RUN, APPROVER),
        ("needs_approval", "approved"): (APPROVER, DELIVERY),
        ("needs_approval", "rejected"): (APPROVER,),
        ("needs_approval", "needs_approval"): (OPERATOR, SYSTEM),
        ("approved", "needs_approval"): (OPERATOR, SYSTEM, DELIVERY),
        ("rejected", "needs_approval"): (OPERATOR, SYSTEM),
        ("approved", "sent"): (DELIVERY,),
        ("approved", "error"): (DELIVERY,),
        ("error", "approved"): (OPERATOR, DELIVERY),
        ("skipped", "approved"): (OPERATOR, DELIVERY),
        ("error", "sent"): (DELIVERY,),
        ("needs_approval", "sent"): (DELIVERY,),
    }
    for state in OPEN:
        moves[state, "skipped"] = (SYSTEM, OPERATOR, RUN, DELIVERY)
    for state in UNSENT:
        moves[state, "cancelled"] = (SYSTEM, OPERATOR, RUN, DELIVERY)
    return moves


MOVES = _table()


def allowed_from(state: str) -> set[str]:
    """The statuses that may follow `state`."""
    return {after for before, after in MOVES if before == state}


def check_move(before: str, after: str, role: str) -> None:
    """Raise `IllegalMove` unless the table allows this role this move."""
    may = _MAY_ACT_AS.get(role, (role,))
    if not set(may) & set(MOVES.get((before, after), ())):
        raise IllegalMove(before, after, role)
