"""Crashes, races and doubts: never two copies without an order, never a silent loss."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivery_house import APPROVER, OPERATOR, House, settings_for
from delivery_sink import Sink

from povod.delivery import mime
from povod.delivery.channels import Reply
from povod.delivery.gates import GateResult, Scene, Verdict
from povod.delivery.routing.choose import Route
from povod.delivery.states import IllegalMove
from povod.delivery.worker import claim as claim_module
from povod.delivery.worker import handoff
from povod.delivery.worker.claim import Claim, claim
from povod.delivery.worker.handoff import hand_off
from povod.delivery.worker.letters import letter_of
from povod.delivery.worker.outcome import settle
from povod.kit.clock import FixedClock
from povod.kit.errors import ConflictError, InputError
from povod.store.db import Database
from povod.store.tables import quotas


@pytest.fixture
def slow_answer(db: Database, clock: FixedClock, tmp_path: Path, sink: Sink) -> House:
    """A house that waits for a server's last word for a moment only."""
    lease = {"delivery_handoff_lease_seconds": 0.05}
    return House.build(db, clock, settings_for(tmp_path, sink.port, **lease))


@pytest.fixture
def short(db: Database, clock: FixedClock, tmp_path: Path, sink: Sink) -> House:
    """A house whose claims run out at once."""
    lease = {"delivery_lease_seconds": 0.05}
    return House.build(db, clock, settings_for(tmp_path, sink.port, **lease))


def claimed(house: House, message_id: str, owner: str = "first") -> Claim:
    route = house.delivery.router.route(house.message(message_id))
    assert route is not None
    found = claim(house.delivery.office, route, message_id, owner)
    assert found is not None
    return found


def wire(house: House, made: Claim) -> bytes:
    return mime.build(letter_of(house.delivery.office, made))


def leases_pass(house: House) -> None:
    house.clock.advance(timedelta(seconds=1))
    time.sleep(0.06)


def test_a_lost_answer_is_a_doubt_that_no_timer_resolves(house: House, sink: Sink) -> None:
    message_id = house.scheduled("lost250-a@firma.ru")
    house.delivery.send_due()

    for _ in range(5):
        house.clock.advance(timedelta(days=2))
        house.delivery.reap()
        house.delivery.plan()
        house.delivery.resolve_uncertain()
        house.delivery.send_due()

    assert house.message(message_id)["status"] == "uncertain"
    assert len(sink.accepted) == 1


def test_a_crash_after_the_handoff_is_a_doubt(slow_answer: House, sink: Sink) -> None:
    message_id = slow_answer.scheduled("ok-a@firma.ru")
    made = claimed(slow_answer, message_id)
    assert hand_off(slow_answer.delivery.office, made, wire(slow_answer, made))

    leases_pass(slow_answer)
    assert slow_answer.delivery.reap()["uncertain"] == 1
    slow_answer.delivery.send_due()

    assert slow_answer.message(message_id)["status"] == "uncertain"
    assert [row["state"] for row in slow_answer.attempts(message_id)] == ["uncertain"]
    assert sink.accepted == []


def test_a_crash_before_the_handoff_puts_the_message_back(short: House, sink: Sink) -> None:
    message_id = short.scheduled("ok-a@firma.ru")
    claimed(short, message_id)
    assert short.count(quotas) > 0

    leases_pass(short)
    assert short.delivery.reap()["released"] == 1
    assert short.count(quotas) == 0
    assert short.message(message_id)["status"] == "scheduled"


def test_a_live_lease_is_left_alone(house: House) -> None:
    message_id = house.scheduled("ok-a@firma.ru")
    claimed(house, message_id)

    assert house.delivery.reap() == {"released": 0, "uncertain": 0, "accepted": 0}
    assert house.message(message_id)["status"] == "sending"


