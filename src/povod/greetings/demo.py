"""Invented clients for the demo, and the way back (G151, G152).

Everything here has `is_demo`; no real client is read, counted or changed.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.states import Actor
from povod.greetings.parts import Parts
from povod.greetings.withdraw import withdraw
from povod.kit.errors import ConfigurationError, ConflictError, InputError
from povod.store import audit
from povod.store.bulk import among
from povod.store.tables import (
    clients,
    consents,
    deliveries,
    events,
    feedback,
    files,
    greetings,
    outreach_messages,
)
from povod.store.upsert import upsert

DOMAIN = "klienty.sandbox.ru"
RESET_WORD = "СБРОСИТЬ"
_DAYS = {"today": 0, "soon": 3, "week": 7, "late": 40, "later": 120}
_BUILDER, _IT = "41.20", "62.01"
Person = dict[str, Any]


def people(today: date) -> list[Person]:
    """The demo's clients; birthdays stand relative to `today`."""
    rows: list[Person] = [
        _one("anna", "Анна", "Сергеевна", "Орлова", "f", "vip", "week", "Генеральный директор"),
        _one(
            "pavel", "Павел", "Игоревич", "Громов", "m", "loyal", "today", "Коммерческий директор"
        ),
        _one(
            "elena", "Елена", "Викторовна", "Белова", "f", "standard", "soon", "Главный бухгалтер"
        ),
        _one("timur", "Тимур", "Маратович", "Сафин", "m", "new", "later", "Прораб"),
        _one("olga", "Ольга", "", "Крылова", "f", "standard", "late", "Маркетолог"),
        _one("john", "John", "", "Smith", "m", "loyal", "soon", "Director", language="en"),
        _one("sasha", "Саша", "", "Ким", None, "standard", "later", "Дизайнер"),
        _one("geydar", "Гейдар", "Алирза оглы", "Мамедов", "m", "standard", "late", "Закупщик"),
        _one("leap", "Вера", "Петровна", "Зимина", "f", "standard", "leap", "Юрист"),
    ]
    rows[2]["okved"], rows[3]["okved"], rows[4]["okved"] = "69.20", _BUILDER, "73.11"
    rows.append(_group("stroy", "ООО «Новый берег»", _BUILDER))
    rows.append(_group("soft", "ООО «Кодовая мастерская»", _IT))
    refusing = _one("boris", "Борис", "Львович", "Нежин", "m", "standard", "today", "Инженер")
    rows.append({**refusing, "do_not_greet": True, "do_not_greet_reason": "asked"})
    return [_dated(row, today) for row in rows]


def _one(
    name: str,
    first: str,
    middle: str,
    last: str,
    gender: str | None,
    segment: str,
    birthday: str,
    position: str,
    language: str = "ru",
) -> Person:
    return {
        "external_id": f"demo-{name}",
        "first_name": first,
        "middle_name": middle,
        "last_name": last,
        "gender": gender,
        "gender_source": "given" if gender else "",
        "segment": segment,
        "birthday": birthday,
        "position": position,
        "language": language,
        "email": f"{name}@{DOMAIN}",
    }


def _group(name: str, company: str, okved: str) -> Person:
    return {
        "external_id": f"demo-{name}",
        "company_name": company,
        "okved": okved,
        "email": f"office-{name}@{DOMAIN}",
    }


def _dated(row: Person, today: date) -> Person:
    """A row of `clients`; a birthday on 29 February moves by a day, except the one meant so."""
    empty = dict.fromkeys(("first_name", "middle_name", "last_name", "company_name"), "")
    birthday = row.pop("birthday", "")
    day = (2, 29) if birthday == "leap" else None
    if birthday in _DAYS:
        on = today + timedelta(days=_DAYS[birthday])
        on = on if (on.month, on.day) != (2, 29) else on + timedelta(days=1)
        day = (on.month, on.day)
    usual = {
        "gender": None, "gender_source": "", "segment": "standard", "position": "", "okved": "",
        "language": "ru", "do_not_greet": False, "do_not_greet_reason": "",
    }  # fmt: skip
    birth = {"birth_month": day[0] if day else None, "birth_day": day[1] if day else None}
    return {
        **empty, **usual, **row, **birth,
        "email_key": row["email"], "source": "demo", "is_demo": True, "country": "RU",
        "time_zone": "Europe/Moscow", "preferred_channel": "email", "deleted_at": None,
    }  # fmt: skip


def seed(parts: Parts, actor: Actor) -> dict[str, int]:
    """Add the demo's clients with their consents; the second time nothing is added."""
    _allowed(parts)
    rows = people(parts.today())
    with parts.db.tx() as conn:
        before = _demo_count(conn)
        named = sa.text("external_id IS NOT NULL")
        changed = [
            name for name in rows[0] if name not in ("source", "external_id", "do_not_greet")
        ]
        upsert(conn, clients, rows, ["source", "external_id"], changed, where=named)
        _consent(parts, conn, rows)
        added = _demo_count(conn) - before
        audit.append(conn, str(actor), "demo.seed", "clients", {"added": added})
    return {"clients": len(rows), "added": added}


def _consent(parts: Parts, conn: Connection, rows: Sequence[Person]) -> None:
    names = [row["external_id"] for row in rows]
    found = sa.select(clients.c.id, clients.c.email).where(
        clients.c.source == "demo", clients.c.external_id.in_(names)
    )
    now, keys = parts.clock.now(), parts.delivery.office.keys
    given = [
        {
            "client_id": row.id,
            "value_hash": keys.value_hash("email", row.email),
            "channel": "email",
            "purpose": "greeting",
            "basis": "existing_client",
            "source": "demo",
            "evidence_url": "",
            "obtained_at": now,
            "obtained_by": "demo",
        }
        for row in conn.execute(found)
    ]
    key = ["value_hash", "channel", "purpose", "basis", "evidence_url"]
    upsert(conn, consents, given, key, ["client_id"])


