"""The mail servers as real clients see them: aiosmtplib outside, imaplib and imap-tools inside."""

import asyncio
import hashlib
import imaplib
import json
from datetime import date, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib
import pytest
from imap_tools import AND, MailBoxUnencrypted

from povod.sandbox.mail import PASSWORD, USER, start_mail
from povod.sandbox.world.model import Mailbox

SENDER = "anna@mail.povod-demo.ru"


def letter(to: str, number: int = 1, text: str = "Добрый день!") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Анна <{SENDER}>"
    message["To"] = to
    message["Subject"] = "О вашем сайте"
    message["Message-ID"] = f"<{number}.{to}>"
    message.set_content(text)
    return message.as_bytes()


def send(mail, to: str, number: int = 1, raw: bytes | None = None) -> aiosmtplib.SMTPResponse:
    """MAIL, RCPT and DATA one by one, as the outbox does it."""

    async def conversation():
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=mail.smtp_port, start_tls=False, timeout=5
        )
        await client.connect()
        try:
            await client.login(USER, PASSWORD)
            await client.mail(SENDER)
            await client.rcpt(to)
            return await client.data(raw or letter(to, number))
        finally:
            client.close()

    return asyncio.run(conversation())


def planted(world, kind: Mailbox) -> str:
    return next(address for address, found in world.mailboxes.items() if found is kind)


def inbox(mail, criteria: str = "ALL", folder: str = "INBOX"):
    with MailBoxUnencrypted("127.0.0.1", mail.imap_port).login(USER, PASSWORD, folder) as box:
        return list(box.fetch(criteria, mark_seen=False))


def test_a_letter_is_kept_byte_for_byte_and_listed(mail, mail_clock, tmp_path):
    raw = letter("info@firma.ru", text="Строка\n.с точкой в начале\n..и с двумя\n")
    code, words = send(mail, "info@firma.ru", raw=raw)
    assert (code, words) == (250, "2.0.0 OK queued as 000001")
    (row,) = mail.ledger.rows()
    assert row["sha256"] == hashlib.sha256(raw).hexdigest()
    assert row["message_id"] == "<1.info@firma.ru>"
    assert row["rcpt"] == "info@firma.ru"
    assert row["at"] == mail_clock.now().isoformat()
    on_disk = (tmp_path / "mail" / "ledger.jsonl").read_text(encoding="utf-8")
    assert json.loads(on_disk) == row


def test_a_wrong_password_is_refused_by_both_servers(mail):
    async def knock():
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=mail.smtp_port, start_tls=False)
        await client.connect()
        try:
            await client.login(USER, "wrong")
        finally:
            client.close()

    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        asyncio.run(knock())
    assert refused.value.code == 535
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imaplib.IMAP4("127.0.0.1", mail.imap_port).login(USER, "wrong")


def test_a_grey_listed_address_takes_the_third_try(mail, whole_world):
    address = planted(whole_world, Mailbox.DEFER)
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refused:
            send(mail, address)
        assert refused.value.code == 451
    assert send(mail, address).code == 250
    assert len(mail.ledger.rows()) == 1


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (Mailbox.REJECT_UNKNOWN, 550, "5.1.1"),
        (Mailbox.REJECT_FULL, 552, "5.2.2"),
    ],
)
def test_a_recipient_is_rejected_for_good(mail, whole_world, kind, code, words):
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientRefused) as refused:
            send(mail, planted(whole_world, kind))
        assert refused.value.code == code
        assert refused.value.message.startswith(words)
    assert mail.ledger.rows() == []


def test_the_letter_itself_is_deferred_once(mail, whole_world):
    address = planted(whole_world, Mailbox.DEFER_DATA)
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        send(mail, address)
    assert refused.value.code == 451
    assert send(mail, address).code == 250


@pytest.mark.parametrize(
    ("address", "words"),
    [("spam571-a@x.ru", "5.7.1 Message rejected under"), ("nouser571-a@x.ru", "5.7.1 No such")],
)
def test_other_addresses_behave_by_their_first_letters(mail, address, words):
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        send(mail, address)
    assert refused.value.message.startswith(words)


def test_a_lost_reply_leaves_the_letter_in_sent(mail, whole_world):
    address = planted(whole_world, Mailbox.LOSE_REPLY)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        send(mail, address)
    (row,) = mail.ledger.rows()
    assert row["rcpt"] == address
    client = imaplib.IMAP4("127.0.0.1", mail.imap_port)
    client.login(USER, PASSWORD)
    client.select("Sent", readonly=True)
    found = client.uid("SEARCH", "HEADER", "Message-ID", f'"{row["message_id"]}"')
    assert found == ("OK", [b"1"])
    missing = client.uid("SEARCH", "HEADER", "Message-ID", '"<nothing@there>"')
    assert missing == ("OK", [b""])
    client.logout()


def test_a_connection_dropped_at_the_dot_keeps_nothing(mail, whole_world):
    address = planted(whole_world, Mailbox.DROP_DATA)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        send(mail, address)
    assert mail.ledger.rows() == []
    assert send(mail, address).code == 250


