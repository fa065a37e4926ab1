"""A ground is taken back: the stamp, and what becomes of all that waits (D12, D15, D43)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from delivery_house import OPERATOR, House

from povod.delivery import consents as grounds
from povod.kit.errors import NotFoundError
from povod.store.tables import audit_log, consents

TO = "info@firma.ru"


def withdraw(house: House, to: str = TO, **which: Any) -> list[Any]:
    with house.db.tx() as conn:
        rows = house.delivery.grounds_of(conn, to)
        ids = [row["id"] for row in rows if all(row[k] == v for k, v in which.items())]
        return house.delivery.withdraw(conn, ids, OPERATOR, "asked")


def consent(house: House, **given: Any) -> None:
    row = {"purpose": "advertising", "basis": "consent", "obtained_at": house.clock.now()}
    row["value_hash"] = house.delivery.office.keys.value_hash("email", TO)
    with house.db.tx() as conn:
        conn.execute(consents.insert().values(**{**row, **given}))


def test_what_waits_is_cancelled_at_once_and_others_are_not(file_house: House) -> None:
    house = file_house
    mine, other = house.scheduled(TO), house.scheduled("info@druga.ru")
    draft = house.put(TO, dedupe_key="second")
    assert {row["id"] for row in withdraw(house)} == {mine, draft}
    for message_id in (mine, draft):
        message = house.message(message_id)
        assert (message["status"], message["skip_reason"]) == ("cancelled", "consent_withdrawn")
    assert house.message(other)["status"] == "scheduled"
    house.delivery.send_due()
    assert house.attempts(mine) == []


def test_another_ground_in_force_carries_the_letter(file_house: House) -> None:
    house = file_house
    message_id = house.scheduled(TO)
    consent(house)
    assert withdraw(house, basis="consent") == []
    assert house.message(message_id)["status"] == "scheduled"


def test_what_the_policy_let_pass_for_the_consent_needs_a_person_now(file_house: House) -> None:
    house = file_house
    earlier = house.clock.now() - timedelta(days=1)
    consent(house, basis="legitimate_interest", obtained_at=earlier)
    consent(house)
    message_id = house.put(TO)
    with house.db.tx() as conn:
        assert house.delivery.submit(conn, message_id)["approved_by"].startswith("policy:")
    (moved,) = withdraw(house, basis="consent")
    assert (moved["id"], moved["status"]) == (message_id, "needs_approval")


def test_a_withdrawn_ground_is_not_derived_again(file_house: House) -> None:
    house = file_house
    house.scheduled(TO)
    assert len(withdraw(house)) == 1
    again = house.put(TO, dedupe_key="other")
    with house.db.read() as conn:
        assert grounds.newest_valid(conn, house.message(again), house.clock.now()) is None


def test_the_stamp_stays_and_stands_in_the_audit_once(file_house: House) -> None:
    house = file_house
    house.put(TO)
    withdraw(house)
    withdraw(house)
    with house.db.read() as conn:
        (ground,) = house.delivery.grounds_of(conn, TO)
        action = audit_log.c.action == "consent.withdraw"
        deeds = conn.execute(sa.select(audit_log).where(action)).mappings().all()
    assert ground["withdrawn_reason"] == "asked"
    assert [(deed["actor"], deed["subject"]) for deed in deeds] == [(str(OPERATOR), ground["id"])]


def test_the_gates_ask_for_the_ground_again(file_house: House) -> None:
    """A stamp that nobody told the outbox of."""
    house = file_house
    message_id = house.scheduled(TO)
    with house.db.tx() as conn:
        conn.execute(consents.update().values(withdrawn_at=house.clock.now()))
    house.delivery.send_due()
    message = house.message(message_id)
    assert message["status"] == "skipped"
    assert message["skip_reason"].startswith("policy_deny")


def test_an_unknown_ground_is_told(file_house: House) -> None:
    nobody = "01900000-0000-7000-8000-000000000000"
    with file_house.db.tx() as conn, pytest.raises(NotFoundError, match=nobody):
        file_house.delivery.withdraw(conn, [nobody], OPERATOR, "")
