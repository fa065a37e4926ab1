"""An address book that tests fill with a few words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from povod.book.companies import dedupe_hash
from povod.book.dedup_run import Deduplicator, DedupResult
from povod.book.merges import MergeOrder, merge
from povod.book.names import name_key
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.store.db import Database
from povod.store.tables import (
    clients,
    companies,
    company_domains,
    contacts,
    opt_out_registry,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)


@dataclass
class Book:
    """The database with the little that tests do to it. Companies are added a minute apart."""

    db: Database
    clock: FixedClock

    def add(self, name: str, domain: str | None = None, **values: Any) -> str:
        """A company, with `phones` and `emails` if given; returns its id."""
        phones, emails = values.pop("phones", ()), values.pop("emails", ())
        self.clock.advance(timedelta(minutes=1))
        now = self.clock.now()
        row = {
            "id": new_id(), "name": name, "name_key": name_key(name), "canonical_domain": domain,
            "website_url": f"https://{domain}/" if domain else "", "source": "import",
            "dedupe_hash": dedupe_hash(domain, values.get("inn", "")),
            "first_seen_at": now, "last_seen_at": now, **values,
        }  # fmt: skip
        with self.db.tx() as conn:
            conn.execute(sa.insert(companies), [row])
            if domain:
                owned = {"company_id": row["id"], "domain": domain, "kind": "primary", "since": now}
                conn.execute(sa.insert(company_domains), [owned])
        for number in phones:
            self.contact(row["id"], "phone", number)
        for address in emails:
            self.contact(row["id"], "email", address)
        return str(row["id"])

    def contact(self, company: str, kind: str, value: str, **values: Any) -> str:
        now = self.clock.now()
        row = {
            "id": new_id(), "company_id": company, "contact_type": kind, "value": value,
            "value_key": value, "first_seen_at": now, "last_seen_at": now, **values,
        }  # fmt: skip
        with self.db.tx() as conn:
            conn.execute(sa.insert(contacts), [row])
        return str(row["id"])

    def hit(self, company: str, url: str, status: str = "UNIQUE") -> str:
        """A search hit of the company, with all that a hit needs."""
        ids = [new_id() for _ in range(3)]
        now = self.clock.now()
        with self.db.tx() as conn:
            query = {"id": ids[0], "query_text": url, "query_hash": ids[0], "scheduled_for": now}
            conn.execute(sa.insert(serp_queries), [query])
            operation = {
                "id": ids[1], "query_id": ids[0], "status": "ingested", "request_hash": "",
                "idempotency_key": "", "requested_at": now,
            }  # fmt: skip
            conn.execute(sa.insert(serp_operations), [operation])
            row = {
                "id": ids[2], "operation_id": ids[1], "query_id": ids[0], "url": url,
                "company_id": company, "dedup_status": status,
            }  # fmt: skip
            conn.execute(sa.insert(serp_results), [row])
        return ids[2]

    def client(self, company: str) -> None:
        with self.db.tx() as conn:
            conn.execute(sa.insert(clients).values(company_id=company, first_name="Анна"))

    def letter(self, company: str) -> None:
        with self.db.tx() as conn:
            conn.execute(
                sa.insert(outreach_messages).values(
                    kind="letter", purpose="advertising", company_id=company, recipient_hash="",
                    dedupe_key=f"letter:{company}", content_hash="",
                )
            )  # fmt: skip

    def refuse(self, company: str, **values: Any) -> None:
        """The company as a whole asks for no letters."""
        with self.db.tx() as conn:
            conn.execute(
                sa.insert(opt_out_registry).values(
                    company_id=company, level="company", value_hash=company,
                    registered_at=self.clock.now(), **values,
                )
            )  # fmt: skip

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.db.read() as conn:
            first = next(iter(table.primary_key.columns))
            return list(conn.execute(sa.select(table).where(*where).order_by(first)).all())

    def company(self, company: str) -> Any:
        [row] = self.rows(companies, companies.c.id == company)
        return row

    def snapshot(self, *tables: sa.Table) -> list[Any]:
        """Everything in these tables but the time of the last change."""
        return [
            [{k: v for k, v in row._mapping.items() if k != "updated_at"} for row in self.rows(one)]
            for one in tables
        ]

    def merge(self, a: str, b: str, **order: Any) -> str | None:
        with self.db.tx() as conn:
            return merge(conn, self.clock, MergeOrder(a, b, **{"reason": "manual", **order}))

    def dedup(self, **options: Any) -> DedupResult:
        return Deduplicator(self.db, self.clock, **options).run()

    def settle(self) -> None:
        """As if everything had been compared before."""
        with self.db.tx() as conn:
            conn.execute(sa.update(companies).values(dedup_dirty=False))


@pytest.fixture
def book(db: Database, clock: FixedClock) -> Book:
    return Book(db, clock)
