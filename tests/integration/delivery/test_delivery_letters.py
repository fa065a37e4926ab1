"""Content rules, follow-ups, the file channel's certainty, mailboxes between settings and life."""

import email
import time
from datetime import timedelta
from pathlib import Path

import pytest
from delivery_house import APPROVER, OPERATOR, House, settings_for
from delivery_sink import Sink

from povod.delivery import mailboxes, mime
from povod.delivery.channels.file import transport
from povod.delivery.gates.history import ENDS_SEQUENCE
from povod.delivery.routing.choose import Route
from povod.delivery.worker.claim import Claim, claim
from povod.delivery.worker.handoff import hand_off
from povod.delivery.worker.letters import letter_of
from povod.kit.clock import FixedClock
from povod.store.db import Database
from povod.store.files import get_file
from povod.store.tables import clients
from povod.store.tables import outreach_messages as messages


def failing(house: House, message_id: str) -> dict[str, str]:
    with house.db.tx() as conn:
        results = house.delivery.check(conn, message_id)
    return {r.name: r.verdict.reason for r in results if r.verdict.result != "pass"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"body": "Здравствуйте, {{ name }}!"}, "unfilled"),
        ({"body": "{% for x in y %}"}, "unfilled"),
        ({"subject": " \r\n "}, "empty_subject"),
        ({"subject": "x" * 151}, "long_subject"),
        ({"body": "x" * 20_001}, "long_body"),
        ({"body": "", "footer": False}, "empty_body"),
        ({"footer": False}, "no_opt_out"),
        ({"body": "Ответьте STOP", "footer": False}, "no_source"),
        ({"body": "Смотрите https://evil.ru/x"}, "foreign_link"),
        ({"body": "Смотрите www.evil.ru"}, "foreign_link"),
        ({"body": "Вход: https://аррӏе.com/"}, "lookalike"),
        ({"body": "https://firma.ru/price и https://sender.ru"}, ""),
        ({"body": "https://cases.offer.ru/1", "links": ("https://offer.ru",)}, ""),
    ],
)
def test_content_of_unapproved_letters(file_house: House, given: dict[str, str], code: str) -> None:
    message_id = file_house.scheduled("info@firma.ru", **given)
    found = failing(file_house, message_id)
    assert found.get("content", "") == (f"content:{code}" if code else "")
    if code:
        file_house.delivery.send_due()
        assert file_house.message(message_id)["status"] == "needs_approval"


def test_a_person_may_overrule_a_link_but_not_a_hole(file_house: House) -> None:
    house = file_house
    link = house.scheduled("info@firma.ru", body="https://evil.ru")
    hole = house.scheduled("info@druga.ru", body="{{name}}")
    house.delivery.send_due()
    for message_id in (link, hole):
        with house.db.tx() as conn:
            house.delivery.approve(conn, message_id, APPROVER)
            house.delivery.schedule(conn, message_id, at=house.clock.now())
    house.delivery.send_due()

    assert house.message(link)["status"] == "sent"
    assert house.message(hole)["status"] == "needs_approval"


def followup(house: House, first: str) -> str:
    return house.scheduled(
        "ok-info@firma.ru", kind="followup", followup_of=first, step_no=1,
        dedupe_key=f"followup:{first}:1",
    )  # fmt: skip


def test_a_follow_up_stays_in_the_thread(house: House, sink: Sink) -> None:
    first = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    house.clock.advance(timedelta(days=4))
    second = followup(house, first)
    house.delivery.send_due()

    (attempt,) = house.attempts(second)
    with house.db.read() as conn:
        mail = email.message_from_bytes(get_file(conn, attempt["eml_file_id"]))
    assert mail["In-Reply-To"] == house.message(first)["message_id"]
    assert mail["References"] == house.message(first)["message_id"]


@pytest.mark.parametrize("state", ENDS_SEQUENCE)
def test_an_answer_ends_the_sequence(house: House, sink: Sink, state: str) -> None:
    first = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    house.clock.advance(timedelta(days=4))
    second = followup(house, first)
    with house.db.tx() as conn:
        conn.execute(messages.update().where(messages.c.id == first).values(status=state))
    house.delivery.send_due()

    assert house.message(second)["status"] == "cancelled"
    assert len(sink.accepted) == 1


def test_an_answer_between_claim_and_handoff_ends_it_too(house: House, sink: Sink) -> None:
    first = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    house.clock.advance(timedelta(days=4))
    second = followup(house, first)

    def reply() -> None:
        with house.db.tx() as conn:
            conn.execute(messages.update().where(messages.c.id == first).values(status="replied"))

    sink.on_rcpt = reply
    house.delivery.send_due()
    assert house.message(second)["skip_reason"] == "sequence_stopped"
    assert len(sink.accepted) == 1


