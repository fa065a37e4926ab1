"""Mailboxes: from the environment into the table, and what is wrong with them (D56, D57)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from povod.delivery.addresses import why_invalid
from povod.kit.ids import new_id
from povod.kit.settings import Settings
from povod.store.tables import mailboxes

Mailbox = Mapping[str, Any]
"""A row of `mailboxes`."""

BROKEN = "settings: "
"""How the reason of a mailbox begins whose settings cannot be used."""

_SENDER_OF_FILES = "povod@localhost"
BACK_OFF_MINUTES = (1, 2, 5, 15, 30)


@dataclass(frozen=True)
class Problem:
    """A mailbox that cannot be used, and the variable to look at."""

    mailbox: str
    variable: str
    text: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.text} (mailbox {self.mailbox})"


def is_loopback(host: str) -> bool:
    """True for this machine: the only place a letter may go to without TLS."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def from_settings(settings: Settings) -> list[tuple[dict[str, Any], list[Problem]]]:
    """The mailboxes that the environment describes, each with what is wrong with it."""
    found = [_file_box(settings)]
    if settings.smtp_host:
        found.append(_smtp_box(settings))
    if settings.gmail_user:
        found.append(_provider_box(settings, "gmail"))
    if settings.yandex_user:
        found.append(_provider_box(settings, "yandex"))
    return [(box, _problems(box)) for box in found]


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "daily_cap": settings.mailbox_daily_cap,
        "warmup": settings.mailbox_warmup,
        "min_spacing_s": settings.send_delay_min_seconds,
        "max_spacing_s": max(settings.send_delay_min_seconds, settings.send_delay_max_seconds),
        "zone": settings.app_timezone,
        "source": "env",
    }


def _file_box(settings: Settings) -> dict[str, Any]:
    """The sender of the file channel: no pauses, for nothing leaves the host."""
    return {
        **_common(settings),
        "name": "file",
        "provider": "file",
        "from_email": settings.smtp_from_email or _SENDER_OF_FILES,
        "from_name": settings.smtp_from_name,
        "warmup": False,
        "limit_24h": 0,
        "min_spacing_s": 0.0,
        "max_spacing_s": 0.0,
    }


def _smtp_box(settings: Settings) -> dict[str, Any]:
    security = "ssl" if settings.smtp_ssl else "starttls" if settings.smtp_starttls else "none"
    return {
        **_common(settings),
        "name": "default",
        "provider": "smtp",
        "from_email": settings.smtp_from_email,
        "from_name": settings.smtp_from_name,
        "host": settings.smtp_host,
        "port": settings.smtp_port,
        "security": security,
        "username": settings.smtp_username,
        "secret_ref": "env:SMTP_PASSWORD" if settings.smtp_password else "",
        "auth": "password" if settings.smtp_username else "none",
        "imap_host": settings.smtp_imap_host,
        "imap_port": settings.smtp_imap_port,
        "imap_security": settings.smtp_imap_security,
    }


def _provider_box(settings: Settings, name: str) -> dict[str, Any]:
    def value(suffix: str) -> Any:
        return getattr(settings, f"{name}_{suffix}")

    from_name, address = parseaddr(value("from"))
    security = "ssl" if value("smtp_ssl") else "starttls" if value("smtp_tls") else "none"
    return {
        **_common(settings),
        "name": name,
        "provider": name,
        "from_email": address or value("user"),
        "from_name": from_name,
        "host": value("smtp_host"),
        "port": value("smtp_port"),
        "security": security,
        "username": value("user"),
        "secret_ref": f"env:{name.upper()}_PASS" if value("pass") else "",
        "auth": "password",
        "imap_host": value("imap_host"),
        "imap_port": value("imap_port"),
        "imap_folder_sent": "[Gmail]/Sent Mail" if name == "gmail" else "Sent",
    }


def _problems(box: Mapping[str, Any]) -> list[Problem]:
    name = box["name"]
    prefix = "SMTP" if name in ("default", "file") else name.upper()
    sender = "SMTP_FROM_EMAIL" if prefix == "SMTP" else f"{prefix}_FROM"
    found = []

    def report(variable: str, text: str) -> None:
        found.append(Problem(name, variable, text))

    if name != "file" and why_invalid(box["from_email"]):
        report(sender, "expects the sender's address, for example anna@firma.ru")
    if "@" in box["from_name"]:
        name_variable = "SMTP_FROM_NAME" if prefix == "SMTP" else sender
        report(name_variable, 'the name of a sender must not hold "@"')
    if box.get("auth") == "password" and not box["secret_ref"]:
        report("SMTP_PASSWORD" if prefix == "SMTP" else f"{prefix}_PASS", "a user needs a password")
    if box.get("security") == "none" and not is_loopback(box["host"]):
        switch = "SMTP_STARTTLS" if prefix == "SMTP" else f"{prefix}_SMTP_TLS"
        report(switch, "without TLS mail may go to this machine only; set it to true")
    if (
        box.get("imap_host")
        and box.get("imap_security") == "none"
        and not is_loopback(box["imap_host"])
    ):
        report("SMTP_IMAP_SECURITY", "none is for this machine only; use ssl")
    return found


