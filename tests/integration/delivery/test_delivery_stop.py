"""The emergency stop: nothing leaves while it stands, and all goes on after (gate 2, D94)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from delivery_house import OPERATOR, House
from delivery_sink import Sink

from povod.delivery import mailboxes as boxes
from povod.delivery.stop import standing
from povod.kit.errors import InputError, NotFoundError
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


def test_a_stop_needs_a_reason_and_a_mailbox_that_is_there(file_house: House) -> None:
    with pytest.raises(InputError, match="say why"):
        pause(file_house, "  ")
    with pytest.raises(NotFoundError, match="there are file"):
        pause(file_house, mailbox="nobody")