def test_a_late_answer_ends_the_doubt(slow_answer: House) -> None:
    message_id = slow_answer.scheduled("ok-a@firma.ru")
    made = claimed(slow_answer, message_id)
    hand_off(slow_answer.delivery.office, made, wire(slow_answer, made))
    leases_pass(slow_answer)
    slow_answer.delivery.reap()

    settle(slow_answer.delivery.office, made, Reply("dot", 250, "2.0.0 Ok"))

    (attempt,) = slow_answer.attempts(message_id)
    assert slow_answer.message(message_id)["status"] == "sent"
    assert (attempt["state"], attempt["resolved_by"]) == ("accepted", "late_reply")


@pytest.mark.parametrize(
    ("text", "status"), [("550 5.1.1 User unknown", "bounced"), ("554 no", "failed")]
)
def test_a_late_refusal_ends_the_doubt_too(slow_answer: House, text: str, status: str) -> None:
    message_id = slow_answer.scheduled("ok-a@firma.ru")
    made = claimed(slow_answer, message_id)
    hand_off(slow_answer.delivery.office, made, wire(slow_answer, made))
    leases_pass(slow_answer)
    slow_answer.delivery.reap()

    settle(slow_answer.delivery.office, made, Reply("dot", int(text[:3]), text[4:]))

    assert slow_answer.message(message_id)["status"] == status


def test_an_owner_that_lost_its_lease_hands_nothing_over(short: House) -> None:
    message_id = short.scheduled("ok-a@firma.ru")
    late = claimed(short, message_id)
    leases_pass(short)
    short.delivery.reap()
    fresh = claimed(short, message_id, "second")

    assert not hand_off(short.delivery.office, late, wire(short, late))
    assert settle(short.delivery.office, late, Reply("rcpt", 550, "5.1.1 no")) is None
    assert short.message(message_id)["epoch"] == fresh.epoch == late.epoch + 1


def test_an_expired_lease_alone_stops_the_handoff(short: House) -> None:
    message_id = short.scheduled("ok-a@firma.ru")
    made = claimed(short, message_id)
    leases_pass(short)

    assert not hand_off(short.delivery.office, made, wire(short, made))
    assert short.message(message_id)["status"] == "scheduled"
    assert [row["state"] for row in short.attempts(message_id)] == ["released"]


def test_an_opt_out_before_the_handoff_wins(house: House, sink: Sink) -> None:
    message_id = house.scheduled("ok-a@firma.ru")

    def refuse() -> None:
        with house.db.tx() as conn:
            house.delivery.suppress(
                conn,
                "ok-a@firma.ru",
                level="address",
                scope="all",
                reason="asked by phone",
                actor=OPERATOR,
            )

    sink.on_rcpt = refuse
    house.delivery.send_due()

    assert house.message(message_id)["skip_reason"] == "opt_out"
    assert [row["state"] for row in house.attempts(message_id)] == ["skipped"]
    assert not any(line.startswith("DATA") for line in sink.commands)


def test_the_handoff_itself_checks_the_registry(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = house.scheduled("ok-a@firma.ru")
    made = claimed(house, message_id)
    with house.db.tx() as conn:
        house.delivery.suppress(
            conn, "firma.ru", level="domain", scope="letter", reason="x", actor=OPERATOR
        )
    monkeypatch.setattr(handoff, "run_gates", lambda scene: [GateResult("none", Verdict())])

    assert not hand_off(house.delivery.office, made, wire(house, made))


def test_a_global_stop_between_claim_and_handoff_stops(house: House, sink: Sink) -> None:
    message_id = house.scheduled("ok-a@firma.ru")

    def stop() -> None:
        with house.db.tx() as conn:
            house.delivery.pause(conn, OPERATOR, "test")

    sink.on_rcpt = stop
    house.delivery.send_due()
    assert (house.message(message_id)["status"], sink.accepted) == ("scheduled", [])

    sink.on_rcpt = None
    with house.db.tx() as conn:
        house.delivery.resume(conn, OPERATOR)
    house.clock.advance(timedelta(minutes=6))
    house.delivery.send_due()
    assert len(sink.accepted) == 1


def test_of_two_workers_one_gets_the_message(house: House) -> None:
    message_id = house.scheduled("ok-a@firma.ru")
    other = house.another_worker()
    route = house.delivery.router.route(house.message(message_id))
    assert isinstance(route, Route)

    def attempt(delivery: Any) -> bool:
        return claim(delivery.office, route, message_id, "w") is not None

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(attempt, [house.delivery, other]))

    assert sorted(won) == [False, True]


