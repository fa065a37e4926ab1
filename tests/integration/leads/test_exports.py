"""Tables to take away: their columns, their order, and cells that stay text."""

import csv
import json
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from povod.kit.clock import FixedClock
from povod.kit.errors import InputError
from povod.kit.ids import new_id
from povod.leads.exports import EXPORTS, export
from povod.store.tables import (
    companies,
    contacts,
    deliveries,
    niches,
    opt_out_registry,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)

NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")
SEEN = "2026-11-20T09:30:00Z"
FIRM, TWIN, SHY = (new_id() for _ in range(3))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def firm(company_id: str, domain: str, **values: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": domain, "website_url": f"https://{domain}/", "city": "Казань", "inn": "",
        "status": "contacts_ready", "duplicate_of": None, "source_result_id": None,
    }  # fmt: skip
    moments = {"first_seen_at": NOW, "last_seen_at": NOW}
    return {"id": company_id, "canonical_domain": domain, **defaults, **moments, **values}


def contact(company_id: str, kind: str, value: str, **values: Any) -> dict[str, Any]:
    defaults = {
        "is_primary": False,
        "rank": 1.0,
        "status": "active",
        "quality_score": 0.9,
        "source_url": "https://firma.ru/",
    }
    row = {"company_id": company_id, "contact_type": kind, "value": value, "value_key": value}
    return {**row, "first_seen_at": NOW, "last_seen_at": NOW, **defaults, **values}


def put(conn: Any, table: sa.Table, *rows: dict[str, Any]) -> None:
    conn.execute(sa.insert(table), list(rows))


@pytest.fixture
def book(db):
    """Three companies, one of them a duplicate and one that has refused."""
    niche, query, operation, hit = (new_id() for _ in range(4))
    with db.tx() as conn:
        put(conn, niches, {"id": niche, "source": "csv", "niche": "окна", "city": "Казань",
                           "batch_tag": "осень", "fingerprint": "f"})  # fmt: skip
        put(conn, serp_queries, {"id": query, "niche_id": niche, "query_text": "=окна Казань",
                                 "query_hash": "h", "scheduled_for": NOW,
                                 "results_total": 7})  # fmt: skip
        put(conn, serp_operations, {"id": operation, "query_id": query, "status": "ingested",
                                    "request_hash": "r", "idempotency_key": "k",
                                    "requested_at": NOW})  # fmt: skip
        put(conn, serp_results, {"id": hit, "operation_id": operation, "query_id": query,
                                 "position": 3, "url": "https://firma.ru/"})  # fmt: skip
        put(
            conn,
            companies,
            firm(FIRM, "firma.ru", name='=HYPERLINK("http://x")', inn="7707083893",
                 source_result_id=hit),
            firm(SHY, "tihaya.ru"),
            firm(TWIN, "kopiya.ru", duplicate_of=FIRM, status="duplicate"),
        )  # fmt: skip
        put(
            conn,
            contacts,
            contact(FIRM, "email", "zakaz@firma.ru", rank=0.8),
            contact(
                FIRM, "email", "info@firma.ru", is_primary=True, source_url="https://firma.ru/"
            ),
            contact(FIRM, "email", "old@firma.ru", status="gone"),
            contact(FIRM, "phone", "+78432123456", is_primary=True),
            contact(TWIN, "email", "info@kopiya.ru"),
        )
        put(conn, opt_out_registry, {"level": "company", "company_id": SHY, "value_hash": "v",
                                     "registered_at": NOW})  # fmt: skip
    return db


def letter(letter_id: str, **values: Any) -> dict[str, Any]:
    return {
        "id": letter_id, "kind": "letter", "purpose": "advertising", "company_id": FIRM,
        "to_value": "info@firma.ru", "recipient_hash": "x", "dedupe_key": letter_id,
        "content_hash": "y", "status": "sent", "sent_at": NOW, "message_id": f"<{letter_id}@p>",
        **values,
    }  # fmt: skip


def read_csv(path: Path, delimiter: str = ";") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_companies_come_with_origin_contacts_and_reasons(book, tmp_path):
    path = tmp_path / "companies.csv"
    assert export(book, "companies", path) == 3
    rows = {row["canonical_domain"]: row for row in read_csv(path)}
    assert list(rows["firma.ru"]) == list(EXPORTS["companies"].header)
    assert rows["firma.ru"] == {
        "id": FIRM, "name": "'=HYPERLINK(\"http://x\")", "legal_name": "",
        "canonical_domain": "firma.ru", "website_url": "https://firma.ru/", "city": "Казань",
        "country": "RU", "inn": "7707083893", "industry": "", "batch_tag": "осень",
        "status": "contacts_ready", "opt_out": "no", "reasons": "",
        "emails": "info@firma.ru, zakaz@firma.ru", "phones": "'+78432123456",
        "first_seen_at": SEEN, "last_seen_at": SEEN,
        "source_query": "'=окна Казань", "position": "3",
    }  # fmt: skip
    assert (rows["tihaya.ru"]["opt_out"], rows["tihaya.ru"]["reasons"]) == ("yes", "refused")
    assert rows["kopiya.ru"]["reasons"] == "duplicate"


def test_contacts_are_the_active_ones_of_companies_that_stand_for_themselves(book, tmp_path):
    path = tmp_path / "contacts.csv"
    assert export(book, "contacts", path, delimiter=",") == 3
    rows = read_csv(path, ",")
    assert [row["value"] for row in rows] == ["zakaz@firma.ru", "info@firma.ru", "'+78432123456"]
    assert [row["is_primary"] for row in rows] == ["no", "yes", "yes"]
    assert rows[1] | {"company_id": ""} == {
        "company_id": "", "company": "'=HYPERLINK(\"http://x\")", "contact_type": "email",
        "value": "info@firma.ru", "is_primary": "yes", "quality_score": "0.9", "role_class": "",
        "source_url": "https://firma.ru/", "first_seen_at": SEEN, "last_seen_at": SEEN,
    }  # fmt: skip


