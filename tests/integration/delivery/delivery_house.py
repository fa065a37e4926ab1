"""A small house for delivery tests: a company with a page, letters to it, and rows to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from povod.delivery.drafts import Draft
from povod.delivery.facade import Delivery
from povod.delivery.states import Actor
from povod.kit.clock import Clock, FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.db import Database
from povod.store.tables import companies, company_pages, contacts, deliveries, mailboxes
from povod.store.tables import outreach_messages as messages

APPROVER = Actor("approver", "olga")
OPERATOR = Actor("operator", "ivan")


def settings_for(tmp_path: Path, port: int = 0, **given: Any) -> Settings:
    values: dict[str, Any] = {
        "data_dir": tmp_path / "data",
        "outbox_dir": tmp_path / "outbox",
        "send_mode": "smtp" if port else "file",
        "smtp_host": "127.0.0.1" if port else "",
        "smtp_port": port or 25,
        "smtp_starttls": False,
        "smtp_imap_security": "none",
        "smtp_from_email": "anna@sender.ru",
        "smtp_from_name": "Анна",
        "sandbox_url": "http://127.0.0.1:1",
        "email_sending_enabled": True,
        "policy_preset": "autopilot",
        "send_delay_min_seconds": 0,
        "send_delay_max_seconds": 0,
        "mailbox_warmup": False,
        "mailbox_daily_cap": 1000,
        "sender_legal_name": "ООО «Отправитель»",
    }
    return load_settings({}, None, **{**values, **given})


@dataclass
class House:
    """One running delivery with helpers that read like sentences."""

    db: Database
    clock: FixedClock
    settings: Settings
    delivery: Delivery
    _companies: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @classmethod
    def build(cls, db: Database, clock: FixedClock, settings: Settings) -> "House":
        delivery = Delivery(db, clock, settings)
        delivery.prepare()
        return cls(db, clock, settings, delivery)

    def another_worker(self, clock: Clock | None = None) -> Delivery:
        return Delivery(self.db, clock or self.clock, self.settings)

    def company(self, domain: str) -> tuple[str, str, str]:
        """Ids of a company, its page and its contact `info@`."""
        if domain in self._companies:
            return self._companies[domain]
        company, page, contact = new_id(), new_id(), new_id()
        self._companies[domain] = (company, page, contact)
        now = self.clock.now()
        url = f"https://{domain}/kontakty"
        seen = {"first_seen_at": now, "last_seen_at": now}
        with self.db.tx() as conn:
            conn.execute(
                companies.insert().values(
                    id=company, name=domain, name_key=domain, canonical_domain=domain, **seen
                )
            )
            conn.execute(
                company_pages.insert().values(
                    id=page, company_id=company, url=url, fetched_at=now, content_sha256="ab" * 32
                )
            )
            conn.execute(
                contacts.insert().values(
                    id=contact,
                    company_id=company,
                    contact_type="email",
                    value=f"info@{domain}",
                    value_key=f"info@{domain}",
                    source_url=url,
                    company_page_id=page,
                    **seen,
                )
            )
        return company, page, contact

    def draft(self, to: str, domain: str = "", **given: Any) -> Draft:
        company, _, contact = self.company(domain or to.rpartition("@")[2])
        values: dict[str, Any] = {
            "kind": "letter",
            "to_value": to,
            "subject": "Вопрос по сайту",
            "body": "Здравствуйте!\n\nПишу по делу.",
            "company_id": company,
            "contact_id": contact,
            "dedupe_key": f"letter:{company}:{to}",
        }
        return Draft(**{**values, **given})

    def put(self, to: str, **given: Any) -> str:
        """A draft in the outbox."""
        draft = self.draft(to, **given)
        with self.db.tx() as conn:
            return str(self.delivery.put(conn, draft)["id"])

    def scheduled(self, to: str, **given: Any) -> str:
        """A letter that is due now."""
        message_id = self.put(to, **given)
        with self.db.tx() as conn:
            if self.delivery.submit(conn, message_id)["status"] == "needs_approval":
                self.delivery.approve(conn, message_id, APPROVER)
            self.delivery.schedule(conn, message_id, at=self.clock.now())
        return message_id

    def message(self, message_id: str) -> Mapping[str, Any]:
        with self.db.read() as conn:
            query = sa.select(messages).where(messages.c.id == message_id)
            return dict(conn.execute(query).mappings().one())

    def attempts(self, message_id: str) -> list[Mapping[str, Any]]:
        query = sa.select(deliveries).where(deliveries.c.outreach_message_id == message_id)
        with self.db.read() as conn:
            ordered = query.order_by(deliveries.c.attempt_no)
            return [dict(row) for row in conn.execute(ordered).mappings()]

    def mailbox(self, name: str = "default") -> Mapping[str, Any]:
        with self.db.read() as conn:
            query = sa.select(mailboxes).where(mailboxes.c.name == name)
            return dict(conn.execute(query).mappings().one())

    def count(self, table: sa.Table, *where: Any) -> int:
        with self.db.read() as conn:
            query = sa.select(sa.func.count()).select_from(table).where(*where)
            return int(conn.execute(query).scalar_one())
