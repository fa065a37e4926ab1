"""One installation with its clock, and the clients that live in it."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from povod.delivery.facade import Delivery
from povod.greetings.facade import Greetings
from povod.greetings.parts import Parts
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.bulk import bulk_insert
from povod.store.db import Database
from povod.store.tables import clients, consents

MOSCOW = ZoneInfo("Europe/Moscow")
ZONES = ("", "Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad", "Asia/Novosibirsk")
TRADES = (
    ("41.20", "", "Генеральный директор"),
    ("69.20.1", "бухгалтер", ""),
    ("62.01", "", "Разработчик"),
    ("47.11", "", "Товаровед"),
    ("86.21", "врач", ""),
    ("84.11", "", ""),
    ("10.71", "", "Технолог"),
    ("49.41", "", "Логист"),
    ("85.14", "учитель", ""),
    ("56.10", "", "Шеф-повар"),
    ("", "", ""),
)
NAMES = {
    "f": (("Анна", "Сергеевна", "Орлова"), ("Елена", "Ильинична", "Белова")),
    "m": (("Иван", "Петрович", "Ветров"), ("Олег", "Львович", "Громов")),
}


@dataclass
class World:
    """One installation and its clock."""

    db: Database
    clock: FixedClock
    settings: Settings
    greetings: Greetings
    delivery: Delivery

    @classmethod
    def build(cls, url: str, clock: FixedClock, settings: Settings) -> "World":
        db = Database(url, clock)
        delivery = Delivery(db, clock, settings)
        delivery.prepare()
        job = Greetings(Parts(db, clock, settings, delivery))
        delivery.on_status("greeting", job.on_message_moved)
        job.prepare()
        return cls(db, clock, settings, job, delivery)


def settings_of(folder: Path) -> Settings:
    """A file outbox without pauses: what is measured is what is sent, not how slowly."""
    return load_settings(
        {},
        None,
        data_dir=folder / "data",
        outbox_dir=folder / "outbox",
        send_mode="file",
        smtp_from_email="anna@sender.ru",
        smtp_from_name="Анна",
        sender_name="Анна Орлова",
        sender_company="ООО «Отправитель»",
        sender_legal_name="ООО «Отправитель»",
        send_delay_min_seconds=0,
        send_delay_max_seconds=0,
        mailbox_warmup=False,
        mailbox_daily_cap=100_000,
        image_mode="none",
        approval_rules="vip",
        domain_daily_cap=0,
    )


def moscow(day: date, hour: int, minute: int) -> datetime:
    """That hour on Moscow's clocks."""
    return datetime.combine(day, clock_time(hour, minute), MOSCOW).astimezone(UTC)


def people(count: int, draw: random.Random) -> list[dict[str, Any]]:
    """Clients of all kinds: no birthday, 29 February, a shared mailbox, no patronymic, groups."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        okved, profession, position = draw.choice(TRADES)
        gender = draw.choice(["m", "f", "m", "f", None])
        first, middle, last = draw.choice(NAMES[gender or "m"])
        born = date(2000, 1, 1) + timedelta(days=draw.randrange(366))
        known = draw.random() < 0.9
        if number % 40 == 7:
            born = date(2000, 2, 29)
        shared = number % 25 == 3 and rows
        group = number % 20 == 11
        rows.append(
            {
                "id": new_id(),
                "first_name": "" if group else first,
                "middle_name": "" if group or draw.random() < 0.2 else middle,
                "last_name": "" if group else last,
                "company_name": f"ООО «Фирма {number}»" if group else "",
                "gender": None if group else gender,
                "birth_day": born.day if known and not group else None,
                "birth_month": born.month if known and not group else None,
                "okved": okved,
                "profession": profession,
                "position": position,
                "segment": draw.choice(["vip", "loyal", "new", "standard", "standard", "standard"]),
                "time_zone": draw.choice(ZONES),
                "email": rows[-1]["email"] if shared else f"client{number}@firma{number}.ru",
                "do_not_greet": number % 60 == 13,
                "do_not_greet_reason": "asked" if number % 60 == 13 else "",
                "preferences": {"birthday": False} if number % 50 == 21 else {},
            }
        )
    return rows


def settle_in(world: World, rows: list[dict[str, Any]], draw: random.Random) -> None:
    """Clients and their consents; some have no ground at all, some one for days of faith."""
    keys, now = world.delivery.office.keys, world.clock.now()
    given: dict[tuple[str, str], dict[str, Any]] = {}
    for number, row in enumerate(rows):
        basis = "none" if number % 45 == 17 else draw.choice(["consent", "existing_client"])
        for purpose in ["greeting", *(["religious_greeting"] if number % 9 == 4 else [])]:
            value = keys.value_hash("email", row["email"])
            given.setdefault(
                (value, purpose),
                {
                    "client_id": row["id"],
                    "value_hash": value,
                    "channel": "email",
                    "purpose": purpose,
                    "basis": "consent" if purpose == "religious_greeting" else basis,
                    "evidence_text": "форма на сайте",
                    "obtained_at": now,
                },
            )
    with world.db.tx() as conn:
        bulk_insert(conn, clients, rows)
        bulk_insert(conn, consents, list(given.values()))