def _demo_count(conn: Connection) -> int:
    query = sa.select(sa.func.count()).select_from(clients).where(clients.c.is_demo)
    return int(conn.execute(query).scalar_one())


def _allowed(parts: Parts) -> None:
    if parts.settings.app_env == "production":
        raise ConfigurationError("APP_ENV=production: demo data is refused; use APP_ENV=demo")


def clear(parts: Parts, actor: Actor) -> dict[str, int]:
    """Remove the demo's clients with all that belongs to them, and nothing else."""
    _allowed(parts)
    with parts.db.tx() as conn:
        ids = list(conn.execute(sa.select(clients.c.id).where(clients.c.is_demo)).scalars())
        if not ids:
            return {"clients": 0}
        sent = among(conn, outreach_messages.c.client_id, ids)
        if conn.execute(
            sa.select(outreach_messages.c.id).where(sent, outreach_messages.c.status == "sending")
        ).first():
            raise ConflictError("a worker has a demo message in its hands; try again in a minute")
        pictures = list(
            conn.execute(
                sa.select(greetings.c.card_file_id)
                .where(among(conn, greetings.c.client_id, ids))
                .where(greetings.c.card_file_id.is_not(None))
            ).scalars()
        )
        counts = _delete_rows(conn, ids)
        _delete_pictures(conn, pictures)
        audit.append(conn, str(actor), "demo.clear", "clients", {"clients": len(ids)})
    return {**counts, "clients": len(ids)}


def _delete_rows(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    message_ids = sa.select(outreach_messages.c.id).where(
        among(conn, outreach_messages.c.client_id, ids)
    )
    drafts = sa.select(greetings.c.id).where(among(conn, greetings.c.client_id, ids))
    conn.execute(feedback.delete().where(feedback.c.greeting_id.in_(drafts)))
    counts = {}
    gone = greetings.delete().where(among(conn, greetings.c.client_id, ids))
    counts["greetings"] = conn.execute(gone).rowcount
    unlinked = events.update().where(among(conn, events.c.client_id, ids))
    conn.execute(unlinked.values(superseded_by=None))
    gone = events.delete().where(among(conn, events.c.client_id, ids))
    counts["events"] = conn.execute(gone).rowcount
    conn.execute(deliveries.delete().where(deliveries.c.outreach_message_id.in_(message_ids)))
    gone = outreach_messages.delete().where(among(conn, outreach_messages.c.client_id, ids))
    counts["messages"] = conn.execute(gone).rowcount
    conn.execute(consents.delete().where(among(conn, consents.c.client_id, ids)))
    conn.execute(clients.delete().where(among(conn, clients.c.id, ids)))
    return counts


def _delete_pictures(conn: Connection, pictures: Sequence[str]) -> None:
    """Cards that no other greeting shows."""
    used = set(
        conn.execute(
            sa.select(greetings.c.card_file_id).where(
                among(conn, greetings.c.card_file_id, sorted(set(pictures)))
            )
        ).scalars()
    )
    lonely = sorted(set(pictures) - used)
    if lonely:
        conn.execute(files.delete().where(among(conn, files.c.id, lonely)))


def reset(parts: Parts, actor: Actor, *, everyone: bool = False, word: str = "") -> dict[str, int]:
    """Forget unsent drafts and planned events; what was sent stays, with its keys (G152).

    So nobody can be greeted twice on one occasion by a reset.
    """
    if actor.role != "admin":
        raise ConflictError("only an admin may reset the state of runs")
    if word.strip().upper() != RESET_WORD:
        raise InputError(f"type {RESET_WORD} to reset the state of runs")
    with parts.db.tx() as conn:
        query = (
            sa.select(events.c.id)
            .join(clients, clients.c.id == events.c.client_id)
            .where(events.c.status != "closed")
            .order_by(events.c.id)
        )
        if not everyone:
            query = query.where(clients.c.is_demo)
        counts = {"events": 0, "greetings": 0, "kept": 0}
        for event_id in list(conn.execute(query).scalars()):
            _forget(parts, conn, event_id, counts)
        audit.append(conn, str(actor), "greetings.reset", "all" if everyone else "demo", counts)
    return counts


def _forget(parts: Parts, conn: Connection, event_id: str, counts: dict[str, int]) -> None:
    """One event with its draft; one whose message was put into the outbox only ends."""
    draft = conn.execute(
        sa.select(greetings.c.id, greetings.c.message_id).where(greetings.c.event_id == event_id)
    ).first()
    mine = events.c.id == event_id
    if draft is not None and draft.message_id is not None:
        counts["kept"] += 1
        if withdraw(parts, conn, event_id, "reset"):
            open_event = mine & events.c.status.in_(["planned", "composed"])
            conn.execute(
                events.update().where(open_event).values(status="cancelled", reason="reset")
            )
        return
    conn.execute(
        events.update().where(events.c.superseded_by == event_id).values(superseded_by=None)
    )
    if draft is not None:
        conn.execute(feedback.delete().where(feedback.c.greeting_id == draft.id))
        counts["greetings"] += conn.execute(
            greetings.delete().where(greetings.c.id == draft.id)
        ).rowcount
    counts["events"] += conn.execute(events.delete().where(mine)).rowcount
