"""Rows as a working house holds them: companies, letters in many states, one whole chain."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.app.house import House
from povod.delivery.drafts import Draft
from povod.kit.ids import new_id
from povod.store.tables import (
    companies,
    company_facts,
    company_merges,
    company_pages,
    contacts,
    dedup_pairs,
    deliveries,
    inbound_mail,
    niches,
    serp_operations,
    serp_queries,
    serp_results,
)
from povod.store.tables import outreach_messages as messages

BRANDS = (
    "Вектор",
    "Гранит",
    "Дубрава",
    "Заря",
    "Исток",
    "Лотос",
    "Маяк",
    "Невада",
    "Орион",
    "Парус",
)
BRANDS += ("Родник", "Сфера")
TRADES = (
    ("стоматология", "Казань", "dent"),
    ("пластиковые окна", "Самара", "okna"),
    ("автосервис", "Новосибирск", "avto"),
    ("кофейное оборудование", "Санкт-Петербург", "coffee"),
)
HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)>'
PAGE_HASH = "b2941a5724e39705" * 4
STORY_SUBJECT = "Идея для Вектора"


@dataclass
class Rows:
    """Ids that tests ask for by name."""

    companies: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    story: str = ""
    waiting: str = ""
    doubtful: str = ""
    duplicate: str = ""
    hostile: str = ""


def fill(house: House, count: int = 24) -> Rows:
    """Store `count` companies, a letter to most of them, and one letter with its whole story."""
    rows = Rows()
    with house.db.tx() as conn:
        origin = _search(conn, house)
        for number in range(count):
            rows.companies.append(_company(conn, house, number))
            _hits(conn, origin, number)
        rows.duplicate, rows.hostile = _oddities(conn, house, rows.companies)
        for number, company in enumerate(rows.companies):
            if number % 4 != 3:
                rows.letters.append(_letter(conn, house, number, company))
        rows.story = rows.letters[0]
        _tell_story(conn, house, rows, origin)
        rows.waiting, rows.doubtful = rows.letters[-1], rows.letters[-2]
        _set(conn, rows.doubtful, status="uncertain", sent_at=None, skip_reason="no_reply")
        _attempt(conn, house, rows.doubtful, 1, "uncertain", None, "Unexpected EOF received")
        _set(conn, rows.waiting, status="needs_approval", sent_at=None, scheduled_for=None)
    return rows


def _set(conn: Connection, letter: str, **values: Any) -> None:
    conn.execute(messages.update().where(messages.c.id == letter).values(**values))


def _search(conn: Connection, house: House) -> dict[str, str]:
    now = house.clock.now() - timedelta(days=3)
    ids = {name: new_id() for name in ("niche_id", "query_id", "operation_id")}
    conn.execute(
        niches.insert().values(
            id=ids["niche_id"], source="csv", source_ref="77ae2a94eb9c04ee" * 4, row_no=7,
            niche="стоматология", city="Казань", country="RU", fingerprint="f1", status="done",
        )
    )  # fmt: skip
    conn.execute(
        serp_queries.insert().values(
            id=ids["query_id"], niche_id=ids["niche_id"], query_text="стоматология Казань",
            query_hash="q1", region_code=43, status="completed", scheduled_for=now,
        )
    )  # fmt: skip
    conn.execute(
        serp_operations.insert().values(
            id=ids["operation_id"], query_id=ids["query_id"], operation_id="spp40klo3l7ynsvadfcg",
            status="ingested", request_hash="h1", idempotency_key=new_id(), requested_at=now,
            ingested_at=now + timedelta(minutes=20),
        )
    )  # fmt: skip
    waiting = {"query_text": "окна Самара", "query_hash": "q2", "scheduled_for": now}
    conn.execute(serp_queries.insert().values(**waiting, status="pending"))
    return ids


def _company(conn: Connection, house: House, number: int) -> str:
    trade, city, suffix = TRADES[number % len(TRADES)]
    brand = BRANDS[number % len(BRANDS)]
    company, now = new_id(), house.clock.now()
    domain = f"{suffix}-{number}.ru" if number != 5 else "xn--80atjc.xn--p1ai"  # окна.рф
    states = ("contacted", "contacts_ready", "replied", "contacts_not_found")
    seen = {"first_seen_at": now - timedelta(days=3), "last_seen_at": now}
    conn.execute(
        companies.insert().values(
            id=company, name=f"{brand} {number}", name_key=f"{brand} {number}".lower(),
            canonical_domain=domain, website_url=f"https://{domain}/", industry=trade, city=city,
            status=states[number % 4], hits_count=number % 7 + 1, legal_name=f"ООО «{brand}»",
            inn=f"16{number:08d}", **seen,
        )
    )  # fmt: skip
    page = new_id()
    conn.execute(
        company_pages.insert().values(
            id=page, company_id=company, url=f"https://{domain}/kontakty", role="contacts",
            http_status=200, fetched_at=now - timedelta(days=2), content_sha256=PAGE_HASH,
            title=f"Контакты — {brand}",
        )
    )  # fmt: skip
    if number % 4 != 3:
        _contact(conn, company, page, "email", f"info@{domain}", f"https://{domain}/kontakty", seen)
        _contact(conn, company, page, "phone", f"+7843261{number:04d}", "", seen)
    conn.execute(
        company_facts.insert().values(
            company_id=company, kind="years", value="2009", quote="работаем с 2009 года",
            company_page_id=page,
        )
    )  # fmt: skip
    return company


def _hits(conn: Connection, origin: dict[str, str], number: int) -> None:
    """What the search gave around one company."""
    found = {name: origin[name] for name in ("operation_id", "query_id")}
    for place, state in enumerate(("UNIQUE", "DUP_HOST", "DUP_HOST", "EXCLUDED")):
        hit = {"url": f"https://hit-{number}-{place}.ru/", "dedup_status": state}
        conn.execute(serp_results.insert().values(**found, **hit, position=number * 4 + place))


def _contact(
    conn: Connection, company: str, page: str, kind: str, value: str, url: str, seen: Any
) -> None:
    conn.execute(
        contacts.insert().values(
            company_id=company, contact_type=kind, value=value, value_key=value, is_primary=True,
            quality_score=0.9, company_page_id=page, source_url=url, found_in="mailto", **seen,
        )
    )  # fmt: skip


def _oddities(conn: Connection, house: House, kept: list[str]) -> tuple[str, str]:
    """A duplicate, a pair to review, and a company that called itself a script."""
    now = house.clock.now()
    seen = {"first_seen_at": now, "last_seen_at": now}
    duplicate, hostile = new_id(), new_id()
    conn.execute(
        companies.insert().values(
            id=duplicate, name="Вектор (копия)", status="duplicate", duplicate_of=kept[0], **seen
        )
    )
    conn.execute(
        company_merges.insert().values(
            winner_id=kept[0], loser_id=duplicate, reason="canonical", merged_at=now
        )
    )
    conn.execute(
        companies.insert().values(
            id=hostile, name=HOSTILE, canonical_domain="hostile.ru", city=HOSTILE, industry=HOSTILE,
            website_url="javascript:alert(3)", **seen,
        )
    )  # fmt: skip
    a, b = sorted(kept[:2])
    conn.execute(dedup_pairs.insert().values(a=a, b=b, score=0.8))
    return duplicate, hostile


def _letter(conn: Connection, house: House, number: int, company: str) -> str:
    domain = conn.execute(
        sa.select(companies.c.canonical_domain).where(companies.c.id == company)
    ).scalar_one()
    draft = Draft(
        kind="letter",
        to_value=f"info@{domain}",
        subject=STORY_SUBJECT if number == 0 else f"Вопрос о сайте {domain}",
        body="Добрый день!\n\nНа сайте есть строка: «работаем с 2009 года».",
        dedupe_key=f"letter:{company}",
        company_id=company,
    )
    letter = str(house.delivery.put(conn, draft)["id"])
    sent = house.clock.now() - timedelta(days=number % 9, hours=1)
    states = ("sent", "sent", "replied", "bounced", "unsubscribed")
    _set(conn, letter, status=states[number % 5], scheduled_for=sent, sent_at=sent)
    if states[number % 5] == "replied":
        _reply(conn, letter, sent + timedelta(minutes=40), "Спасибо, посмотрим.")
    return letter


def _reply(conn: Connection, letter: str, at: datetime, text: str) -> None:
    conn.execute(
        inbound_mail.insert().values(
            raw_sha256=letter.replace("-", "") * 2, kind="reply", outreach_message_id=letter,
            received_at=at, matched_by="in_reply_to", subject=f"Re: {STORY_SUBJECT}", new_text=text,
        )
    )  # fmt: skip


def _attempt(
    conn: Connection, house: House, letter: str, no: int, state: str, code: int | None, said: str
) -> None:
    at = house.clock.now() - timedelta(hours=2)
    conn.execute(
        deliveries.insert().values(
            outreach_message_id=letter, attempt_no=no, channel="smtp", provider="smtp",
            idempotency_key=new_id(), state=state, reply_code=code, reply_text=said,
            claimed_at=at, finished_at=at + timedelta(minutes=no),
            gates_a=[{"name": "approved", "result": "pass"}],
        )
    )  # fmt: skip


def _tell_story(conn: Connection, house: House, rows: Rows, origin: dict[str, str]) -> None:
    company, letter, hit, now = rows.companies[0], rows.story, new_id(), house.clock.now()
    conn.execute(
        serp_results.insert().values(
            id=hit, operation_id=origin["operation_id"], query_id=origin["query_id"], position=8,
            url_raw="https://www.dent-0.ru/uslugi", url="https://dent-0.ru/uslugi",
            title="«Вектор» — лечение зубов", snippet="Лечение зубов с 2009 года",
            company_id=company, dedup_status="UNIQUE",
        )
    )  # fmt: skip
    evidence: dict[str, Any] = {**origin, "hit_id": hit, "offer": {"key": "demo", "version": 1}}
    evidence["text"] = {"source": "template", "template_version": 1}
    for name, table in (("page_id", company_pages), ("contact_id", contacts)):
        query = sa.select(table.c.id).where(table.c.company_id == company).order_by(table.c.id)
        evidence[name] = conn.execute(query).scalars().first()
    fact = sa.select(company_facts.c.id).where(company_facts.c.company_id == company)
    evidence["fact_ids"] = list(conn.execute(fact).scalars())
    at = now - timedelta(hours=3)
    approved = {"approved_by": "approver:olga", "approved_at": at, "approval_note": "хорошо"}
    approved["approved_hash"] = messages.c.content_hash
    planned = {"lane": "OTHER", "scheduled_for": at, "message_id": "<story@povod.test>"}
    _set(conn, letter, evidence=evidence, status="replied", **planned, **approved)
    _attempt(conn, house, letter, 1, "deferred", 451, "Greylisted, please try again later")
    _attempt(conn, house, letter, 2, "accepted", 250, "2.0.0 OK queued as 000010")
    _reply(conn, letter, now, "Нам актуально, давайте созвонимся.")
