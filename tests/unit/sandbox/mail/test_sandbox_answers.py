"""What a letter brings back: reports, people's replies, robots; and how the server behaves."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from povod.kit.errors import InputError
from povod.sandbox.mail.behaviour import Faults, Temper, behaviour_of
from povod.sandbox.mail.dsn import BounceKind, bounce
from povod.sandbox.mail.human import AUTO_REPLIES, HUMAN_REPLIES, STOP_REPLIES, write_answer
from povod.sandbox.mail.ledger import Accepted, Ledger, message_id_of
from povod.sandbox.mail.replies import answers_to
from povod.sandbox.world.model import Mailbox, World

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RAW = (
    "From: =?utf-8?b?0JDQvdC90LA=?= <anna@demo.ru>\r\nReply-To: office@demo.ru\r\n"
    "To: info@firma.ru\r\nSubject: Offer\r\nBcc: secret@demo.ru\r\nMessage-ID: <77@demo.ru>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nДобрый день, коллеги\r\n\r\nАнна\r\n"
).encode()


def letter(rcpt: str = "info@firma.ru") -> Accepted:
    return Accepted(1, "<77@demo.ru>", "b+1@demo.ru", rcpt, "00", len(RAW), NOON, NOON, RAW)


def parsed(raw: bytes):
    return message_from_bytes(raw, policy=default)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (Mailbox.ACCEPT, 0),
        (Mailbox.LOSE_REPLY, 0),
        (Mailbox.DEFER, 0),
        (Mailbox.BOUNCE, 1),
        (Mailbox.BOUNCE_SOFT, 2),
        (Mailbox.REPLY, 1),
        (Mailbox.AUTO_REPLY, 1),
        (Mailbox.STOP, 1),
    ],
)
def test_answers_come_after_the_letter_and_are_repeatable(kind, count):
    answers = answers_to(letter(), kind)
    assert len(answers) == count
    assert all(answer.at > NOON for answer in answers)
    assert answers == answers_to(letter(), kind)
    assert [answer.at for answer in answers] == sorted(answer.at for answer in answers)


def test_a_report_goes_to_the_envelope_sender_and_holds_the_original_headers():
    kinds = set()
    for number in range(12):
        rcpt = f"a{number}@firma.ru"
        report = parsed(bounce(letter(rcpt), NOON, BounceKind.MAILBOX_FULL))
        text, status, original = report.iter_parts()
        assert report["To"] == "b+1@demo.ru"
        assert report.get_content_type() == "multipart/report"
        assert rcpt in text.get_content()
        about = status.get_payload()[1]
        assert (about["Action"], about["Status"]) == ("failed", "5.2.2")
        assert about["Final-Recipient"] == f"rfc822; {rcpt}"
        assert "<77@demo.ru>" in original.as_string()
        kinds.add(original.get_content_type())
        if original.get_content_type() == "text/rfc822-headers":
            assert "secret@demo.ru" not in original.as_string()
    assert kinds == {"message/rfc822", "text/rfc822-headers"}


def test_a_delay_is_not_a_failure():
    delayed, failed = answers_to(letter(), Mailbox.BOUNCE_SOFT)
    actions = [
        list(parsed(a.raw).iter_parts())[1].get_payload()[1]["Action"] for a in (delayed, failed)
    ]
    assert actions == ["delayed", "failed"]
    assert failed.at - delayed.at == timedelta(hours=20)


@pytest.mark.parametrize("script", [*HUMAN_REPLIES, *STOP_REPLIES], ids=lambda s: s.text[:12])
def test_a_reply_quotes_the_letter_in_its_own_charset(script):
    reply = parsed(write_answer(letter(), NOON, script))
    body = reply.get_body(("plain",))
    text = body.get_content().replace("\r\n", "\n")
    assert body.get_content_charset() in {
        script.charset,
        {"cp1251": "windows-1251"}.get(script.charset),
    }
    assert text.startswith(script.text)
    assert "Добрый день, коллеги" in text.removeprefix(script.text)
    assert reply["To"] == "office@demo.ru"
    assert reply["In-Reply-To"] == reply["References"] == "<77@demo.ru>"
    assert reply["Subject"] == "Re: Offer"


def test_quotes_are_dated_in_moscow_time():
    text = parsed(write_answer(letter(), NOON, HUMAN_REPLIES[1])).get_content()
    assert "Суббота, 21 ноября 2026, 15:00 +03:00 от Анна <anna@demo.ru>:" in text


def test_an_html_reply_marks_the_quote():
    reply = parsed(write_answer(letter(), NOON, HUMAN_REPLIES[0]))
    page = reply.get_body(("html",)).get_content()
    assert 'class="gmail_quote"' in page
    assert page.index("пришлите") < page.index("gmail_quote") < page.index("коллеги")


def test_robots_say_so_in_headers_or_in_the_subject():
    for script in AUTO_REPLIES:
        answer = parsed(write_answer(letter(), NOON, script))
        assert answer["Auto-Submitted"] or answer["Subject"].startswith("Автоответ")
        assert "коллеги" not in answer.get_content()


def test_an_answer_to_a_letter_without_subject_or_text():
    raw = b"Message-ID: <1@x>\r\nContent-Type: application/pdf\r\n\r\nxx\r\n"
    bare = Accepted(1, "<1@x>", "b@demo.ru", "i@firma.ru", "", 1, NOON, NOON, raw)
    assert parsed(write_answer(bare, NOON, HUMAN_REPLIES[2]))["To"] == "b@demo.ru"


def test_a_message_without_an_id_has_an_empty_one():
    assert message_id_of(b"Subject: x\r\n\r\n") == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("Planted@firma.ru", Mailbox.STOP),
        ("grey-1@x.ru", Mailbox.DEFER),
        ("OOO-1@x.ru", Mailbox.AUTO_REPLY),
        ("usual@x.ru", Mailbox.ACCEPT),
    ],
)
def test_behaviour_is_planted_or_spelt(address, kind):
    world = World(1, [])
    world.mailboxes["planted@firma.ru"] = Mailbox.STOP
    assert behaviour_of(world, address) is kind


def test_faults_are_counted_down_and_cleared():
    faults = Faults()
    faults.add({"stage": "rcpt", "reply": "451 Later", "times": 2})
    temper = Temper(World(1, []), faults)
    replies = [temper.reply("rcpt", "a@x.ru") for _ in range(3)]
    assert replies == ["451 Later", "451 Later", None]
    assert faults.as_json() == []
    faults.add({"stage": "dot"})
    assert len(faults.as_json()) == 1
    faults.clear()
    assert temper.reply("dot", "a@x.ru") is None


@pytest.mark.parametrize("body", [{}, {"stage": "moon"}, {"stage": "rcpt", "colour": "red"}])
def test_a_fault_that_means_nothing_is_refused(body):
    with pytest.raises(InputError, match="expected stage"):
        Faults().add(body)


def test_a_rejection_names_the_address():
    reply = Temper(World(1, []), Faults()).reply("rcpt", "unknown-7@x.ru")
    assert reply == "550 5.1.1 <unknown-7@x.ru>: user unknown"


def test_the_ledger_survives_a_cut_line(tmp_path):
    ledger = Ledger(tmp_path)
    first = ledger.record("a@x.ru", "b@x.ru", RAW, NOON)
    ledger.close()
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(path.read_bytes() + b'{"number": 2, "mess')
    again = Ledger(tmp_path)
    assert again.accepted == [first]
    second = again.record("a@x.ru", "c@x.ru", RAW, NOON)
    again.close()
    assert second.number == 2
    assert Ledger(tmp_path).accepted == [first, second]
