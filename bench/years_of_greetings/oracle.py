"""What should have been: every rule asked for every client of every year, without indexes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa

from povod.greetings.calendar import WorkCalendar, deliver_on, occurrence
from povod.greetings.calendar.catalogue import load_rules
from povod.greetings.matching import match_trade
from povod.greetings.model import Client, Holiday
from povod.greetings.people import NEEDED, client_of
from years_of_greetings.world import World


def expected(
    world: World, first: date, last: date
) -> Iterator[tuple[str, str, int, date, date, Holiday | None]]:
    """Every occasion, by asking every rule for every client of every year."""
    with world.db.read() as conn:
        rules = [rule for rule in load_rules(conn) if rule.enabled and rule.kind != "memorial"]
        rows = [client_of(row) for row in conn.execute(sa.select(*NEEDED))]
    calendar = WorkCalendar()
    for year in range(first.year, last.year + 2):
        dated = []
        for rule in rules:
            day = occurrence(rule.rule, year)
            shift = "same" if rule.opt_in or rule.kind == "religious" else "before"
            if day is not None:
                dated.append((rule, day, deliver_on(day, shift, calendar)))
        for client in rows:
            if client.birth_month is not None:
                day = birthday(client, year)
                yield client.id, "birthday", year, day, day, None
            for rule, day, sent in dated:
                if meant(client, rule):
                    yield client.id, f"holiday:{rule.code}", year, day, sent, rule


def birthday(client: Client, year: int) -> date:
    """29 February is kept on the 28th in common years."""
    try:
        return date(year, client.birth_month or 1, client.birth_day or 1)
    except ValueError:
        return date(year, 2, 28)


def meant(client: Client, rule: Holiday) -> bool:
    """Whether the rule is this client's, apart from whom it addresses and what was consented."""
    if rule.kind in ("public", "religious", "social") and "*" in rule.okved:
        return True
    return match_trade(rule, client.okved, client.profession, client.position) is not None


def counted(rule: Holiday | None, client: Any, faith: bool) -> str:
    """Why a rule does not address a client; empty when it does."""
    if rule is None:
        return ""
    group = not (client.first_name or client.last_name)
    if rule.audience != "all" and client.gender != rule.audience:
        return "not_audience" if client.gender or group else ""
    return "no_opt_in" if rule.opt_in and not faith else ""