def test_two_workers_send_each_letter_once(house: House, sink: Sink) -> None:
    ids = [house.scheduled(f"ok-a@firma{number}.ru") for number in range(8)]
    workers = [house.delivery, house.another_worker()]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda delivery: delivery.send_due(seconds=20), workers))

    assert {house.message(message_id)["status"] for message_id in ids} == {"sent"}
    assert len(sink.ids()) == len(set(sink.ids())) == 8


@pytest.mark.parametrize(
    ("action", "status", "attempt"),
    [
        ("found", "sent", "accepted"),
        ("resend", "scheduled", "abandoned"),
        ("abandon", "failed", "abandoned"),
    ],
)
def test_a_person_resolves_a_doubt(house: House, action: str, status: str, attempt: str) -> None:
    message_id = house.scheduled("lost250-a@firma.ru")
    house.delivery.send_due()

    with house.db.tx() as conn:
        house.delivery.resolve(conn, message_id, action, APPROVER, "called them")

    assert house.message(message_id)["status"] == status
    assert house.attempts(message_id)[0]["state"] == attempt
    with pytest.raises(ConflictError), house.db.tx() as conn:
        house.delivery.resolve(conn, message_id, action, APPROVER, "again")


def test_an_ordered_resend_keeps_the_message_id(house: House, sink: Sink) -> None:
    message_id = house.scheduled("lost250-a@firma.ru")
    house.delivery.send_due()
    with house.db.tx() as conn:
        house.delivery.resolve(conn, message_id, "resend", APPROVER, "not in their inbox")
    sink.manner = lambda address: "ok"  # type: ignore[method-assign]

    house.delivery.send_due()

    assert len(sink.ids()) == 2
    assert len(set(sink.ids())) == 1
    assert house.message(message_id)["status"] == "sent"


def test_resolving_needs_a_role_and_a_reason(house: House) -> None:
    message_id = house.scheduled("lost250-a@firma.ru")
    house.delivery.send_due()

    for actor, action, reason, error in (
        (OPERATOR, "resend", "x", IllegalMove),
        (APPROVER, "resend", " ", InputError),
        (APPROVER, "again", "x", InputError),
    ):
        with pytest.raises(error), house.db.tx() as conn:
            house.delivery.resolve(conn, message_id, action, actor, reason)
    assert house.message(message_id)["status"] == "uncertain"


def test_one_bad_row_stops_neither_the_others_nor_itself(
    house: House, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = house.scheduled("ok-bad@firma.ru", priority=1)
    good = house.scheduled("ok-good@druga.ru")
    usual = claim_module.run_gates

    def failing(scene: Scene) -> list[GateResult]:
        if scene.message["id"] == bad:
            raise RuntimeError("a gate cannot be asked")
        return usual(scene)

    with monkeypatch.context() as patched:
        patched.setattr(claim_module, "run_gates", failing)
        house.delivery.send_due()
    assert house.message(good)["status"] == "sent"
    assert (house.message(bad)["status"], len(sink.accepted)) == ("scheduled", 1)
    assert house.message(bad)["skip_reason"] == "error:RuntimeError"

    house.clock.advance(timedelta(minutes=6))
    house.delivery.send_due()
    assert house.message(bad)["status"] == "sent"


def test_a_failing_handoff_leaves_the_message_to_the_reaper(
    short: House, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = short.scheduled("ok-a@firma.ru")
    with monkeypatch.context() as patched:
        patched.setattr(handoff, "run_gates", lambda scene: 1 / 0)
        short.delivery.send_due()
    assert (short.message(message_id)["status"], sink.accepted) == ("sending", [])

    leases_pass(short)
    short.delivery.reap()
    assert short.message(message_id)["status"] == "scheduled"
