"""Delivery reports: own-made mails in the forms of the usual servers (D85)."""

import base64
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from povod.delivery.inbox import classify_bounce, classify_bounces

WHO = "ivan@firma.ru"


def report(
    *recipients: dict[str, str], human: str = "", encoding: str = "", kind: str = "delivery-status",
    returned: bool = True,
) -> bytes:  # fmt: skip
    """A multipart/report with one group of fields per recipient."""
    groups = ["Reporting-MTA: dns; mx.firma.ru"]
    groups += ["\n".join(f"{name}: {value}" for name, value in r.items()) for r in recipients]
    status = "\n\n".join(groups) + "\n"
    transfer = ""
    if encoding == "base64":
        status = base64.encodebytes(status.encode()).decode()
        transfer = "Content-Transfer-Encoding: base64\n"
    original = (
        "--b\nContent-Type: message/rfc822\n\nMessage-ID: <a@b.ru>\nSubject: spam?\n\nТекст\n"
    )
    text = (
        "From: MAILER-DAEMON@mx.firma.ru\nTo: anna@sender.ru\nSubject: Undeliverable\n"
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{human}\n"
        f"--b\nContent-Type: message/{kind}\n{transfer}\n{status}"
        f"{original if returned else ''}--b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def fields(
    status: str = "", text: str = "", action: str = "failed", who: str = WHO
) -> dict[str, str]:
    made = {"Final-Recipient": f"rfc822; {who}", "Action": action}
    if status:
        made["Status"] = status
    return made | ({"Diagnostic-Code": f"smtp; {text}"} if text else {})


@pytest.mark.parametrize(
    ("status", "text", "found", "hard", "reason"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "5.1.1", True, "unknown_user"),
        ("5.1.1", "", "5.1.1", True, "unknown_user"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "5.1.10", True, "unknown_user"),
        ("5.1.2", "Bad destination system address", "5.1.2", True, "unknown_user"),
        ("5.1.3", "", "5.1.3", True, "unknown_user"),
        ("5.1.6", "moved", "5.1.6", True, "unknown_user"),
        ("5.2.1", "mailbox disabled", "5.2.1", True, "unknown_user"),
        ("5.7.1", "550 5.7.1 No such user!", "5.7.1", True, "unknown_user"),
        ("5.0.0", "550 5.1.1 <x@y.ru> no", "5.1.1", True, "unknown_user"),
        ("5.0.0", "550 пользователь не найден", "5.0.0", True, "unknown_user"),
        ("", "550 Requested action not taken: mailbox unavailable", None, True, "unknown_user"),
        ("5.4.4", "Host or domain name not found", "5.4.4", False, "no_domain"),
        ("5.2.2", "552 5.2.2 over quota", "5.2.2", False, "mailbox_full"),
        ("5.0.0", "552 Mailbox is full", "5.0.0", False, "mailbox_full"),
        ("4.2.2", "452 4.2.2 Mailbox full", "4.2.2", False, "mailbox_full"),
        ("4.4.7", "delivery time expired", "4.4.7", False, "soft"),
        ("4.7.1", "451 4.7.1 greylisted as spam", "4.7.1", False, "soft"),
        ("5.3.0", "system not accepting", "5.3.0", False, "soft"),
        ("5.4.6", "routing loop detected", "5.4.6", False, "soft"),
        ("5.3.4", "message too big for system", "5.3.4", False, "too_big"),
        ("5.6.7", "SMTPUTF8 required", "5.6.7", False, "content"),
        ("5.5.2", "syntax error", "5.5.2", False, "content"),
        ("5.7.1", "Message rejected under suspicion of SPAM", "5.7.1", False, "reputation"),
        ("5.7.26", "not authenticated", "5.7.26", False, "reputation"),
        ("5.0.0", "blocked using zen.spamhaus.org", "5.0.0", False, "reputation"),
        ("5.0.0", "failed", "5.0.0", False, "unknown"),
        ("", "", None, False, "unknown"),
    ],
)
def test_statuses_and_words(status: str, text: str, found: str, hard: bool, reason: str) -> None:
    bounce = classify_bounce(report(fields(status, text)))
    assert bounce is not None
    assert (bounce.recipient, bounce.status, bounce.hard, bounce.reason) == (
        WHO,
        found,
        hard,
        reason,
    )


def test_words_inside_the_address_or_a_link_mean_nothing() -> None:
    text = "550 5.2.2 <spam@firma.ru> see https://x.ru/no-such-user/spam"
    bounce = classify_bounce(report(fields("5.2.2", text, who="spam@firma.ru")))
    assert bounce is not None
    assert bounce.reason == "mailbox_full"


@pytest.mark.parametrize("encoding", ["", "base64"])
@pytest.mark.parametrize("returned", [True, False])
def test_encodings_of_the_status_part(encoding: str, returned: bool) -> None:
    bounce = classify_bounce(report(fields("5.1.1", "x"), encoding=encoding, returned=returned))
    assert bounce is not None
    assert (bounce.recipient, bounce.hard) == (WHO, True)


def test_a_delay_is_no_failure() -> None:
    bounce = classify_bounce(report(fields("4.4.1", "timed out", action="delayed")))
    assert bounce is not None
    assert (bounce.hard, bounce.reason, bounce.status) == (False, "delayed", "4.4.1")


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_success_is_no_bounce(action: str) -> None:
    assert classify_bounce(report(fields("2.0.0", action=action))) is None