def test_sent_lists_what_was_tried(book, tmp_path):
    sent, failed, draft = sorted(new_id() for _ in range(3))
    with book.tx() as conn:
        put(
            conn,
            outreach_messages,
            letter(sent, last_error=""),
            letter(failed, status="failed", sent_at=None, message_id=None, last_error="550 no"),
            letter(draft, status="draft", sent_at=None, message_id=None, last_error=""),
        )
        tries = [
            {
                "outreach_message_id": failed,
                "attempt_no": number,
                "state": "abandoned",
                "provider": f"p{number}",
                "idempotency_key": f"k{number}",
                "claimed_at": NOW,
            }
            for number in (1, 2)
        ]
        put(conn, deliveries, *tries)
    path = tmp_path / "sent.csv"
    assert export(book, "sent", path) == 2
    rows = read_csv(path)
    assert [row["id"] for row in rows] == [sent, failed]
    assert (rows[0]["recipient"], rows[0]["sent_at"]) == ("info@firma.ru", SEEN)
    assert (rows[1]["provider"], rows[1]["last_error"]) == ("p2", "550 no")


def test_main_pages_are_addresses_only(book, tmp_path):
    path = tmp_path / "pages.csv"
    assert export(book, "pages", path, bom=False) == 2
    assert path.read_bytes() == b"website_url\r\nhttps://firma.ru/\r\nhttps://tihaya.ru/\r\n"


def test_queries_tell_niche_and_state(book, tmp_path):
    path = tmp_path / "queries.csv"
    assert export(book, "queries", path) == 1
    (row,) = read_csv(path)
    assert (row["query_text"], row["niche"], row["results_total"]) == ("'=окна Казань", "окна", "7")
    assert (row["status"], row["scheduled_for"]) == ("pending", SEEN)


@pytest.mark.parametrize("what", list(EXPORTS))
def test_an_empty_base_gives_a_header(db, tmp_path, what):
    path = tmp_path / "deep" / "empty.csv"
    assert export(db, what, path) == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.read_text("utf-8-sig").split() == [";".join(EXPORTS[what].header)]


def test_a_workbook_holds_text_and_no_formula(book, tmp_path):
    path = tmp_path / "companies.xlsx"
    assert export(book, "companies", path, "xlsx") == 3
    sheet = load_workbook(path)["companies"]
    header, first, *_ = sheet.iter_rows()
    assert [cell.value for cell in header] == list(EXPORTS["companies"].header)
    shown = dict(zip(EXPORTS["companies"].header, first, strict=True))
    assert (shown["name"].data_type, shown["name"].value[0]) == ("s", "'")
    assert shown["website_url"].value == "https://firma.ru/"
    assert shown["website_url"].hyperlink is None
    assert shown["position"].value == 3


def test_json_keeps_types(book, tmp_path):
    path = tmp_path / "companies.json"
    assert export(book, "companies", path, "json") == 3
    first = json.loads(path.read_text("utf-8"))[0]
    assert first["name"] == '=HYPERLINK("http://x")'
    assert (first["opt_out"], first["position"], first["first_seen_at"]) == (False, 3, SEEN)


def test_no_row_is_an_empty_array(db, tmp_path):
    path = tmp_path / "none.json"
    assert export(db, "pages", path, "json") == 0
    assert json.loads(path.read_text()) == []


@pytest.mark.parametrize(
    ("what", "form", "delimiter"),
    [("firms", "csv", ";"), ("companies", "pdf", ";"), ("companies", "csv", "|")],
)
def test_what_cannot_be_done_is_said(sqlite_db, tmp_path, what, form, delimiter):
    with pytest.raises(InputError):
        export(sqlite_db, what, tmp_path / "x", form, delimiter=delimiter)
    assert list(tmp_path.glob("x*")) == []


def test_a_broken_export_leaves_the_old_file(book, tmp_path, monkeypatch):
    path = tmp_path / "companies.json"
    path.write_text("old")
    header = EXPORTS["companies"].header

    def broken(*_: Any) -> Any:
        yield ("x",) * len(header)
        raise RuntimeError("the database went away")

    monkeypatch.setitem(EXPORTS, "companies", type(EXPORTS["companies"])(header, broken))
    with pytest.raises(RuntimeError):
        export(book, "companies", path, "json")
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.glob("*companies*")] == ["companies.json"]


def test_memory_does_not_grow_with_the_base(db, tmp_path):
    peak = _peak_of(db, tmp_path, 1_000)
    assert _peak_of(db, tmp_path, 6_000) < 1.5 * peak


def _peak_of(db: Any, tmp_path: Path, total: int) -> int:
    with db.tx() as conn:
        there = conn.execute(sa.select(sa.func.count()).select_from(companies)).scalar_one()
        put(conn, companies, *_firms(there, total))
    tracemalloc.start()
    assert export(db, "companies", tmp_path / "all.csv") == total
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


_firms: Callable[[int, int], list[dict[str, Any]]] = lambda start, end: [  # noqa: E731
    firm(new_id(), f"f{number}.ru", homepage_excerpt="окна " * 200, name="Окна " * 20)
    for number in range(start, end)
]


def test_times_are_shown_in_utc(book, tmp_path):
    late = NOW + timedelta(hours=3)
    with book.tx() as conn:
        conn.execute(sa.update(companies).values(last_seen_at=late))
    export(book, "companies", tmp_path / "c.csv")
    assert read_csv(tmp_path / "c.csv")[0]["last_seen_at"] == "2026-11-20T12:30:00Z"
