"""Pages of company sites as they were fetched, and the facts that stand on them (L77, L91).

Raw bytes and text are files named by their content; a row only cites them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.kit.text import clean
from povod.store.files import put_files, sha256
from povod.store.tables import company_facts, company_pages, outreach_messages
from povod.store.upsert import upsert

MAX_DETAIL = 500
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One address that was asked for; with an `error_class` there are no contents."""

    url: str
    role: str
    final_url: str = ""
    status: int = 0
    charset: str = ""
    body: bytes = b""
    text: str = ""
    title: str = ""
    error_class: str = ""
    error_detail: str = ""


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact and the words of the stored page text that it stands on."""

    kind: str
    value: str
    quote: str
    page_id: str
    start: int
    end: int
    text_sha256: str
    version: str


def text_id(text: str) -> str:
    """The id of the file in which `save_pages` keeps this page text."""
    return sha256(_encoded(text))


def save_pages(
    conn: Connection,
    company_id: str,
    pages: Sequence[FetchedPage],
    fetched_at: datetime,
    keep_until: datetime | None = None,
) -> dict[str, str]:
    """Store the pages, one row per company and address; address → id of the row.

    A page that failed this time keeps the contents of its last good fetch.
    """
    read = [page for page in pages if not page.error_class]
    raw_ids = put_files(conn, [page.body for page in read], "text/html", keep_until)
    text_ids = put_files(conn, [_encoded(page.text) for page in read], TEXT_TYPE, keep_until)
    rows = [
        {
            **_row(company_id, page, fetched_at),
            "charset": page.charset,
            "title": clean(page.title),
            "content_sha256": raw_id,
            "raw_file_id": raw_id,
            "text_file_id": text_file,
        }
        for page, raw_id, text_file in zip(read, raw_ids, text_ids, strict=True)
    ]
    _upsert(conn, rows)
    _upsert(conn, [_row(company_id, page, fetched_at) for page in pages if page.error_class])
    query = sa.select(company_pages.c.url, company_pages.c.id).where(
        company_pages.c.company_id == company_id,
        company_pages.c.url.in_([page.url for page in pages]),
    )
    return {row.url: row.id for row in conn.execute(query)}


def fresh_addresses(conn: Connection, company_id: str, since: datetime) -> set[str]:
    """Addresses of this company's site that were read after `since`."""
    page = company_pages.c
    query = sa.select(page.url, page.final_url).where(
        page.company_id == company_id, page.fetched_at > since, page.error_class == ""
    )
    return {address for row in conn.execute(query) for address in row if address}


def save_facts(
    conn: Connection, company_id: str, facts: Iterable[FoundFact], visited: Collection[str]
) -> int:
    """Store facts in the given order; how many there are.

    Facts of the `visited` pages (ids) that are not found any more go, unless a letter was written
    to this company: it may stand on them.
    """
    rows = [
        {
            "company_id": company_id,
            "kind": fact.kind,
            "value": fact.value,
            "quote": fact.quote,
            "company_page_id": fact.page_id,
            "start": fact.start,
            "end": fact.end,
            "text_sha256": fact.text_sha256,
            "extractor_version": fact.version,
        }
        for fact in facts
        if "\0" not in fact.quote + fact.value
    ]
    place = ["value", "company_page_id", "start", "end", "text_sha256", "extractor_version"]
    upsert(conn, company_facts, rows, ["company_id", "kind", "quote"], place)
    _forget_facts(conn, company_id, {(row["kind"], row["quote"]) for row in rows}, visited)
    return len(rows)


def _forget_facts(
    conn: Connection,
    company_id: str,
    seen: Collection[tuple[Any, Any]],
    visited: Collection[str],
) -> None:
    letter = sa.exists().where(outreach_messages.c.company_id == company_id)
    query = sa.select(company_facts.c.id, company_facts.c.kind, company_facts.c.quote).where(
        company_facts.c.company_id == company_id,
        company_facts.c.company_page_id.in_(list(visited)),
        ~letter,
    )
    gone = [row.id for row in conn.execute(query) if (row.kind, row.quote) not in seen]
    if gone:
        conn.execute(sa.delete(company_facts).where(company_facts.c.id.in_(gone)))


def _row(company_id: str, page: FetchedPage, fetched_at: datetime) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "url": page.url,
        "final_url": page.final_url,
        "role": page.role,
        "http_status": page.status or None,
        "fetched_at": fetched_at,
        "error_class": page.error_class,
        "error_detail": clean(page.error_detail)[:MAX_DETAIL],
    }


def _upsert(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        changing = [name for name in rows[0] if name not in ("company_id", "url")]
        upsert(conn, company_pages, rows, ["company_id", "url"], changing)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
