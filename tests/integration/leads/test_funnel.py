"""The funnel counts what is there, on both databases."""

from typing import Any

from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.leads.funnel import Bar, bars, funnel
from povod.store.db import Database
from povod.store.tables import (
    companies,
    company_merges,
    contacts,
    niches,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)


def add(conn: Any, table: Any, **values: Any) -> str:
    row_id = new_id()
    conn.execute(table.insert().values(id=row_id, **values))
    return row_id


def company(conn: Any, clock: FixedClock, **values: Any) -> str:
    seen = {"first_seen_at": clock.now(), "last_seen_at": clock.now()}
    return add(conn, companies, **seen, **values)


def contact(conn: Any, clock: FixedClock, owner: str, kind: str, **values: Any) -> None:
    seen = {"first_seen_at": clock.now(), "last_seen_at": clock.now()}
    value = {"value": f"{kind}-{owner}", "value_key": f"{kind}-{owner}"}
    add(conn, contacts, company_id=owner, contact_type=kind, **value, **seen, **values)


def letter(conn: Any, owner: str, status: str, **values: Any) -> None:
    fixed = {"kind": "letter", "purpose": "advertising", "recipient_hash": "r" * 64}
    fixed |= {"dedupe_key": new_id(), "content_hash": "c" * 64}
    add(conn, outreach_messages, **{**fixed, "company_id": owner, "status": status, **values})


def test_an_empty_house(db: Database) -> None:
    with db.read() as conn:
        assert set(funnel(conn).as_dict().values()) == {0}
        assert [bar.total for bar in bars(conn)] == [0, 0, 0]
        assert not any(bar.running for bar in bars(conn))


def test_every_stage_is_counted_once(db: Database, clock: FixedClock) -> None:
    now = clock.now()
    with db.tx() as conn:
        add(conn, niches, source="csv", fingerprint="f")
        queries = [
            add(conn, serp_queries, query_hash=f"q{n}", status=status, scheduled_for=now)
            for n, status in enumerate(["completed", "completed", "pending", "failed"])
        ]
        operation = add(
            conn, serp_operations, query_id=queries[0], status="ingested", request_hash="h",
            idempotency_key=new_id(), requested_at=now,
        )  # fmt: skip
        for number, state in enumerate(["UNIQUE", "DUP_HOST", "EXCLUDED", "INVALID"]):
            hit = {"operation_id": operation, "query_id": queries[0], "url": f"u{number}"}
            add(conn, serp_results, dedup_status=state, **hit)
        kept = company(conn, clock, status="contacted")
        double = company(conn, clock, status="duplicate", duplicate_of=kept)
        mute = company(conn, clock, status="contacts_not_found")
        company(conn, clock, status="new")
        add(conn, company_merges, winner_id=kept, loser_id=double, reason="exact", merged_at=now)
        undone = {"winner_id": kept, "loser_id": mute, "reason": "fuzzy", "merged_at": now}
        add(conn, company_merges, **undone, undone_at=now)
        for owner, kind, primary in (
            (kept, "email", True), (kept, "phone", True), (kept, "telegram", False),
            (double, "email", True), (mute, "phone", True),
        ):  # fmt: skip
            contact(conn, clock, owner, kind, is_primary=primary)
        for status in ("sent", "replied", "bounced", "unsubscribed", "complained"):
            letter(conn, kept, status, sent_at=now, approved_at=now)
        letter(conn, kept, "scheduled", approved_at=now)
        letter(conn, kept, "needs_approval")
        letter(conn, kept, "sent", kind="followup", sent_at=now)
    with db.read() as conn:
        found = funnel(conn).as_dict()
        under_way = bars(conn)
    assert found == {
        "niches": 1, "queries": 4, "operations": 1, "documents": 4, "excluded": 2,
        "companies": 3, "duplicates_merged": 1, "visited": 2, "contacts": 1, "phone_only": 1,
        "letters": 7, "approved": 6, "accepted": 5, "bounced": 1, "replied": 1, "refused": 2,
    }  # fmt: skip
    assert under_way == [
        Bar("Search queries", 3, 4),
        Bar("Company sites", 2, 3),
        Bar("Letters sent", 6, 7),
    ]
    assert all(bar.running for bar in under_way)