def upsert_from_settings(conn: Connection, settings: Settings) -> list[Problem]:
    """Bring the table up to date with the environment; what cannot be used, with its variable."""
    problems = []
    for box, wrong in from_settings(settings):
        problems += wrong
        query = sa.select(mailboxes).where(mailboxes.c.name == box["name"])
        row = conn.execute(query.with_for_update()).mappings().first()
        state = _state(row, wrong)
        if row is None:
            conn.execute(mailboxes.insert().values(id=new_id(), **box, **state))
        else:
            same = mailboxes.c.id == row["id"]
            conn.execute(mailboxes.update().where(same).values(**box, **state))
    return problems


def _state(row: RowMapping | None, wrong: list[Problem]) -> dict[str, str]:
    if wrong:
        return {"status": "disabled", "pause_reason": BROKEN + "; ".join(map(str, wrong))}
    if row and row["status"] == "disabled" and row["pause_reason"].startswith(BROKEN):
        return {"status": "active", "pause_reason": ""}
    return {}


def active(conn: Connection, now: datetime) -> list[Mailbox]:
    """Mailboxes that may send now, those whose pause is over included; ordered by name."""
    paused_over = sa.and_(mailboxes.c.status == "paused", mailboxes.c.paused_until <= now)
    query = sa.select(mailboxes).where(sa.or_(mailboxes.c.status == "active", paused_over))
    return [dict(row) for row in conn.execute(query.order_by(mailboxes.c.name)).mappings()]


def by_id(conn: Connection, mailbox_id: str, *, lock: bool = False) -> Mailbox:
    """The row of a mailbox."""
    query = sa.select(mailboxes).where(mailboxes.c.id == mailbox_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().one()
    return dict(row)


def summed_cap(conn: Connection, settings: Settings) -> int:
    """How many messages the mailboxes in use take a day; 0 when there is none yet."""
    is_file = mailboxes.c.provider == "file"
    used = ~is_file if settings.send_mode == "smtp" else is_file
    query = sa.select(sa.func.sum(mailboxes.c.daily_cap))
    return int(conn.execute(query.where(used, mailboxes.c.status == "active")).scalar() or 0)


def can_send(mailbox: Mailbox, now: datetime) -> bool:
    """False while a person, the settings or a server's verdict keep it from sending."""
    if mailbox["status"] == "paused":
        return mailbox["paused_until"] is not None and mailbox["paused_until"] <= now
    return bool(mailbox["status"] == "active")


def change(conn: Connection, mailbox_id: str, **values: Any) -> None:
    """Set columns of a mailbox."""
    conn.execute(mailboxes.update().where(mailboxes.c.id == mailbox_id).values(**values))


def note_success(conn: Connection, mailbox: Mailbox, now: datetime) -> None:
    """A server took a letter: streaks end, and so does a pause, unless a person ordered it."""
    values: dict[str, Any] = {"last_ok_at": now, "fail_streak": 0, "last_error": ""}
    if mailbox["status"] == "paused" and mailbox["paused_until"] is not None:
        values |= {"status": "active", "pause_reason": "", "paused_until": None}
    change(conn, mailbox["id"], **values)


def back_off(conn: Connection, mailbox: Mailbox, now: datetime, error: str) -> None:
    """The server could not be reached: try again in 1, 2, 5, 15, 30 minutes (D29)."""
    streak = int(mailbox["fail_streak"]) + 1
    minutes = BACK_OFF_MINUTES[min(streak, len(BACK_OFF_MINUTES)) - 1]
    until = now + timedelta(minutes=minutes)
    change(conn, mailbox["id"], fail_streak=streak, next_send_at=until, last_error=error[:300])


def pause(conn: Connection, mailbox_id: str, until: datetime, reason: str) -> None:
    """No sending through this mailbox until then; what stops it without an end stays."""
    ends = (mailboxes.c.status == "paused") & mailboxes.c.paused_until.is_not(None)
    sends = sa.or_(mailboxes.c.status == "active", ends)
    rests = mailboxes.update().where(mailboxes.c.id == mailbox_id, sends)
    conn.execute(rests.values(status="paused", paused_until=until, pause_reason=reason))


def secret_of(settings: Settings, mailbox: Mailbox) -> str:
    """The password behind `secret_ref`, empty when there is none (`env:NAME`)."""
    kind, _, name = mailbox["secret_ref"].partition(":")
    value = getattr(settings, name.lower(), None) if kind == "env" else None
    text = value.get_secret_value() if value is not None else ""
    # App passwords are shown in groups of four; the blanks are no part of them.
    return text.replace(" ", "") if mailbox["provider"] == "gmail" else text