def test_of_several_recipients_the_first_failed_one() -> None:
    raw = report(
        fields("2.0.0", action="delivered", who="a@x.ru"),
        fields("4.4.1", action="delayed", who="b@x.ru"),
        fields("5.1.1", who="c@x.ru"),
        fields("5.2.2", who="d@x.ru"),
    )
    bounce = classify_bounce(raw)
    assert bounce is not None
    assert bounce.recipient == "c@x.ru"
    assert [b.recipient for b in classify_bounces(raw)] == ["b@x.ru", "c@x.ru", "d@x.ru"]


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822;ivan@firma.ru", WHO),
        ("RFC822 ; <ivan@firma.ru>", WHO),
        ("rfc822; ivan+40firma.ru", WHO),
        ("rfc822; ivan+tag@firma.ru", "ivan+tag@firma.ru"),
        ("utf-8; иван@почта.рф", "иван@почта.рф"),
        ("ivan@firma.ru", WHO),
    ],
)
def test_spellings_of_a_recipient(value: str, address: str) -> None:
    bounce = classify_bounce(report({**fields("5.1.1"), "Final-Recipient": value}))
    assert bounce is not None
    assert bounce.recipient == address


def test_the_text_for_people_helps_when_codes_do_not() -> None:
    human = "Адресат не найден: такого пользователя нет."
    bounce = classify_bounce(report(fields("5.0.0"), human=human))
    assert bounce is not None
    assert (bounce.hard, bounce.reason) == (True, "unknown_user")


def plain(text: str, subject: str = "failure notice", charset: str = "utf-8", **more: str) -> bytes:
    """A report in free form."""
    heads = {
        "From": "MAILER-DAEMON@mx.firma.ru",
        "To": "anna@sender.ru",
        "Subject": subject,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in heads.items())
    head += (
        f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + text.replace("\n", "\r\n").encode(charset)


QMAIL = f"""Hi. This is the qmail-send program at mx.firma.ru.
I'm afraid I wasn't able to deliver your message to the following addresses.

<{WHO}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <anna@sender.ru>
To: other@firma.ru
"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients.

  {WHO}
    host mx.firma.ru [10.0.0.1]: 550 No such user here

------ This is a copy of the message, including all the headers. ------
"""
RUSSIAN = f"""Ваше сообщение не может быть доставлено следующим получателям:

{WHO}
    550 Пользователь не найден
"""
FULL = f"Не удалось доставить письмо\n\n<{WHO}>: 552 Mailbox full, ящик переполнен\n"
LATE = f"""THIS IS A WARNING MESSAGE ONLY. You do not need to resend your message.

Delivery to <{WHO}> has been delayed; it will be retried for 4 days.
"""


@pytest.mark.parametrize(
    ("raw", "hard", "reason"),
    [
        (plain(QMAIL), True, "unknown_user"),
        (plain(EXIM, "Mail delivery failed: returning message to sender"), True, "unknown_user"),
        (plain(EXIM, "Mail delivery failed", X_Failed_Recipients=WHO), True, "unknown_user"),
        (plain(RUSSIAN, "Недоставленное сообщение"), True, "unknown_user"),
        (plain(RUSSIAN, "Undelivered", charset="koi8-r"), True, "unknown_user"),
        (plain(RUSSIAN, "Undelivered", charset="cp1251"), True, "unknown_user"),
        (plain(FULL, "Undelivered Mail"), False, "mailbox_full"),
        (plain(LATE, "Warning: message delayed 24 hours"), False, "delayed"),
    ],
)
def test_reports_in_free_form(raw: bytes, hard: bool, reason: str) -> None:
    bounce = classify_bounce(raw)
    assert bounce is not None
    assert (bounce.recipient, bounce.hard, bounce.reason) == (WHO, hard, reason)


def person(subject: str, text: str, **headers: str) -> bytes:
    made = EmailMessage()
    made["From"] = "Иван <ivan@firma.ru>"
    made["To"] = "anna@sender.ru"
    made["Subject"] = subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def forwarded() -> bytes:
    made = EmailMessage()
    made["From"] = "ivan@firma.ru"
    made["Subject"] = "Fwd: Undeliverable"
    made.set_content("Вот что пришло")
    inner = EmailMessage()
    inner.set_content("x")
    made.add_attachment(inner)
    return made.as_bytes().replace(b"\nx\n", b"\n" + report(fields("5.1.1")).replace(b"\r", b""))


@pytest.mark.parametrize(
    "raw",
    [
        person("Re: Вопрос", "Спасибо, не доставлен ваш прайс. User unknown?"),
        person("Fwd: Undelivered Mail Returned to Sender", QMAIL),
        person("Автоответ: Вопрос", "Я в отпуске", Auto_Submitted="auto-replied"),
        person("Вопрос", "550 5.1.1 user unknown, что это значит?"),
        report({"Disposition": "displayed"}, kind="disposition-notification"),
        forwarded(),
        b"",
        b"\xff\xfe\x00garbage",
    ],
)
def test_other_mail_is_no_bounce(raw: bytes) -> None:
    assert classify_bounce(raw) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read(raw: bytes) -> None:
    assert isinstance(classify_bounces(b"Content-Type: multipart/report\n\n" + raw), list)
