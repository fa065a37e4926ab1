"""The emergency stop: nothing leaves while it stands, and all goes on after (gate 2, D94)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from delivery_house import OPERATOR, House
from delivery_sink import Sink

from povod.delivery import mailboxes as boxes
from povod.delivery.stop import standing
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.store.tables import audit_log


def pause(house: House, reason: str = "wrong price", mailbox: str = "") -> None:
    with house.db.tx() as conn:
        house.delivery.pause(conn, OPERATOR, reason, mailbox)


def resume(house: House, mailbox: str = "") -> bool:
    with house.db.tx() as conn:
        return house.delivery.resume(conn, OPERATOR, mailbox)


def test_nothing_leaves_while_it_stands_and_all_after(house: House, sink: Sink) -> None:
    letters = [house.scheduled(f"ok-{name}@{name}.ru") for name in ("one", "two", "three")]
    slots = [house.message(letter)["scheduled_for"] for letter in letters]
    pause(house)
    house.delivery.send_due()
    house.clock.advance(timedelta(minutes=30))
    house.delivery.send_due()
    assert sink.accepted == []
    assert [house.message(letter)["scheduled_for"] for letter in letters] == slots
    assert house.delivery.next_due() is None
    assert resume(house)
    for _ in letters:
        house.delivery.send_due()
        house.clock.advance(timedelta(minutes=10))
    assert {house.message(letter)["status"] for letter in letters} == {"sent"}
    assert len(sink.accepted) == 3


def test_the_first_reason_stands_and_both_ends_are_in_the_audit(file_house: House) -> None:
    house = file_house
    pause(house)
    pause(house, "another")
    with house.db.read() as conn:
        stop = standing(conn)
    assert stop is not None
    assert (stop.by, stop.reason, stop.since) == (str(OPERATOR), "wrong price", house.clock.now())
    assert (resume(house), resume(house)) == (True, False)
    with house.db.read() as conn:
        query = sa.select(audit_log.c.action).where(audit_log.c.action.like("delivery.%"))
        assert list(conn.execute(query).scalars()) == ["delivery.pause", "delivery.resume"]


def test_one_mailbox_rests_until_it_is_told(house: House, sink: Sink) -> None:
    letter = house.scheduled("ok-info@firma.ru")
    pause(house, "new password", mailbox="default")
    house.delivery.send_due()
    assert (sink.accepted, house.message(letter)["status"]) == ([], "scheduled")
    with house.db.tx() as conn:
        boxes.note_success(conn, house.mailbox(), house.clock.now())
    assert house.mailbox()["status"] == "paused", "a letter under way does not lift it"
    assert resume(house, "default")
    house.clock.advance(timedelta(minutes=10))
    house.delivery.send_due()
    assert len(sink.accepted) == 1


def test_no_verdict_of_a_server_sets_an_end_to_a_persons_stop(house: House) -> None:
    pause(house, "new password", mailbox="default")
    with house.db.tx() as conn:
        boxes.pause(conn, house.mailbox()["id"], house.clock.now(), "limit")
    box = house.mailbox()
    found = (box["status"], box["paused_until"], box["pause_reason"])
    assert found == ("paused", None, "new password")


@pytest.mark.parametrize(
    ("status", "reason"), [("auth_failed", "auth_failed"), ("disabled", "sender_not_owned")]
)
def test_a_person_lifts_what_a_server_said(house: House, status: str, reason: str) -> None:
    with house.db.tx() as conn:
        boxes.change(conn, house.mailbox()["id"], status=status, pause_reason=reason)
    assert resume(house, "default")
    assert (house.mailbox()["status"], house.mailbox()["pause_reason"]) == ("active", "")
    assert not resume(house, "default")


def test_settings_that_cannot_be_used_are_not_lifted(house: House) -> None:
    with house.db.tx() as conn:
        reason = f"{boxes.BROKEN}SMTP_PASSWORD"
        boxes.change(conn, house.mailbox()["id"], status="disabled", pause_reason=reason)
    with pytest.raises(ConflictError, match="cannot be used"):
        pause(house, mailbox="default")
    assert not resume(house, "default")
    assert house.mailbox()["status"] == "disabled"


def test_a_reason_that_reads_like_a_fault_of_the_settings(house: House) -> None:
    pause(house, f"{boxes.BROKEN}another host", mailbox="default")
    house.delivery.prepare()
    assert house.mailbox()["status"] == "paused"


def test_what_no_database_keeps_is_left_out_of_the_reason(file_house: House) -> None:
    pause(file_house, " wrong\0  price\n")
    with file_house.db.read() as conn:
        stop = standing(conn)
    assert stop is not None
    assert stop.reason == "wrong price"


def test_a_stop_needs_a_reason_and_a_mailbox_that_is_there(file_house: House) -> None:
    with pytest.raises(InputError, match="say why"):
        pause(file_house, "  ")
    with pytest.raises(NotFoundError, match="there are file"):
        pause(file_house, mailbox="nobody")