@pytest.fixture
def brief(db: Database, clock: FixedClock, tmp_path: Path) -> House:
    """Letters to files, with a handoff lease that ends at once."""
    return House.build(db, clock, settings_for(tmp_path, delivery_handoff_lease_seconds=0.02))


def handed_over(house: House, message_id: str) -> tuple[Claim, bytes]:
    route = house.delivery.router.route(house.message(message_id))
    assert isinstance(route, Route)
    made = claim(house.delivery.office, route, message_id, "w")
    assert made is not None
    raw = mime.build(letter_of(house.delivery.office, made))
    assert hand_off(house.delivery.office, made, raw)
    return made, raw


@pytest.mark.parametrize(
    ("written", "counts"),
    [(True, {"accepted": 1}), (False, {"released": 1})],
)
def test_a_file_is_there_or_not_and_never_a_doubt(
    brief: House, written: bool, counts: dict[str, int]
) -> None:
    message_id = brief.scheduled("info@firma.ru")
    made, raw = handed_over(brief, message_id)
    if written:
        folder = brief.settings.outbox_dir
        folder.mkdir()
        transport.base_name(folder, made.message).with_suffix(".eml").write_bytes(raw)
    brief.clock.advance(timedelta(seconds=1))
    time.sleep(0.05)

    found = brief.delivery.reap()
    brief.delivery.send_due()

    assert {name: count for name, count in found.items() if count} == counts
    assert brief.message(message_id)["status"] == "sent"
    assert len(list(brief.settings.outbox_dir.glob("*.eml"))) == 1


def test_a_full_disk_keeps_the_letter(file_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    message_id = file_house.scheduled("info@firma.ru")
    with monkeypatch.context() as patched:
        patched.setattr(transport, "_put", full)
        file_house.delivery.send_due()
    assert file_house.message(message_id)["skip_reason"] == "unreachable"

    file_house.clock.advance(timedelta(minutes=2))
    file_house.delivery.send_due()
    assert file_house.message(message_id)["status"] == "sent"


def test_noop_ends_everything_as_skipped(db: Database, clock: FixedClock, tmp_path: Path) -> None:
    house = House.build(db, clock, settings_for(tmp_path, send_mode="noop"))
    message_id = house.scheduled("info@firma.ru")
    house.delivery.send_due()
    assert house.message(message_id)["skip_reason"] == "noop"


def test_a_demo_letter_never_leaves(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    given = {"sandbox_url": "", "smtp_allow_all_recipients": True}
    house = House.build(db, clock, settings_for(tmp_path, sink.port, **given))
    message_id = house.scheduled("info@firma.ru", is_demo=True)
    house.delivery.send_due()

    assert house.attempts(message_id)[0]["channel"] == "file"
    assert sink.accepted == []


def test_a_corrected_setting_brings_the_mailbox_back(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    broken = House.build(db, clock, settings_for(tmp_path, sink.port, smtp_username="anna"))
    assert broken.mailbox()["status"] == "disabled"
    assert "SMTP_PASSWORD" in broken.mailbox()["pause_reason"]

    whole = House.build(db, clock, settings_for(tmp_path, sink.port))
    assert whole.mailbox()["status"] == "active"
    with db.tx() as conn:
        mailboxes.change(conn, whole.mailbox()["id"], status="auth_failed")
    assert House.build(db, clock, whole.settings).mailbox()["status"] == "auth_failed"


def test_a_client_is_written_to_as_a_client(file_house: House) -> None:
    house = file_house
    with house.db.tx() as conn:
        client = conn.execute(
            clients.insert().values(first_name="Ольга", email="olga@firma.ru", country="DE")
        ).inserted_primary_key
    assert client is not None
    message_id = house.put(
        "olga@firma.ru", client_id=client[0], company_id=None, contact_id=None, language="en"
    )
    message = house.message(message_id)
    assert message["jurisdiction"] == "EU"
    assert "as a client" in message["body"]


def test_an_unsubscribe_link_needs_a_public_https_address(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    given = {"public_base_url": "https://povod.firma.ru/"}
    house = House.build(db, clock, settings_for(tmp_path, sink.port, **given))
    message_id = house.scheduled("ok-info@firma.ru")
    house.delivery.send_due()
    assert "https://povod.firma.ru/u/" in house.message(message_id)["body"]
    assert house.message(message_id)["status"] == "sent"


def test_retry_runs_the_gates_again(file_house: House) -> None:
    house = file_house
    message_id = house.scheduled("noreply@firma.ru")
    house.delivery.send_due()
    with house.db.tx() as conn:
        house.delivery.retry(conn, message_id, OPERATOR)
    house.delivery.send_due()
    assert house.message(message_id)["skip_reason"] == "never_mail"
