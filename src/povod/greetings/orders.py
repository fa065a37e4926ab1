"""What is to be written: an event with its client, its rule and what was written before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.greetings.model import SEGMENT_ORDER
from povod.store.bulk import among
from povod.store.tables import clients, companies, events, greetings, holidays

REMEMBERED = 5
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """One greeting to be written; rows by column name."""

    event: Row
    client: Row
    holiday: Row | None = None
    recent: Sequence[Row] = field(default_factory=tuple)
    """This client's last greetings, newest first: family, variant, body, year, event key."""

    @property
    def importance(self) -> tuple[int, date, str]:
        """Who is written to first when the model's budget is small."""
        return (SEGMENT_ORDER[self.client["segment"]], self.event["deliver_on"], self.event["id"])

    @property
    def is_group(self) -> bool:
        """A company without a person."""
        return not (self.client["first_name"] or self.client["last_name"])

    @property
    def early(self) -> bool:
        """True if the wish arrives before the day itself."""
        return bool(self.event["deliver_on"] < self.event["occasion_date"])


def waiting(
    conn: Connection,
    until: date,
    limit: int,
    skip: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> list[Order]:
    """Planned events to be written now, the most important and soonest first."""
    query = (
        sa.select(events.c.id)
        .join(clients, clients.c.id == events.c.client_id)
        .where(events.c.status == "planned", events.c.deliver_on <= until)
        .where(sa.not_(among(conn, events.c.id, list(skip))))
        .order_by(sa.case(SEGMENT_ORDER, value=clients.c.segment), events.c.deliver_on, events.c.id)
        .limit(limit)
    )
    if only is not None:
        query = query.where(among(conn, events.c.id, list(only)))
    return orders_of(conn, list(conn.execute(query).scalars()))


def orders_of(conn: Connection, event_ids: Sequence[str]) -> list[Order]:
    """The orders of these events, in the same sequence."""
    rows = {row["id"]: row for row in _rows(conn, events, event_ids)}
    people = {row["client_id"] for row in rows.values()}
    rules = {row["holiday_id"] for row in rows.values() if row["holiday_id"]}
    known = {row["id"]: row for row in _people(conn, sorted(people))}
    calendar = {row["id"]: row for row in _rows(conn, holidays, sorted(rules))}
    recent = _recent(conn, sorted(people))
    return [
        Order(
            rows[name],
            known[rows[name]["client_id"]],
            calendar.get(rows[name]["holiday_id"] or ""),
            [row for row in recent[rows[name]["client_id"]] if row["event_id"] != name],
        )
        for name in event_ids
        if name in rows
    ]


def _rows(conn: Connection, table: sa.Table, ids: Sequence[str]) -> list[Row]:
    if not ids:
        return []
    query = sa.select(table).where(among(conn, table.c.id, ids))
    return [dict(row) for row in conn.execute(query).mappings()]


def _people(conn: Connection, ids: Sequence[str]) -> list[Row]:
    """Clients; the name of a linked company fills in for one that was not given."""
    if not ids:
        return []
    query = (
        sa.select(clients, companies.c.name.label("linked_company"))
        .join(companies, companies.c.id == clients.c.company_id, isouter=True)
        .where(among(conn, clients.c.id, ids))
    )
    found: list[dict[str, Any]] = [dict(row) for row in conn.execute(query).mappings()]
    for row in found:
        row["company_name"] = row["company_name"] or row.pop("linked_company") or ""
    return list(found)


def _recent(conn: Connection, people: Sequence[str]) -> dict[str, list[Row]]:
    """The last greetings of each client; cancelled ones were never read by anybody."""
    found: dict[str, list[Row]] = defaultdict(list)
    if not people:
        return found
    names = ("client_id", "event_id", "template_family", "variant_id", "body", "text_source")
    place = (
        sa.func.row_number()
        .over(partition_by=greetings.c.client_id, order_by=greetings.c.id.desc())
        .label("place")
    )
    numbered = (
        sa.select(
            *(greetings.c[name] for name in names),
            *(events.c.event_key, events.c.occasion_year, place),
        )
        .join(events, events.c.id == greetings.c.event_id)
        .where(among(conn, greetings.c.client_id, people), greetings.c.status != "cancelled")
        .subquery()
    )
    query = sa.select(numbered).where(numbered.c.place <= REMEMBERED + 1)
    for row in conn.execute(query.order_by(numbered.c.place)).mappings():
        found[row["client_id"]].append(dict(row))
    return found
