"""The outbox: put, submit, approve, edit, plan, gates and the file channel."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from delivery_house import APPROVER, OPERATOR, House, settings_for
from delivery_sink import Sink

from povod.delivery.keys import SuppressionKeyError
from povod.delivery.states import IllegalMove
from povod.kit.clock import FixedClock
from povod.kit.errors import InputError
from povod.store import audit
from povod.store.db import Database
from povod.store.tables import audit_log, companies, consents


def gates(house: House, message_id: str) -> dict[str, str]:
    with house.db.tx() as conn:
        results = house.delivery.check(conn, message_id)
    return {r.name: r.verdict.reason for r in results if r.verdict.result != "pass"}


def test_put_is_idempotent_by_its_key(file_house: House) -> None:
    first = file_house.put("info@firma.ru", dedupe_key="letter:1:default")
    again = file_house.put("new@druga.ru", dedupe_key="letter:1:default", subject="Другое")

    assert first == again
    assert file_house.message(first)["to_value"] == "info@firma.ru"


def test_put_derives_the_ground_from_the_page(file_house: House) -> None:
    message_id = file_house.put("info@firma.ru")

    with file_house.db.read() as conn:
        row = conn.execute(sa.select(consents)).mappings().one()
    assert row["basis"] == "public_corporate_address"
    assert row["evidence_url"] == "https://firma.ru/kontakty"
    message = file_house.message(message_id)
    assert message["jurisdiction"] == "RU"
    assert "https://firma.ru/kontakty" in message["body"]
    assert "STOP" in message["body"]


def test_a_foreign_page_is_no_ground(file_house: House) -> None:
    with file_house.db.tx() as conn:
        conn.execute(companies.update().values(canonical_domain="other.ru"))
    draft = file_house.draft("info@firma.ru")
    with file_house.db.tx() as conn:
        conn.execute(companies.update().values(canonical_domain="other.ru"))
        message = file_house.delivery.put(conn, draft)
        after = file_house.delivery.submit(conn, message["id"])

    assert file_house.count(consents) == 0
    assert after["status"] == "draft"
    assert after["skip_reason"].startswith("policy_deny:")


def test_balanced_policy_asks_a_person(db: Database, clock: FixedClock, tmp_path: Path) -> None:
    house = House.build(db, clock, settings_for(tmp_path, policy_preset="balanced"))
    message_id = house.put("info@firma.ru")
    with house.db.tx() as conn:
        assert house.delivery.submit(conn, message_id)["status"] == "needs_approval"
        with pytest.raises(IllegalMove):
            house.delivery.approve(conn, message_id, OPERATOR)
        approved = house.delivery.approve(conn, message_id, APPROVER, "ok")

    assert approved["approved_hash"] == approved["content_hash"]
    assert house.count(audit_log, audit_log.c.action == "message.move") == 1


def test_an_edit_after_approval_needs_it_again(file_house: House) -> None:
    house = file_house
    message_id = house.scheduled("info@firma.ru")
    with house.db.tx() as conn:
        house.delivery.edit(conn, message_id, OPERATOR, subject="Иначе")

    message = house.message(message_id)
    assert message["status"] == "needs_approval"
    assert message["approved_hash"] != message["content_hash"]
    with house.db.tx() as conn, pytest.raises(InputError):
        house.delivery.edit(conn, message_id, OPERATOR, status="sent")


def test_an_edit_that_changes_nothing_is_none(file_house: House) -> None:
    message_id = file_house.scheduled("info@firma.ru")
    with file_house.db.tx() as conn:
        file_house.delivery.edit(conn, message_id, OPERATOR, subject="Вопрос по сайту ")
    assert file_house.message(message_id)["status"] == "scheduled"


def test_rejecting_needs_a_reason_and_editing_reopens(
    db: Database, clock: FixedClock, tmp_path: Path
) -> None:
    house = House.build(db, clock, settings_for(tmp_path, policy_preset="balanced"))
    message_id = house.put("info@firma.ru")
    with house.db.tx() as conn:
        house.delivery.submit(conn, message_id)
        with pytest.raises(InputError):
            house.delivery.reject(conn, message_id, APPROVER, " ")
        house.delivery.reject(conn, message_id, APPROVER, "слишком длинно")
        house.delivery.edit(conn, message_id, OPERATOR, body="Короче. STOP")
    assert house.message(message_id)["status"] == "draft"


def test_planning_keeps_the_distance(db: Database, clock: FixedClock, tmp_path: Path) -> None:
    delays = {"send_delay_min_seconds": 240, "send_delay_max_seconds": 480}
    house = House.build(db, clock, settings_for(tmp_path, **delays))
    ids = [house.put(f"info@firma{number}.ru") for number in range(5)]
    with house.db.tx() as conn:
        for message_id in ids:
            house.delivery.submit(conn, message_id)

    assert house.delivery.plan() == 5
    slots = [house.message(message_id)["scheduled_for"] for message_id in ids]
    steps = [b - a for a, b in zip([house.clock.now(), *slots], slots, strict=False)]
    assert all(timedelta(seconds=240) <= step <= timedelta(seconds=480) for step in steps)


def test_a_planned_day_ends_at_the_cap(db: Database, clock: FixedClock, tmp_path: Path) -> None:
    house = House.build(db, clock, settings_for(tmp_path, mailbox_daily_cap=2))
    ids = [house.put(f"info@firma{number}.ru") for number in range(3)]
    with house.db.tx() as conn:
        for message_id in ids:
            house.delivery.submit(conn, message_id)
    house.delivery.plan()

    days = [house.message(message_id)["scheduled_for"].date() for message_id in ids]
    assert (days[2] - days[1]).days == 1


def test_cancel_for_takes_back_what_is_unsent(file_house: House) -> None:
    house = file_house
    sent = house.scheduled("info@firma.ru")
    house.delivery.send_due()
    waiting = house.scheduled("info@druga.ru")
    company = house.message(waiting)["company_id"]
    with house.db.tx() as conn:
        assert house.delivery.cancel_for(conn, reason="disqualified", company_id=company) == 1
        own = house.message(sent)["company_id"]
        assert house.delivery.cancel_for(conn, reason="disqualified", company_id=own) == 0
        with pytest.raises(InputError):
            house.delivery.cancel_for(conn, reason="all")
    assert house.message(waiting)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("noreply@firma.ru", "never_mail"),
        ("logo@2x.png", "never_mail"),
        ("a@ok.test>\r\nRCPT TO:<evil@x.ru>", "invalid_email"),
        ("a@b@c.ru", "invalid_email"),
        ("ivаn@yandex.ru", "invalid_email"),
        ("+79991234567", "invalid_email"),
        ("x@localhost", "invalid_email"),
    ],
)
def test_unusable_addresses_are_skipped(file_house: House, to: str, reason: str) -> None:
    message_id = file_house.scheduled(to, domain="firma.ru")
    file_house.delivery.send_due()

    message = file_house.message(message_id)
    assert (message["status"], message["skip_reason"]) == ("skipped", reason)
    assert not list(file_house.settings.outbox_dir.glob("*"))


def test_the_main_switch_keeps_the_queue(db: Database, clock: FixedClock, tmp_path: Path) -> None:
    house = House.build(db, clock, settings_for(tmp_path, email_sending_enabled=False))
    message_id = house.scheduled("info@firma.ru")
    house.delivery.send_due()

    message = house.message(message_id)
    assert (message["status"], message["skip_reason"]) == ("scheduled", "sending_disabled")
    assert message["scheduled_for"] == clock.now()
    assert house.delivery.next_due() is None
    assert "sending_disabled" in gates(house, message_id).values()


@pytest.mark.parametrize(
    ("given", "to", "reason"),
    [
        ({}, "info@firma.ru", "blocked:allowlist-empty"),
        ({"smtp_allowlist_domains": ["x.ru"]}, "info@firma.ru", "blocked:domain-not-allowlisted"),
        ({"smtp_allow_all_recipients": True}, "info@example.com", "blocked:test-recipient"),
        ({"smtp_allowlist_domains": ["firma.ru"]}, "info@firma.ru", ""),
    ],
)
def test_outside_the_host_only_named_domains(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink, given, to: str, reason: str
) -> None:
    house = House.build(db, clock, settings_for(tmp_path, sink.port, sandbox_url="", **given))
    found = gates(house, house.scheduled(to))
    assert ";".join(found.values()).startswith(reason)
    assert bool(found) == bool(reason)


def test_one_letter_a_person_and_a_firm(file_house: House) -> None:
    house = file_house
    first = house.scheduled("info@firma.ru")
    house.delivery.send_due()
    again = house.scheduled("INFO+x@firma.ru", domain="a.ru")
    colleague = house.scheduled("sales@firma.ru", domain="b.ru")

    found = [gates(house, message_id)["not_duplicate"] for message_id in (again, colleague)]

    assert found == ["duplicate_recipient", "duplicate_domain"]
    assert "not_duplicate" not in gates(house, first)


def test_a_merged_company_gets_no_letter(file_house: House) -> None:
    house = file_house
    message_id = house.scheduled("info@firma.ru")
    winner = house.company("winner.ru")[0]
    with house.db.tx() as conn:
        loser = companies.c.id == house.message(message_id)["company_id"]
        conn.execute(companies.update().where(loser).values(duplicate_of=winner))
    house.delivery.send_due()
    assert house.message(message_id)["skip_reason"] == "duplicate_company"


def test_check_takes_nothing(file_house: House) -> None:
    message_id = file_house.scheduled("info@firma.ru")
    assert gates(file_house, message_id) == {}
    file_house.delivery.send_due()
    assert file_house.message(message_id)["status"] == "sent"


def test_outside_the_window_waits_for_its_opening(file_house: House) -> None:
    file_house.clock.advance(timedelta(hours=9))
    message_id = file_house.scheduled("info@firma.ru")
    file_house.delivery.send_due()

    message = file_house.message(message_id)
    assert message["skip_reason"] == "outside_window"
    assert message["scheduled_for"].isoformat() == "2026-11-21T06:10:00+00:00"


def test_a_person_gets_one_message_a_day(file_house: House) -> None:
    house = file_house
    first = house.scheduled("ivan@firma.ru")
    second = house.scheduled(
        "ivan@firma.ru", kind="greeting", purpose="greeting", priority=9, dedupe_key="g:1"
    )
    house.delivery.send_due()

    # The letter gives way to the greeting of the same day.
    assert house.message(second)["status"] == "sent"
    assert house.message(first)["skip_reason"] == "greeting_today"


def test_the_file_channel_writes_three_files(file_house: House) -> None:
    message_id = file_house.scheduled("info@firma.ru")
    file_house.delivery.send_due()

    files = {path.suffix: path for path in file_house.settings.outbox_dir.iterdir()}
    assert set(files) == {".txt", ".eml", ".json"}
    lines = files[".txt"].read_text().splitlines()
    assert lines[:3] == ["TO: info@firma.ru", "SUBJECT: Вопрос по сайту", ""]
    assert lines[-1].startswith("IMAGE:")
    assert json.loads(files[".json"].read_text())["id"] == message_id


def test_a_lost_suppression_key_stops_everything(file_house: House) -> None:
    house = file_house
    house.scheduled("info@firma.ru")
    (house.settings.data_dir / "suppression.key").unlink()
    other = house.another_worker()

    with pytest.raises(SuppressionKeyError, match=r"suppression\.key is gone; restore it"):
        other.send_due()
    assert not (house.settings.data_dir / "suppression.key").exists()


def test_another_suppression_key_is_refused(file_house: House) -> None:
    file = file_house.settings.data_dir / "suppression.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("another")
    with pytest.raises(SuppressionKeyError, match="restore the old one"):
        file_house.another_worker().send_due()


def test_the_audit_chain_names_the_changed_row(file_house: House) -> None:
    with file_house.db.tx() as conn:
        for number in range(4):
            audit.append(conn, "operator:x", "test", f"object {number}", {"n": number, "f": 1.5})
        assert audit.first_broken(conn) is None
        ids = list(conn.execute(sa.select(audit_log.c.id).order_by(audit_log.c.id)).scalars())
        conn.execute(audit_log.update().where(audit_log.c.id == ids[2]).values(actor="nobody"))
        assert audit.first_broken(conn) == ids[2]


def test_the_report_counts(file_house: House) -> None:
    house = file_house
    house.scheduled("info@firma.ru")
    house.scheduled("noreply@druga.ru")
    house.delivery.send_due()
    with house.db.read() as conn:
        figures = house.delivery.report(conn)
    assert figures.by_status == {"sent": 1, "skipped": 1}
    assert figures.by_reason == {"never_mail": 1}
    assert (figures.accepted, figures.sent_ok_share, figures.reaches_aim) == (1, 1.0, True)


@pytest.mark.parametrize(("suspected", "status"), [(False, "approved"), (True, "needs_approval")])
def test_a_page_that_gives_orders_needs_a_person_even_on_autopilot(
    file_house: House, suspected: bool, status: str
) -> None:
    metadata = {"injection_suspected": suspected}
    message_id = file_house.put("info@firma.ru", metadata=metadata)
    with file_house.db.tx() as conn:
        file_house.delivery.submit(conn, message_id)
    assert file_house.message(message_id)["status"] == status
