"""What people do with the calendar: switch, change, add, check, import (G25, G28, G29)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.greetings.calendar.catalogue import CHANGEABLE, UNCONFIRMED, is_on_at_first, row_of
from povod.greetings.calendar.rules import InvalidRule, occurrence, parse_rule
from povod.greetings.calendar.shift import SHIFTS
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.store import audit
from povod.store.tables import holidays
from povod.store.tables.greetings import HOLIDAY_KINDS

USER_COLUMNS = (
    *("title", "title_instrumental", "short_instrumental", "kind", "rule", "note", "opt_in"),
    *CHANGEABLE,
)
_CODE = re.compile(r"[a-z0-9_]{1,80}", re.ASCII)
_INSTRUMENTAL = re.compile(
    r"(?:[ыи]м|ом|ем|ём|ью|ой|ей|ами|ями|[ыи]ми|ию)\b|\d|наступающим", re.IGNORECASE
)
Row = Mapping[str, Any]


def get_holiday(conn: Connection, code: str) -> Row:
    """The row of a rule."""
    query = sa.select(holidays).where(holidays.c.code == code)
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no holiday {code}")
    return dict(row)


def change(
    conn: Connection, code: str, actor: Actor, changes: Mapping[str, Any], *, confirm: bool = False
) -> Row:
    """Change a rule; what a person changed in a shipped one survives the next release."""
    row = get_holiday(conn, code)
    allowed = USER_COLUMNS if row["source"] == "user" else CHANGEABLE
    unknown = sorted(set(changes) - set(allowed))
    if unknown:
        raise InputError(f"{', '.join(unknown)} of {code} cannot be changed")
    new = _checked({**row, **changes})
    _may_switch_on(row, new, confirm)
    changed = {name: new[name] for name in changes if new[name] != row[name]}
    if not changed:
        return row
    overrides = {**row["overrides"], **dict.fromkeys(changed, True)}
    values = {
        **changed,
        "overrides": overrides if row["source"] == "builtin" else row["overrides"],
        "version": row["version"] + 1,
        "updated_by": str(actor),
    }
    same = (holidays.c.code == code) & (holidays.c.version == row["version"])
    if conn.execute(holidays.update().where(same).values(**values)).rowcount != 1:
        raise ConflictError(f"holiday {code} was changed meanwhile; load it again and repeat")
    audit.append(conn, str(actor), "holiday.change", code, {"changed": sorted(changed)})
    return {**row, **values}


def _may_switch_on(row: Row, new: Row, confirm: bool) -> None:
    if not new["is_business_relevant"] or row["is_business_relevant"]:
        return
    if row["kind"] == "memorial":
        raise InputError(f"{row['code']} is a memorial day: nobody is congratulated on it")
    if row["checked"] == UNCONFIRMED and not confirm:
        note = f" ({row['note']})" if row["note"] else ""
        raise InputError(
            f"the date of {row['code']} is not confirmed{note}; switch it on with confirm=true"
        )


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its rule in one spelling, or `InputError` for what cannot be."""
    new = dict(row)
    new["rule"] = str(parse_rule(str(row["rule"])))
    for name in ("okved", "professions"):
        value = row[name]
        parts = value.split(",") if isinstance(value, str) else value
        new[name] = [str(part).strip() for part in parts if str(part).strip()]
    choices = {
        "kind": HOLIDAY_KINDS,
        "audience": ("all", "m", "f"),
        "shift": ("", *SHIFTS),
        "tone": ("", "official", "warm"),
    }
    for name, values in choices.items():
        if new[name] not in values:
            raise InputError(
                f"{name}: {new[name]!r} is not one of {', '.join(filter(None, values))}"
            )
    if not str(new["title"]).strip():
        raise InputError("title is empty")
    return new


