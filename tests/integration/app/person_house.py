"""A house that knows one person in every way it can, and a colleague in the same firm."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app.name_tools import WritingNames
from povod.app.person import PersonalData
from povod.book.clients.model import Author, ClientDeps, Ground
from povod.book.facade import Book
from povod.delivery.drafts import Draft
from povod.delivery.facade import Delivery
from povod.delivery.states import Actor
from povod.greetings.facade import Greetings
from povod.greetings.parts import Parts
from povod.kit.clock import FixedClock
from povod.kit.ids import new_id
from povod.kit.settings import Settings, load_settings
from povod.store.db import Database
from povod.store.files import put_file
from povod.store.tables import (
    agent_runs,
    companies,
    company_blocks,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    events,
    feedback,
    greetings,
    import_jobs,
    inn_cache,
    metadata,
    outreach_messages,
    serp_operations,
    serp_queries,
    serp_results,
)

SURNAME = "Краснопольский"
ADDRESS = "p.krasno@firma.ru"
PHONE = "+79161234567"
INN = "500100732259"
COLLEAGUE = "anna@firma.ru"
SECRETS = (ADDRESS, ADDRESS.upper(), SURNAME, SURNAME.lower(), SURNAME.upper(), PHONE[2:], INN)
OPERATOR, APPROVER = Actor("operator", "ivan"), Actor("approver", "olga")
AUTHOR = Author("ivan", "ui")
CARD = b"\xff\xd8 a card for Pyotr"


@dataclass
class PersonHouse:
    """The rooms that know persons, wired as the composition root does."""

    db: Database
    clock: FixedClock
    settings: Settings
    delivery: Delivery
    greetings: Greetings
    book: Book
    personal: PersonalData

    @classmethod
    def build(cls, db: Database, clock: FixedClock, tmp_path: Path) -> "PersonHouse":
        given: dict[str, Any] = {
            "data_dir": tmp_path / "data",
            "outbox_dir": tmp_path / "outbox",
            "send_mode": "file",
            "smtp_from_email": "anna@sender.ru",
            "image_mode": "none",
            "send_delay_min_seconds": 0,
            "send_delay_max_seconds": 0,
            "mailbox_warmup": False,
            "sender_legal_name": "ООО «Отправитель»",
            "email_sending_enabled": True,
        }
        settings = load_settings({}, None, **given)
        delivery = Delivery(db, clock, settings)
        delivery.prepare()
        job = Greetings(Parts(db=db, clock=clock, settings=settings, delivery=delivery))
        delivery.on_status("greeting", job.on_message_moved)
        job.prepare()
        deps = ClientDeps(clock, WritingNames(), delivery.office.keys.value_hash)
        book = Book(db, deps, lambda: None)  # type: ignore[arg-type, return-value]
        personal = PersonalData(db, delivery, job, settings.outbox_dir)
        return cls(db, clock, settings, delivery, job, book, personal)

    def insert(self, table: sa.Table, **values: Any) -> str:
        row = {**({"id": new_id()} if "id" in table.c else {}), **values}
        with self.db.tx() as conn:
            conn.execute(table.insert().values(**row))
        return str(row.get("id", ""))

    def store(self, raw: bytes, kind: str) -> str:
        with self.db.tx() as conn:
            return put_file(conn, raw, kind)

    def rows(self, table: sa.Table, *where: Any) -> list[dict[str, Any]]:
        query = sa.select(table).where(*where).order_by(*table.primary_key)
        with self.db.read() as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def client(self, last: str, email: str, **given: Any) -> str:
        names = {"first_name": "Пётр", "middle_name": "Ильич", "last_name": last, "email": email}
        ground = Ground("consent", f"договор с {last}")
        with self.db.tx() as conn:
            return self.book.create(conn, {**names, **given}, AUTHOR, ground)

    def put(self, to: str, key: str, **given: Any) -> str:
        texts = {"subject": f"Для {to}", "body": f"Уважаемый {SURNAME}!", "to_name": SURNAME}
        draft = Draft(kind="letter", to_value=to, dedupe_key=key, **{**texts, **given})
        with self.db.tx() as conn:
            return str(self.delivery.put(conn, draft)["id"])

    def schedule(self, message_id: str, **after: int) -> str:
        with self.db.tx() as conn:
            row = self.delivery.submit(conn, message_id)
            if row["status"] != "approved":
                self.delivery.approve(conn, message_id, APPROVER)
            at = self.clock.now() + timedelta(**after)
            self.delivery.schedule(conn, message_id, OPERATOR, at)
        return message_id

    def status(self, message_id: str) -> str:
        rows = self.rows(outreach_messages, outreach_messages.c.id == message_id)
        return str(rows[0]["status"])


@dataclass
class Known:
    """Ids of what the house knows."""

    company: str
    client: str
    contact: str
    sent: str
    waiting: str
    greeting: str
    colleague: str
    colleague_client: str
    page: str


def fill(house: PersonHouse) -> Known:
    """The person in every table that can know one, and a colleague."""
    now = house.clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    firm = house.insert(
        companies, name="Фирма", name_key="фирма", canonical_domain="firma.ru",
        homepage_excerpt=f"Пишите: {ADDRESS}", **seen,
        attributes={"register": {"director": f"{SURNAME} Пётр Ильич", "status": "ACTIVE"}},
    )  # fmt: skip
    page = house.insert(
        company_pages, company_id=firm, url="https://firma.ru/team", fetched_at=now,
        raw_file_id=house.store(f"<p>{SURNAME}, {ADDRESS}".encode(), "text/html"),
        text_file_id=house.store(f"{SURNAME}, {ADDRESS}".encode(), "text/plain"),
        content_sha256="ab" * 32, title=f"{SURNAME} — команда",
    )  # fmt: skip
    other_page = house.insert(
        company_pages, company_id=firm, url="https://firma.ru/", fetched_at=now, title="Фирма",
        raw_file_id=house.store(b"<p>anna@firma.ru", "text/html"), content_sha256="cd" * 32,
    )  # fmt: skip
    addresses = ((ADDRESS, page), (COLLEAGUE, other_page))
    contact, colleague = (
        house.insert(
            contacts, company_id=firm, contact_type="email", value=address, value_key=address,
            source_url="https://firma.ru/team", company_page_id=where, personal=True,
            is_primary=address == ADDRESS, metadata={"label": address}, **seen,
        )
        for address, where in addresses
    )  # fmt: skip
    _found(house, firm, page)
    client = house.client(
        SURNAME, ADDRESS, phone=PHONE, birth_date="1985-05-17", position="директор",
        company_id=firm, inn=INN, last_interaction_summary="говорили о даче",
    )  # fmt: skip
    colleague_client = house.client("Ветрова", COLLEAGUE, first_name="Анна", company_id=firm)
    with house.db.tx() as conn:
        house.book.update(conn, client, {"last_name": SURNAME, "position": "глава"}, AUTHOR)
    greeting = _greeting(house, client)
    sent, waiting, others = _mail(house, firm, client, contact, colleague)
    _leftovers(house, client, sent, greeting)
    return Known(firm, client, contact, sent, waiting, greeting, others, colleague_client, page)


def _found(house: PersonHouse, firm: str, page: str) -> None:
    house.insert(
        company_facts, company_id=firm, kind="news", value="глава", company_page_id=page,
        quote=f"Компанию возглавляет {SURNAME}",
    )  # fmt: skip
    house.insert(company_facts, company_id=firm, kind="years", value="9", quote="с 2009 года")
    house.insert(company_blocks, block=f"m:{ADDRESS}", company_id=firm, name="фирма")
    house.insert(company_blocks, block=f"b:p:{PHONE[-10:]}", company_id=firm, name="фирма")
    house.insert(company_blocks, block="d:firma.ru", company_id=firm, name="фирма")
    now = house.clock.now()
    twin = house.insert(companies, name="Фирма 2", first_seen_at=now, last_seen_at=now)
    house.insert(
        company_merges, winner_id=firm, loser_id=twin, reason="manual", merged_at=now,
        before={"homepage_excerpt": f"почта {ADDRESS}", "city": "Казань"},
    )  # fmt: skip
    query = house.insert(serp_queries, query_text="фирмы", query_hash="q", scheduled_for=now)
    raw = house.store(f"<xml>{ADDRESS}</xml>".encode(), "application/xml")
    operation = house.insert(
        serp_operations, query_id=query, status="ingested", request_hash="h",
        idempotency_key="k", requested_at=now, raw_file_id=raw,
    )  # fmt: skip
    hit = {"operation_id": operation, "query_id": query, "company_id": firm}
    house.insert(serp_results, url="https://firma.ru", snippet=f"… {ADDRESS} …", **hit)


def _greeting(house: PersonHouse, client: str) -> str:
    """A birthday that was written about and not sent, with a card."""
    day = house.clock.now().date()
    event = house.insert(
        events, client_id=client, event_type="birthday", event_key="birthday", status="composed",
        occasion_date=day, occasion_year=day.year, deliver_on=day, title=f"{SURNAME}: юбилей",
    )  # fmt: skip
    card = house.store(CARD, "image/jpeg")
    return house.insert(
        greetings, event_id=event, client_id=client, subject=f"{SURNAME}, поздравляем",
        body=f"Дорогой {SURNAME}!", salutation=SURNAME, deliver_on=day, card_file_id=card,
        history=[{"body": f"Прежнее: {SURNAME}"}], status="needs_approval",
    )  # fmt: skip


def _mail(
    house: PersonHouse, firm: str, client: str, contact: str, colleague: str
) -> tuple[str, str, str]:
    """A letter that left, one that waits, and one to the colleague that left."""
    evidence = {"contact_id": contact, "occasion": {"title": f"Юбилей: {SURNAME}", "date": "x"}}
    facts: dict[str, Any] = {"company_id": firm, "contact_id": contact, "evidence": evidence}
    sent = house.schedule(house.put(ADDRESS, "letter:1", **facts))
    other: dict[str, Any] = {"company_id": firm, "contact_id": colleague, "to_name": "Анна"}
    other |= {"body": "Уважаемая Анна!"}
    others = house.schedule(house.put(COLLEAGUE, "letter:2", **other))
    house.delivery.send_due()
    house.clock.advance(timedelta(minutes=20))
    house.delivery.send_due()
    mine: dict[str, Any] = {"client_id": client, "purpose": "service"}
    waiting = house.schedule(house.put(ADDRESS, "service:1", **mine), days=2)
    return sent, waiting, others


def _leftovers(house: PersonHouse, client: str, sent: str, greeting: str) -> None:
    letter = house.rows(outreach_messages, outreach_messages.c.id == sent)[0]
    reply = (
        f"From: {SURNAME} <{ADDRESS}>\r\nTo: anna@sender.ru\r\nSubject: Re: {SURNAME}\r\n"
        f"In-Reply-To: {letter['message_id']}\r\nMessage-ID: <1@firma.ru>\r\n\r\n"
        f"Это {SURNAME}, звоните {PHONE}\r\n"
    )
    house.delivery.take_mail(reply.encode())
    house.insert(
        feedback, greeting_id=greeting, outcome="liked", note=f"{SURNAME} рад", source="manager",
        at=house.clock.now(),
    )  # fmt: skip
    house.insert(inn_cache, id=INN, data={"name": SURNAME}, fetched_at=house.clock.now())
    table = f"email;last_name\n{ADDRESS.upper()};{SURNAME}\n"
    row = {"row": 2, "reason": "bad", "cells": [ADDRESS, SURNAME]}
    house.insert(
        import_jobs, kind="clients", file_name="clients.csv", status="done",
        file_id=house.store(table.encode("cp1251"), "text/csv"),
        options={"refused_rows": [row, {"row": 3, "cells": ["other@x.ru"]}]},
        problems=[f"row 2: {ADDRESS}", "row 3: bad"],
    )  # fmt: skip
    errors = [{"client": client, "cause": SURNAME}, {"client": new_id(), "cause": "other"}]
    house.insert(
        agent_runs, started_at=house.clock.now(), run_date=house.clock.now().date(),
        status="success", report={"errors": errors, "cards": {}},
    )  # fmt: skip


def everything(conn: Connection) -> Iterator[tuple[str, str]]:
    """Each row of each table as text, stored bytes unpacked; with the name of its table."""
    for table in metadata.sorted_tables:
        for row in conn.execute(sa.select(table)).mappings():
            values = dict(row)
            if table.name == "files":
                raw = values.pop("body")
                raw = gzip.decompress(raw) if values["content_encoding"] == "gzip" else raw
                values["body"] = (
                    f"{raw.decode('utf-8', 'replace')} {raw.decode('cp1251', 'replace')}"
                )
            yield table.name, str(values)


def traces(house: PersonHouse) -> list[tuple[str, str]]:
    """Where the person is still named."""
    with house.db.read() as conn:
        return [
            (table, text)
            for table, text in everything(conn)
            if any(secret in text for secret in SECRETS)
        ]


def state(house: PersonHouse) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return {table.name: house.rows(table) for table in metadata.sorted_tables}