def test_faults_come_before_the_planted_manner_and_are_used_up(mail):
    mail.faults.add({"stage": "rcpt", "reply": "421 4.3.2 Shutting down", "rcpt": "@firma.ru"})
    assert send(mail, "info@other.ru").code == 250
    with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
        send(mail, "info@firma.ru")
    assert refused.value.code == 421
    assert send(mail, "info@firma.ru").code == 250


def test_a_bounce_arrives_later_and_names_the_letter(mail, mail_clock, whole_world):
    address = planted(whole_world, Mailbox.BOUNCE)
    send(mail, address)
    assert inbox(mail) == []
    mail_clock.advance(timedelta(minutes=30))
    (report,) = inbox(mail)
    parts = report.obj.get_payload()
    status, original = parts[1], parts[2]
    assert report.obj.get_content_type() == "multipart/report"
    assert status.get_payload()[1]["Final-Recipient"] == f"rfc822; {address}"
    assert status.get_payload()[1]["Status"] == "5.1.1"
    assert f"<1.{address}>" in original.as_string()
    assert report.to == (SENDER,)


def test_people_answer_after_hours(mail, mail_clock, whole_world):
    address = planted(whole_world, Mailbox.REPLY)
    send(mail, address)
    mail_clock.advance(timedelta(hours=7))
    (reply,) = inbox(mail)
    assert reply.from_ == address
    assert reply.obj["In-Reply-To"] == f"<1.{address}>"
    assert reply.subject == "Re: О вашем сайте"
    assert "Добрый день!" in reply.text


def test_uids_go_on_and_the_folder_is_read_by_range(mail, mail_clock):
    send(mail, "reply-a@x.ru")
    mail_clock.advance(timedelta(hours=7))
    with MailBoxUnencrypted("127.0.0.1", mail.imap_port).login(USER, PASSWORD) as box:
        assert [item.uid for item in box.fetch(AND(uid="1:*"), mark_seen=False)] == ["1"]
        status = box.folder.status("INBOX")
        assert (status["MESSAGES"], status["UIDNEXT"]) == (1, 2)
        send(mail, "stop-b@x.ru")
        mail_clock.advance(timedelta(hours=7))
        later = list(box.fetch(AND(uid="2:*"), mark_seen=False, headers_only=True))
        assert [item.uid for item in later] == ["2"]
        assert later[0].from_ == "stop-b@x.ru"


def test_searches_by_day_and_folders_are_listed(mail, mail_clock):
    send(mail, "ooo-a@x.ru")
    mail_clock.advance(timedelta(minutes=5))
    today = mail_clock.now().date()
    assert len(inbox(mail, AND(date_gte=today))) == 1
    assert inbox(mail, AND(date_gte=today + timedelta(days=1))) == []
    assert len(inbox(mail, AND(date_lt=date(2027, 1, 1), from_="ooo-a@x.ru"))) == 1
    with MailBoxUnencrypted("127.0.0.1", mail.imap_port).login(USER, PASSWORD) as box:
        assert [(item.name, item.flags[-1]) for item in box.folder.list()] == [
            ("INBOX", "\\HasNoChildren"),
            ("Sent", "\\Sent"),
        ]


def test_a_part_of_a_message_can_be_fetched(mail):
    send(mail, "info@x.ru")
    client = imaplib.IMAP4("127.0.0.1", mail.imap_port)
    client.login(USER, PASSWORD)
    client.select("Sent", readonly=True)
    items = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.20>)"
    _, ((head, body), _) = client.uid("FETCH", "1:*", items)
    assert body == letter("info@x.ru")[:20]
    assert b'INTERNALDATE "21-Nov-2026 12:00:00 +0000"' in head
    assert b"RFC822.SIZE %d" % len(letter("info@x.ru")) in head
    client.logout()


def test_the_server_says_no_to_what_it_does_not_do(mail):
    client = imaplib.IMAP4("127.0.0.1", mail.imap_port)
    assert client.capability()[1][0].startswith(b"IMAP4rev1")
    client.login(USER, PASSWORD)
    assert client.select("Nowhere")[0] == "NO"
    client.select()
    with pytest.raises(imaplib.IMAP4.error, match="STORE is not known"):
        client.store("1", "+FLAGS", "\\Seen")
    with pytest.raises(imaplib.IMAP4.error, match="Unknown search key"):
        client.search(None, "MOON")
    client.logout()


def test_a_restarted_server_has_the_same_mail_under_the_same_numbers(
    background, mail, mail_clock, whole_world, tmp_path
):
    for number, address in enumerate(["reply-a@x.ru", "dsn-soft-b@x.ru", "ooo-c@x.ru"]):
        send(mail, address, number)
    mail_clock.advance(timedelta(days=2))
    before = [(item.uid, item.obj["Message-ID"]) for item in inbox(mail)]
    again = background.call(start_mail(whole_world, mail_clock, tmp_path))
    assert [(item.uid, item.obj["Message-ID"]) for item in inbox(again)] == before
    assert len(before) == 4
    assert again.ledger.rows() == mail.ledger.rows()
    assert again.account.uidvalidity == mail.account.uidvalidity
    background.call(again.close())
