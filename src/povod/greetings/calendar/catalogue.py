"""The rules of the calendar: shipped with the package, changed by people, kept in `holidays`.

A new release updates what it shipped and leaves alone what a person changed (`overrides`) or
added (`source=user`), G25-G29.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.calendar.rules import parse_rule
from povod.greetings.model import Holiday
from povod.store.bulk import bulk_insert
from povod.store.tables import holidays

CHANGEABLE = ("is_business_relevant", "tone", "shift", "okved", "professions", "audience")
"""Columns of a shipped rule that a person may change; such changes survive a new release."""

UNCONFIRMED = "knowledge-only"
_SHIPPED = (
    *("title", "title_instrumental", "short_instrumental", "kind", "rule", "status", "okved"),
    *("professions", "tone", "note", "checked", "audience", "opt_in", "shift"),
    *("is_business_relevant",),
)

Row = Any
"""A row of `holidays`, columns by name."""


@cache
def shipped() -> tuple[dict[str, Any], ...]:
    """The rules of this release, as rows of `holidays`."""
    path = files("povod.greetings").joinpath("data/holidays_ru.csv")
    lines = path.read_text("utf-8").splitlines()
    return tuple(row_of(record) for record in csv.DictReader(lines, delimiter=";"))


def row_of(record: Mapping[str, str | None]) -> dict[str, Any]:
    """A line of a calendar file as a row; raises `InvalidRule` for a rule that is none."""
    text = {name: (value or "").strip() for name, value in record.items() if name}
    row: dict[str, Any] = {name: text.get(name, "") for name in _SHIPPED}
    row |= {
        "code": text.get("id", ""),
        "rule": str(parse_rule(text.get("rule", ""))),
        "okved": _list(text.get("okved", "")),
        "professions": _list(text.get("professions", "")),
        "audience": text.get("audience") or "all",
        "opt_in": text.get("opt_in", "").casefold() in ("yes", "true", "1", "да"),
    }
    return row | {"is_business_relevant": is_on_at_first(row)}


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def is_on_at_first(row: Row) -> bool:
    """Public days and confirmed professional ones that are not of the services of class 84.2."""
    if row["opt_in"] or row["checked"] == UNCONFIRMED:
        return False
    if row["kind"] == "professional":
        return not (row["okved"] and all(code.startswith("84.2") for code in row["okved"]))
    return bool(row["kind"] == "public")


@dataclass(frozen=True)
class Refreshed:
    """What a new release brought: how many rules, and the codes of those it changed."""

    added: int
    changed: tuple[str, ...]


def refresh(conn: Connection) -> Refreshed:
    """Bring the shipped rules up to date; what people changed stays as it is."""
    query = sa.select(holidays).where(holidays.c.source == "builtin")
    known = {row["code"]: row for row in conn.execute(query).mappings()}
    taken = set(conn.execute(sa.select(holidays.c.code)).scalars())
    new = [row for row in shipped() if row["code"] not in taken]
    bulk_insert(conn, holidays, [{**row, "source": "builtin"} for row in new], ["code"])
    old = [row for row in shipped() if row["code"] in known]
    changed = tuple(row["code"] for row in old if _update(conn, known[row["code"]], row))
    return Refreshed(len(new), changed)


def _update(conn: Connection, stored: Row, row: Row) -> bool:
    mine = {name: row[name] for name in _SHIPPED if name not in stored["overrides"]}
    new = {name: value for name, value in mine.items() if stored[name] != value}
    if new:
        version = stored["version"] + 1
        same = holidays.c.id == stored["id"]
        conn.execute(holidays.update().where(same).values(**new, version=version))
    return bool(new)


def holiday_of(row: Row) -> Holiday:
    """A stored row as the detector takes it.

    A day of faith needs each client's own consent, so it acts unless a person switched it off.
    """
    switched_off = "is_business_relevant" in row["overrides"]
    by_consent = row["opt_in"] and not switched_off
    return Holiday(
        id=row["id"],
        code=row["code"],
        title=row["title"],
        title_instrumental=row["title_instrumental"],
        short_instrumental=row["short_instrumental"],
        kind=row["kind"],
        rule=parse_rule(row["rule"]),
        status=row["status"],
        okved=tuple(row["okved"]),
        professions=tuple(row["professions"]),
        tone=row["tone"],
        checked=row["checked"],
        audience=row["audience"],
        opt_in=row["opt_in"],
        shift=row["shift"],
        enabled=row["kind"] != "memorial" and bool(row["is_business_relevant"] or by_consent),
    )


def load_rules(conn: Connection) -> list[Holiday]:
    """All rules, those that are off included, by code."""
    rows = conn.execute(sa.select(holidays).order_by(holidays.c.code)).mappings()
    return [holiday_of(row) for row in rows]


def as_file(rows: Iterable[Row]) -> list[dict[str, str]]:
    """Rows in the columns of the calendar file, to be exported and imported again."""
    plain = ("title", "title_instrumental", "short_instrumental", "kind", "rule", "status")
    more = ("tone", "note", "checked", "audience", "shift")
    return [
        {
            "id": row["code"],
            **{name: row[name] for name in plain},
            "okved": ",".join(row["okved"]),
            "professions": ",".join(row["professions"]),
            "opt_in": "yes" if row["opt_in"] else "",
            **{name: row[name] for name in more},
        }
        for row in rows
    ]
