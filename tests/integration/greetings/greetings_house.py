"""A small house for greetings: clients by name, days that pass, letters that leave as files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from povod.delivery.facade import Delivery
from povod.delivery.states import Actor
from povod.greetings.facade import Greetings
from povod.greetings.parts import Parts
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.db import Database
from povod.store.tables import agent_runs, clients, consents, events, greetings
from povod.store.tables import outreach_messages as messages

OPERATOR = Actor("operator", "ivan")
APPROVER = Actor("approver", "olga")
ADMIN = Actor("admin", "root")
MOSCOW = ZoneInfo("Europe/Moscow")


def settings_for(tmp_path: Path, **given: Any) -> Settings:
    values: dict[str, Any] = {
        "data_dir": tmp_path / "data",
        "outbox_dir": tmp_path / "outbox",
        "send_mode": "file",
        "smtp_from_email": "anna@sender.ru",
        "smtp_from_name": "Анна",
        "sender_name": "Анна Орлова",
        "sender_company": "ООО «Отправитель»",
        "sender_legal_name": "ООО «Отправитель»",
        "send_delay_min_seconds": 0,
        "send_delay_max_seconds": 0,
        "mailbox_warmup": False,
        "mailbox_daily_cap": 1000,
        "image_mode": "none",
        "approval_rules": "vip",
    }
    return load_settings({}, None, **{**values, **given})


@dataclass
class House:
    """Greetings and delivery on one database, with helpers that read like sentences."""

    db: Database
    clock: FixedClock
    settings: Settings
    delivery: Delivery
    greetings: Greetings

    @classmethod
    def build(cls, db: Database, clock: FixedClock, settings: Settings) -> "House":
        delivery = Delivery(db, clock, settings)
        delivery.prepare()
        job = Greetings(Parts(db=db, clock=clock, settings=settings, delivery=delivery))
        delivery.on_status("greeting", job.on_message_moved)
        job.prepare()
        return cls(db, clock, settings, delivery, job)

    def with_settings(self, **given: Any) -> "House":
        settings = load_settings({}, None, **{**self.settings.model_dump(), **given})
        return House.build(self.db, self.clock, settings)

    def at(self, text: str, hour: int = 9, minute: int = 5) -> None:
        """Let it be that day and hour in Moscow."""
        day = date.fromisoformat(text)
        wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=MOSCOW)
        self.clock.advance(wall.astimezone(UTC) - self.clock.now())

    def client(self, name: str = "", **given: Any) -> str:
        """A client called «Имя Отчество Фамилия»."""
        parts = dict(zip(("first_name", "middle_name", "last_name"), name.split(), strict=False))
        row: dict[str, Any] = {"id": new_id(), **parts, **given}
        row.setdefault("email", f"c{row['id'][-8:]}@klient.ru")
        with self.db.tx() as conn:
            conn.execute(clients.insert().values(**row))
        return str(row["id"])

    def born(self, day: str, name: str = "Иван Петрович Ветров", **given: Any) -> str:
        """A client whose birthday is `MM-DD`."""
        month, number = (int(part) for part in day.split("-"))
        given.setdefault("gender", "m")
        return self.client(name, birth_month=month, birth_day=number, **given)

    def change_client(self, client_id: str, **values: Any) -> None:
        with self.db.tx() as conn:
            conn.execute(clients.update().where(clients.c.id == client_id).values(**values))

    def consent(self, client_id: str, purpose: str = "greeting", **given: Any) -> None:
        row = self.rows(clients, clients.c.id == client_id)[0]
        values = {
            "client_id": client_id,
            "value_hash": self.delivery.office.keys.value_hash("email", row["email"]),
            "purpose": purpose,
            "basis": "consent",
            "evidence_text": "подписано 1 марта",
            "obtained_at": self.clock.now(),
            **given,
        }
        with self.db.tx() as conn:
            conn.execute(consents.insert().values(**values))

    def run(self, **given: Any) -> dict[str, Any]:
        return self.greetings.run_once(**given)

    def end_leases(self) -> None:
        """The process that ran is gone, and its lease with it."""
        past = datetime(2020, 1, 1, tzinfo=UTC)
        with self.db.tx() as conn:
            running = agent_runs.c.status == "running"
            conn.execute(agent_runs.update().where(running).values(lease_until=past))

    def send(self) -> dict[str, int]:
        """Plan and send what is due now."""
        while self.delivery.plan():
            pass
        return dict(self.delivery.send_due().counts)

    def statements(self, deed: Callable[[], Any]) -> list[str]:
        """What the database is told while something is done."""
        heard: list[str] = []

        def hear(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            heard.append(statement)

        sa.event.listen(self.db.engine, "before_cursor_execute", hear)
        try:
            deed()
        finally:
            sa.event.remove(self.db.engine, "before_cursor_execute", hear)
        return heard

    def rows(self, table: sa.Table, *where: Any) -> list[dict[str, Any]]:
        query = sa.select(table).where(*where).order_by(table.c.id)
        with self.db.read() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def events(self, client_id: str = "") -> list[dict[str, Any]]:
        return self.rows(events, *([events.c.client_id == client_id] if client_id else []))

    def event(self, client_id: str, key: str = "birthday") -> dict[str, Any]:
        found = [row for row in self.events(client_id) if row["event_key"] == key]
        assert len(found) == 1, found
        return found[0]

    def drafts(self, client_id: str = "") -> list[dict[str, Any]]:
        return self.rows(greetings, *([greetings.c.client_id == client_id] if client_id else []))

    def draft(self, client_id: str) -> dict[str, Any]:
        found = self.drafts(client_id)
        assert len(found) == 1, [(row["status"], row["skip_reason"]) for row in found]
        return found[0]

    def messages(self, client_id: str = "") -> list[dict[str, Any]]:
        return self.rows(messages, *([messages.c.client_id == client_id] if client_id else []))

    def letters(self) -> list[Path]:
        return sorted(self.settings.outbox_dir.glob("*.eml"))
