"""Mail that comes back: through files and through a real IMAP server."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from delivery_house import House, settings_for

from povod.delivery import mailboxes
from povod.delivery.tokens import bounce_token, unsubscribe_token
from povod.kit.clock import FixedClock
from povod.sandbox.mail.servers import PASSWORD, MailServers, start_mail
from povod.sandbox.world.build import build_world
from povod.store.db import Database
from povod.store.tables import feedback, inbound_mail, opt_out_registry


@pytest.fixture
def sent(house: House) -> tuple[House, str]:
    """A house with one letter that was accepted."""
    message_id = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    return house, message_id


def dsn(
    message_id: str, to: str, status: str = "5.1.1", text: str = "550 5.1.1 User unknown",
    action: str = "failed", headers_only: bool = False,
) -> bytes:  # fmt: skip
    original = f"From: anna@sender.ru\r\nTo: {to}\r\nMessage-ID: {message_id}\r\nSubject: x\r\n"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    lines = [
        "From: MAILER-DAEMON@mx.firma.ru",
        "To: anna@sender.ru",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "Sorry.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.firma.ru",
        "",
        f"Final-Recipient: rfc822; {to}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {text}",
        "",
        "--b",
        f"Content-Type: {kind}",
        "",
        original,
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def answer(message_id: str, text: str, sender: str = "ok-info@firma.ru", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "anna@sender.ru"
    mail["Subject"] = headers.pop("subject", "Re: Вопрос")
    mail["In-Reply-To"] = message_id
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_hard_bounce_suppresses_the_address(sent: tuple[House, str], headers_only: bool) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]

    result = house.delivery.take_mail(dsn(wire_id, "ok-info@firma.ru", headers_only=headers_only))

    message = house.message(message_id)
    assert result.kind == "bounce"
    assert (message["status"], message["delivery_status"]) == ("bounced", "bounced_hard")
    assert house.count(opt_out_registry) == 1


def test_the_same_mail_twice_changes_nothing(sent: tuple[House, str]) -> None:
    house, message_id = sent
    raw = dsn(house.message(message_id)["message_id"], "ok-info@firma.ru")
    house.delivery.take_mail(raw)
    before = house.message(message_id)

    assert not house.delivery.take_mail(raw).is_new
    assert house.message(message_id) == before
    assert house.count(inbound_mail) == 1


@pytest.mark.parametrize(
    ("status", "text", "finer", "suppressed", "review", "box"),
    [
        ("5.2.2", "552 5.2.2 Mailbox full", "bounced_soft", 0, "none", "active"),
        ("4.4.7", "delivery time expired", "bounced_soft", 0, "none", "active"),
        ("5.7.1", "550 5.7.1 No such user!", "bounced_hard", 1, "none", "active"),
        ("5.7.1", "550 5.7.1 rejected as SPAM", "bounced_soft", 0, "none", "paused"),
        ("5.6.7", "SMTPUTF8 is required", "bounced_soft", 0, "open", "active"),
        ("5.4.4", "Host not found", "bounced_soft", 0, "none", "active"),
    ],
)
def test_kinds_of_bounces(
    sent: tuple[House, str],
    status: str,
    text: str,
    finer: str,
    suppressed: int,
    review: str,
    box: str,
) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]

    result = house.delivery.take_mail(dsn(wire_id, "ok-info@firma.ru", status, text))

    assert house.message(message_id)["delivery_status"] == finer
    assert house.count(opt_out_registry) == suppressed
    assert (result.review, house.mailbox()["status"]) == (review, box)


def test_an_unclear_bounce_waits_for_a_person(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    result = house.delivery.take_mail(dsn(wire_id, "ok-info@firma.ru", "5.0.0", "failed"))
    assert result.review == "open"
    assert house.message(message_id)["status"] == "sent"


@pytest.mark.parametrize(("action", "finer"), [("delayed", "delayed"), ("delivered", "delivered")])
def test_delays_and_receipts_only_add_a_fact(
    sent: tuple[House, str], action: str, finer: str
) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    house.delivery.take_mail(dsn(wire_id, "ok-info@firma.ru", "4.4.1", "later", action))
    message = house.message(message_id)
    assert (message["status"], message["delivery_status"]) == ("sent", finer)


def test_a_report_about_somebody_else_is_not_believed(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    forged = [dsn(wire_id, "other@firma.ru"), dsn("<guess@sender.ru>", "ok-info@firma.ru")]

    results = [house.delivery.take_mail(raw) for raw in forged]

    assert [(r.kind, r.review) for r in results] == [("unmatched", "open")] * 2
    assert house.message(message_id)["status"] == "sent"
    assert house.count(opt_out_registry) == 0


def test_a_reply_is_kept_without_the_quote(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    quote = "\n\nпт, 20 нояб. 2026 г. в 12:30, Анна <anna@sender.ru>:\n\n> ответьте STOP."

    house.delivery.take_mail(answer(wire_id, "Спасибо, перезвоните" + quote))

    assert house.message(message_id)["status"] == "replied"
    assert house.count(feedback, feedback.c.note == "Спасибо, перезвоните") == 1
    assert house.count(opt_out_registry) == 0


def test_a_bounce_after_a_reply_hides_nothing(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    house.delivery.take_mail(answer(wire_id, "Добрый день!"))
    house.delivery.take_mail(dsn(wire_id, "ok-info@firma.ru"))
    assert house.message(message_id)["status"] == "replied"


def test_stop_suppresses_the_mailed_address_and_the_writers(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]

    house.delivery.take_mail(answer(wire_id, "Стоп!", "Boss <boss@firma.ru>"))

    assert house.message(message_id)["status"] == "unsubscribed"
    assert house.count(opt_out_registry) == 2


def test_a_long_refusal_asks_a_person(sent: tuple[House, str]) -> None:
    house, message_id = sent
    text = "Добрый день. " * 20 + "Больше не присылайте такое нашим партнёрам."
    wire_id = house.message(message_id)["message_id"]
    assert house.delivery.take_mail(answer(wire_id, text)).review == "open"
    assert house.count(opt_out_registry) == 0


def test_an_automatic_answer_changes_no_status(sent: tuple[House, str]) -> None:
    house, message_id = sent
    wire_id = house.message(message_id)["message_id"]
    house.delivery.take_mail(answer(wire_id, "Я в отпуске", subject="Автоответ: Вопрос"))
    message = house.message(message_id)
    assert (message["status"], message["delivery_status"]) == ("sent", "auto_replied")


def test_unsubscribing_by_mail_cancels_what_waits(sent: tuple[House, str]) -> None:
    house, message_id = sent
    waiting = house.scheduled("ok-info@firma.ru", dedupe_key="later")
    token = unsubscribe_token(house.delivery.office.keys, message_id)

    result = house.delivery.take_mail(
        answer("<none@x>", "", "somebody@else.ru", subject=f"unsubscribe {token}")
    )

    assert result.kind == "unsubscribe"
    assert house.message(message_id)["status"] == "unsubscribed"
    assert house.message(waiting)["status"] == "cancelled"


@pytest.mark.parametrize("what", ["reply", "bounce"])
def test_news_of_an_uncertain_letter_prove_it_was_accepted(house: House, what: str) -> None:
    message_id = house.scheduled("lost250-a@firma.ru")
    house.delivery.send_due()
    wire_id = house.message(message_id)["message_id"]
    raw = answer(wire_id, "Да") if what == "reply" else dsn(wire_id, "lost250-a@firma.ru")

    house.delivery.take_mail(raw)

    assert house.message(message_id)["status"] == {"reply": "replied", "bounce": "bounced"}[what]
    assert house.attempts(message_id)[0]["state"] == "accepted"


def test_an_envelope_token_is_enough_to_match(house: House) -> None:
    with house.db.tx() as conn:
        mailboxes.change(conn, house.mailbox()["id"], envelope_mode="plus")
    message_id = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    (attempt,) = house.attempts(message_id)
    token = bounce_token(house.delivery.office.keys, attempt["id"])
    assert attempt["envelope_from"] == f"anna+{token}@sender.ru"

    raw = dsn("<lost@x>", "ok-info@firma.ru").replace(
        b"anna@sender.ru", f"anna+{token}@sender.ru".encode()
    )
    assert house.delivery.take_mail(raw).kind == "bounce"
    assert house.message(message_id)["status"] == "bounced"


def test_three_soft_bounces_of_two_letters_rest_for_90_days(house: House) -> None:
    for number in range(3):
        message_id = house.scheduled(
            "full-a@firma.ru", kind="greeting", purpose="greeting", dedupe_key=f"greeting:{number}"
        )
        house.delivery.send_due()
        with house.db.tx() as conn:
            house.delivery.cancel(conn, message_id)
        house.clock.advance(timedelta(days=1))

    with house.db.read() as conn:
        (row,) = conn.execute(opt_out_registry.select()).mappings().all()
    assert (row["reason"], row["expires_at"] - row["registered_at"]) == (
        "soft_bounces", timedelta(days=90),
    )  # fmt: skip


class MailWorld:
    """The sandbox's SMTP and IMAP in a thread."""

    def __init__(self, clock: FixedClock, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.world = build_world(7, 60)
        started = start_mail(self.world, clock, folder)
        self.servers: MailServers = asyncio.run_coroutine_threadsafe(started, self.loop).result(20)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.servers.close(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture
def mail_world(clock: FixedClock, tmp_path: Path) -> Iterator[MailWorld]:
    world = MailWorld(clock, tmp_path / "world")
    yield world
    world.stop()


PEOPLE = {
    "ok-a@one.ru": "sent",
    "dsn-hard-a@two.ru": "bounced",
    "dsn-soft-a@three.ru": "bounced",
    "reply-a@four.ru": "replied",
    "reply-b@five.ru": "replied",
    "stop-a@six.ru": "unsubscribed",
    "ooo-a@seven.ru": "sent",
    "lost250-a@eight.ru": "uncertain",
}


def test_a_round_through_the_sandbox(
    db: Database, clock: FixedClock, tmp_path: Path, mail_world: MailWorld
) -> None:
    servers = mail_world.servers
    given = {
        "smtp_username": "anna@mail.povod-demo.ru",
        "smtp_password": PASSWORD,
        "smtp_from_email": "anna@mail.povod-demo.ru",
        "smtp_imap_host": "127.0.0.1",
        "smtp_imap_port": servers.imap_port,
    }
    house = House.build(db, clock, settings_for(tmp_path, servers.smtp_port, **given))
    ids = {address: house.scheduled(address) for address in PEOPLE}

    house.delivery.send_due()
    clock.advance(timedelta(minutes=2))
    doubt = house.message(ids["lost250-a@eight.ru"])["status"]
    resolved = house.delivery.resolve_uncertain()
    clock.advance(timedelta(days=3))
    first = house.delivery.read_inbox()

    assert house.delivery.read_inbox() == {}
    assert sum(first.values()) == house.count(inbound_mail) > 0
    assert first.get("unmatched", 0) == 0
    assert (doubt, resolved) == ("uncertain", {"searched": 1, "found": 1})
    statuses = {address: house.message(ids[address])["status"] for address in PEOPLE}
    assert statuses == {**PEOPLE, "lost250-a@eight.ru": "sent"}
    assert house.message(ids["ooo-a@seven.ru"])["delivery_status"] == "auto_replied"
    assert house.count(opt_out_registry) == 2
    assert house.attempts(ids["lost250-a@eight.ru"])[0]["resolution"]["evidence"] == "imap_sent"


def test_an_unreadable_mailbox_is_reported_and_shown(
    db: Database, clock: FixedClock, tmp_path: Path
) -> None:
    given = {"smtp_imap_host": "127.0.0.1", "smtp_imap_port": 1}
    house = House.build(db, clock, settings_for(tmp_path, 25, **given))

    assert house.delivery.read_inbox() == {"unreadable": 1}
    assert "127.0.0.1:1" in house.mailbox()["last_error"]
