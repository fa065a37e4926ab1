"""Who may be greeted, and if not, the first reason why (G24). Pure."""

from datetime import date

from povod.greetings.model import Client, Holiday

ADULT, OLDEST = 18, 100
COUNTED_ONLY = frozenset({"not_audience", "no_opt_in"})
"""Reasons that are counted per rule and not stored with each client."""

REASONS = (
    *("erased", "deleted", "do_not_greet", "suppressed", "no_address", "no_basis", "minor"),
    *("age_suspicious", "birthday_off", "excluded_by_client", "not_audience", "gender_unknown"),
    *("no_opt_in", "year_cap", "cooldown"),
)


def eligible(client: Client, rule: Holiday | None, on: date) -> str:
    """The first reason not to greet this client on `on`; empty when there is none.

    `rule` is None for a birthday. How often a client was greeted is judged where all events of a
    client are seen together (`ranking`).
    """
    return (
        _of_client(client, on)
        or (_of_birthday(client) if rule is None else "")
        or (_of_rule(client, rule) if rule is not None else "")
    )


def first_objection(client: Client, rule: Holiday | None, on: date) -> str:
    """As `eligible`; but that a rule does not address the client at all comes first (G24).

    Such occasions are no events, whatever else is to be said about the client.
    """
    if rule is None:
        return eligible(client, None, on)
    reason = _of_rule(client, rule)
    return reason if reason in COUNTED_ONLY else _of_client(client, on) or reason


def eligible_otherwise(client: Client, on: date) -> str:
    """The same for occasions that are neither a birthday nor a rule: manual, anniversary."""
    return _of_client(client, on)


def _of_client(client: Client, on: date) -> str:
    flags = (
        ("erased", client.erased),
        ("deleted", client.deleted),
        ("do_not_greet", client.do_not_greet),
        ("suppressed", client.standing.suppressed),
        ("no_address", not has_address(client)),
        ("no_basis", client.standing.verdict == "deny"),
    )
    for reason, holds in flags:
        if holds:
            return reason
    return _of_age(client, on)


def _of_age(client: Client, on: date) -> str:
    if client.birth_year is not None:
        age = age_on(client, on)
        if age < ADULT:
            return "minor"
        if age > OLDEST:
            return "age_suspicious"
    return "age_suspicious" if client.age_suspicious else ""


def age_on(client: Client, on: date) -> int:
    """Full years on that day; the client's birth year is known."""
    assert client.birth_year is not None
    reached = (client.birth_month or 1, client.birth_day or 1) <= (on.month, on.day)
    return on.year - client.birth_year - (0 if reached else 1)


def has_address(client: Client) -> bool:
    """True if the client has an address on the channel that would be used."""
    return "@" in client.email if client.standing.channel == "email" else bool(client.phone)


def _of_birthday(client: Client) -> str:
    return "birthday_off" if client.preferences.get("birthday") is False else ""


def _of_rule(client: Client, rule: Holiday) -> str:
    if rule.code in (client.preferences.get("holidays_off") or ()):
        return "excluded_by_client"
    if rule.audience != "all":
        if client.gender is None:
            return "not_audience" if client.is_group else "gender_unknown"
        if client.gender != rule.audience:
            return "not_audience"
    if (rule.opt_in or rule.kind == "religious") and not client.standing.religious:
        return "no_opt_in"
    return ""
