"""Tables to take away: companies, contacts, letters sent, main pages, queries (L108).

Rows are read in portions and written as they come, so memory does not grow with the base.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from povod.book.contactable import reasons
from povod.kit.clock import Clock
from povod.kit.errors import InputError
from povod.kit.tabular import Cell, write_csv, write_xlsx
from povod.store.db import Database
from povod.store.tables import (
    companies,
    contacts,
    deliveries,
    niches,
    outreach_messages,
    serp_queries,
    serp_results,
)

PORTION = 500
FORMS = ("csv", "xlsx", "json")
DELIMITERS = (";", ",")

_OF_COMPANY = "id name legal_name canonical_domain website_url city country inn industry"

Cells = Sequence[Cell]
Rows = Callable[[Connection, Clock], Iterator[Cells]]


@dataclass(frozen=True)
class _Export:
    """Titles of the columns, and the rows in their order."""

    header: tuple[str, ...]
    rows: Rows


def export(
    db: Database,
    what: str,
    path: Path,
    form: str = "csv",
    *,
    bom: bool = True,
    delimiter: str = ";",
) -> int:
    """Write `what` (companies, contacts, sent, pages or queries) to `path`; the number of rows.

    The file appears in one step when all of it is written. In CSV and XLSX no text can become a
    formula; JSON is an array with one object a line.
    """
    if what not in EXPORTS:
        raise InputError(f"there is no export {what!r}; choose one of {', '.join(EXPORTS)}")
    if form not in FORMS:
        raise InputError(f"there is no format {form!r}; choose one of {', '.join(FORMS)}")
    if delimiter not in DELIMITERS:
        raise InputError(f"a CSV file is delimited by ; or by , and not by {delimiter!r}")
    wanted = EXPORTS[what]
    path.parent.mkdir(parents=True, exist_ok=True)
    with db.read() as conn:
        rows = wanted.rows(conn, db.clock)
        if form == "json":
            return write_json(path, wanted.header, rows)
        if form == "xlsx":
            return write_xlsx(path, wanted.header, map(_shown, rows), tab=what)
        return write_csv(path, wanted.header, map(_shown, rows), delimiter=delimiter, bom=bom)


def write_json(path: Path, header: Sequence[str], rows: Iterable[Cells]) -> int:
    """Write an array of objects in one step; the number of objects."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8") as stream:
            stream.write("[")
            for row in rows:
                stream.write(",\n" if count else "\n")
                item = dict(zip(header, map(_json_value, row), strict=True))
                stream.write(json.dumps(item, ensure_ascii=False))
                count += 1
            stream.write("\n]\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _json_value(value: Cell) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _shown(row: Cells) -> list[Cell]:
    return [("yes" if value else "no") if isinstance(value, bool) else value for value in row]


def _companies(conn: Connection, clock: Clock) -> Iterator[Cells]:
    """All companies, merged ones too: `reasons` tells why a company is not written to."""
    origin = serp_results.outerjoin(serp_queries, serp_queries.c.id == serp_results.c.query_id)
    origin = origin.outerjoin(niches, niches.c.id == serp_queries.c.niche_id)
    query = (
        sa.select(
            *(companies.c[name] for name in _columns(_OF_COMPANY)),
            niches.c.batch_tag,
            companies.c.status,
            companies.c.first_seen_at,
            companies.c.last_seen_at,
            serp_queries.c.query_text,
            serp_results.c.position,
        )
        .select_from(companies.outerjoin(origin, serp_results.c.id == companies.c.source_result_id))
        .order_by(companies.c.id)
    )
    for rows in _stream(conn, query).partitions():
        ids = [row.id for row in rows]
        refusals, reached = reasons(conn, clock.now(), ids), _reached(conn, ids)
        for row in rows:
            against = refusals.get(row.id, [])
            yield (
                *(getattr(row, name) for name in _columns(_OF_COMPANY)),
                *(row.batch_tag, row.status, bool(against), ", ".join(against)),
                *(", ".join(reached.get((row.id, kind), [])) for kind in ("email", "phone")),
                *(row.first_seen_at, row.last_seen_at, row.query_text, row.position),
            )


def _reached(conn: Connection, ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """Company and type → active contacts, the primary one first."""
    query = (
        sa.select(contacts.c.company_id, contacts.c.contact_type, contacts.c.value)
        .where(
            contacts.c.company_id.in_(ids),
            contacts.c.contact_type.in_(("email", "phone")),
            contacts.c.status == "active",
        )
        .order_by(contacts.c.is_primary.desc(), contacts.c.rank.desc(), contacts.c.value)
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in conn.execute(query):
        found.setdefault((row.company_id, row.contact_type), []).append(row.value)
    return found


def _contacts(conn: Connection, _clock: Clock) -> Iterator[Cells]:
    """Active contacts of companies that are not duplicates."""
    query = (
        sa.select(contacts, companies.c.name, companies.c.canonical_domain)
        .join(companies, companies.c.id == contacts.c.company_id)
        .where(contacts.c.status == "active", companies.c.duplicate_of.is_(None))
        .order_by(contacts.c.company_id, contacts.c.contact_type, contacts.c.id)
    )
    for row in _stream(conn, query):
        yield (
            row.company_id,
            row.name or row.canonical_domain,
            row.contact_type,
            row.value,
            row.is_primary,
            row.quality_score,
            row.role_class,
            row.source_url,
            row.first_seen_at,
            row.last_seen_at,
        )


def _sent(conn: Connection, _clock: Clock) -> Iterator[Cells]:
    """Every message that was accepted or failed on the way (D107)."""
    letter = outreach_messages.c
    provider = (
        sa.select(deliveries.c.provider)
        .where(deliveries.c.outreach_message_id == letter.id)
        .order_by(deliveries.c.attempt_no.desc())
        .limit(1)
        .scalar_subquery()
    )
    tried = sa.exists().where(deliveries.c.outreach_message_id == letter.id)
    query = (
        sa.select(
            letter.id,
            letter.kind,
            companies.c.name,
            letter.to_value,
            provider,
            letter.status,
            letter.sent_at,
            letter.message_id,
            letter.last_error,
        )
        .select_from(outreach_messages.outerjoin(companies, companies.c.id == letter.company_id))
        .where(letter.sent_at.is_not(None) | tried)
        .order_by(letter.id)
    )
    yield from _plain(conn, query)


def _pages(conn: Connection, _clock: Clock) -> Iterator[Cells]:
    """The main page of every company that is not a duplicate."""
    query = (
        sa.select(companies.c.website_url)
        .where(companies.c.website_url != "", companies.c.duplicate_of.is_(None))
        .order_by(companies.c.website_url)
    )
    yield from _plain(conn, query)


def _queries(conn: Connection, _clock: Clock) -> Iterator[Cells]:
    query = (
        sa.select(
            serp_queries.c.id,
            serp_queries.c.query_text,
            serp_queries.c.page,
            serp_queries.c.region_code,
            niches.c.niche,
            niches.c.city,
            niches.c.batch_tag,
            serp_queries.c.status,
            serp_queries.c.scheduled_for,
            serp_queries.c.window_tag,
            serp_queries.c.attempts,
            serp_queries.c.results_total,
            serp_queries.c.cost_estimate,
            serp_queries.c.last_error,
        )
        .select_from(serp_queries.outerjoin(niches, niches.c.id == serp_queries.c.niche_id))
        .order_by(serp_queries.c.id)
    )
    yield from _plain(conn, query)


def _plain(conn: Connection, query: sa.Select[Any]) -> Iterator[Cells]:
    """The rows of a query whose columns are those of the table."""
    row: Row[Any]
    for row in _stream(conn, query):
        yield tuple(row)


def _stream(conn: Connection, query: sa.Select[Any]) -> sa.CursorResult[Any]:
    """The result in portions, never all of it in memory."""
    return conn.execute(query, execution_options={"yield_per": PORTION})


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EXPORTS: dict[str, _Export] = {
    "companies": _Export(
        _columns(
            f"{_OF_COMPANY} batch_tag"
            " status opt_out reasons emails phones first_seen_at last_seen_at source_query position"
        ),
        _companies,
    ),
    "contacts": _Export(
        _columns(
            "company_id company contact_type value is_primary quality_score role_class source_url"
            " first_seen_at last_seen_at"
        ),
        _contacts,
    ),
    "sent": _Export(
        _columns("id kind company recipient provider status sent_at message_id last_error"), _sent
    ),
    "pages": _Export(("website_url",), _pages),
    "queries": _Export(
        _columns(
            "id query_text page region_code niche city batch_tag status scheduled_for window_tag"
            " attempts results_total cost_estimate last_error"
        ),
        _queries,
    ),
}
"""What can be exported."""