def add(conn: Connection, actor: Actor, given: Mapping[str, Any]) -> Row:
    """A rule of one's own."""
    code = str(given.get("code", ""))
    if _CODE.fullmatch(code) is None:
        raise InputError(f"code {code!r}: use small Latin letters, digits and _")
    blank = {"okved": [], "professions": [], "audience": "all", "shift": "", "tone": ""}
    row = _checked(
        {
            **blank,
            "opt_in": False,
            "is_business_relevant": given.get("kind") != "memorial",
            **{name: given[name] for name in USER_COLUMNS if given.get(name) is not None},
            "title": given.get("title", ""),
            "rule": given.get("rule", ""),
            "kind": given.get("kind", "professional"),
        }
    )
    if row["kind"] == "memorial" and row["is_business_relevant"]:
        raise InputError("nobody is congratulated on a memorial day: it can only be off")
    taken = sa.select(holidays.c.id).where(holidays.c.code == code)
    if conn.execute(taken).first() is not None:
        raise ConflictError(f"there is a holiday {code} already")
    new = {**row, "code": code, "source": "user", "updated_by": str(actor)}
    conn.execute(holidays.insert().values(**new))
    audit.append(conn, str(actor), "holiday.add", code)
    return get_holiday(conn, code)


def delete(conn: Connection, code: str, actor: Actor) -> None:
    """Forget a rule of one's own; shipped ones can only be switched off."""
    row = get_holiday(conn, code)
    if row["source"] != "user":
        raise ConflictError(f"{code} belongs to Povod: switch it off instead")
    conn.execute(holidays.delete().where(holidays.c.code == code))
    audit.append(conn, str(actor), "holiday.delete", code)


def import_rows(
    conn: Connection, records: Iterable[Mapping[str, str]], actor: Actor
) -> dict[str, Any]:
    """Add or change rules of one's own from a calendar file; shipped codes are left alone."""
    counts: dict[str, Any] = {"added": 0, "changed": 0, "same": 0, "refused": []}
    for number, record in enumerate(records, start=2):
        try:
            outcome = _import(conn, record, actor)
        except (InputError, ConflictError) as error:
            counts["refused"].append({"row": number, "reason": str(error)})
            continue
        counts[outcome] += 1
    return counts


def _import(conn: Connection, record: Mapping[str, str], actor: Actor) -> str:
    row = row_of(record)
    code = row.pop("code")
    known = conn.execute(sa.select(holidays).where(holidays.c.code == code)).mappings().first()
    values = {name: row[name] for name in USER_COLUMNS if name in row}
    if known is None:
        add(conn, actor, {**values, "code": code, "is_business_relevant": is_on_at_first(row)})
        return "added"
    if known["source"] != "user":
        return "same"
    values.pop("is_business_relevant")
    changed = {name: value for name, value in values.items() if known[name] != value}
    if not changed:
        return "same"
    change(conn, code, actor, changed, confirm=True)
    return "changed"


def check(rows: Sequence[Row], year: int) -> list[dict[str, str]]:
    """What looks wrong in the calendar: rules, codes, clashes, case forms, missing days (G29)."""
    found: list[dict[str, str]] = []
    titles: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        titles[row["title"].casefold()].append(row["code"])
        found += _check_one(row, year)
    for codes in titles.values():
        if len(codes) > 1:
            problem = f"the same title as {', '.join(codes[1:])}"
            found.append({"code": codes[0], "problem": problem, "severity": "error"})
    return found + _clashes(rows, year)


def _check_one(row: Row, year: int) -> list[dict[str, str]]:
    problems: list[tuple[str, str]] = []
    try:
        if occurrence(parse_rule(row["rule"]), year) is None:
            problems.append((f"no day in {year}", "note"))
    except InvalidRule as error:
        problems.append((str(error), "error"))
    words = row["title_instrumental"]
    if row["kind"] != "memorial" and not _INSTRUMENTAL.search(words):
        problems.append((f"{words!r} does not read like «с чем?»", "warning"))
    return [{"code": row["code"], "problem": text, "severity": level} for text, level in problems]


def _clashes(rows: Sequence[Row], year: int) -> list[dict[str, str]]:
    """Switched-on days of the same trade on one date: a client can be greeted on one of them."""
    days: dict[tuple[Any, str], list[str]] = defaultdict(list)
    for row in rows:
        if not row["is_business_relevant"] or row["kind"] != "professional":
            continue
        try:
            day = occurrence(parse_rule(row["rule"]), year)
        except InvalidRule:
            continue
        for prefix in row["okved"]:
            if day and prefix != "*":
                days[day, prefix[:2]].append(row["code"])
    return [
        {
            "code": codes[0],
            "problem": f"on {day:%d.%m.%Y} together with {', '.join(sorted(set(codes[1:])))} "
            f"(ОКВЭД {prefix})",
            "severity": "note",
        }
        for (day, prefix), codes in sorted(days.items(), key=lambda item: str(item[0]))
        if len(set(codes)) > 1
    ]
