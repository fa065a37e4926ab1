"""Which colour a state has, the same on every page."""

_TONES = {
    "good": "accepted active approved contacted contacts_ready delivered qualified replied sent",
    "bad": "bounced complained disqualified failed invalid rejected",
    "warn": "abandoned contacts_not_found deferred duplicate gone needs_approval skipped uncertain "
    "unsubscribed",
    "info": "claimed contacts_processing handoff scheduled sending",
}
_BY_STATE = {state: tone for tone, states in _TONES.items() for state in states.split()}


def tone(state: str) -> str:
    """The CSS class of a state's badge; empty for the plain one."""
    return _BY_STATE.get(state, "")
