"""Which colour a state has, the same on every page."""

_TONES = {
    "good": "accepted active approved closed contacted contacts_ready delivered pass qualified "
    "replied sent success",
    "bad": "block bounced complained disqualified error failed invalid rejected skip",
    "warn": "abandoned approve capped contacts_not_found deferred do_not_greet duplicate gone hold "
    "needs_approval no_basis partial skipped superseded uncertain unsubscribed warn",
    "info": "claimed composed contacts_processing generated handoff planned running scheduled "
    "sending",
}
_OF_SITES = {
    "good": "ADDED in_stock ok succeeded",
    "bad": "REMOVED blocked burned error open",
    "warn": "cancelling degraded half_open held partial resting",
    "info": "MODIFIED not_modified queued ready running",
}
_BY_STATE = {state: tone for tone, states in _TONES.items() for state in states.split()}
_BY_STATE |= {state: tone for tone, states in _OF_SITES.items() for state in states.split()}


def tone(state: str) -> str:
    """The CSS class of a state's badge; empty for the plain one."""
    return _BY_STATE.get(state, "")
