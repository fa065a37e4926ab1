"""Which colour a state has, the same on every page."""

_TONES = {
    "good": {"sent", "replied", "contacts_ready", "contacted", "approved", "accepted", "active"}
    | {"completed", "ingested", "done", "qualified", "delivered"},
    "bad": {"bounced", "failed", "complained", "rejected", "error", "expired", "disqualified"}
    | {"bounced_hard", "bounced_soft", "invalid"},
    "warn": {"uncertain", "needs_approval", "skipped", "unsubscribed", "contacts_not_found"}
    | {"unknown", "held", "duplicate", "cancelled", "gone"},
    "info": {"scheduled", "sending", "running", "in_progress", "created", "contacts_processing"},
}
_BY_STATE = {state: tone for tone, states in _TONES.items() for state in states}


def tone(state: str) -> str:
    """The CSS class of a state's badge; empty for the plain one."""
    return _BY_STATE.get(state, "")
