"""Letters to a real SMTP server: what each of its answers does (D20-D30)."""

from datetime import timedelta

import pytest
from delivery_house import House
from delivery_sink import Sink

from povod.delivery import mailboxes
from povod.store.files import get_file, sha256
from povod.store.tables import audit_log, opt_out_registry, quotas


def test_an_accepted_letter_is_sent_with_all_its_proof(house: House, sink: Sink) -> None:
    message_id = house.scheduled("ok-info@firma.ru")

    summary = house.delivery.send_due()

    assert summary.counts == {"sent": 1}
    message, (attempt,) = house.message(message_id), house.attempts(message_id)
    assert (message["status"], message["sent_at"]) == ("sent", house.clock.now())
    assert attempt["state"] == "accepted"
    assert attempt["queue_id"] == "Q1"
    assert [gate["result"] for gate in attempt["gates_a"]] == ["pass"] * 18
    assert [gate["name"] for gate in attempt["gates_b"]][-1] == "window"
    assert sink.ids() == [message["message_id"]]
    assert sink.accepted[0][2] == attempt["wire_sha256"]
    with house.db.read() as conn:
        assert sha256(get_file(conn, attempt["eml_file_id"])) == attempt["wire_sha256"]


def test_sending_again_sends_nothing_again(house: House, sink: Sink) -> None:
    for number in range(3):
        house.scheduled(f"ok-info@firma{number}.ru")

    house.delivery.send_due()
    second = house.delivery.send_due()

    assert second.counts == {}
    assert len(set(sink.ids())) == len(sink.ids()) == 3


@pytest.mark.parametrize(
    ("to", "attempt", "status", "reason"),
    [
        ("unknown-a@firma.ru", "rejected", "bounced", "unknown_user"),
        ("nouser571-a@firma.ru", "rejected", "bounced", "unknown_user"),
        ("nouserdot-a@firma.ru", "rejected", "bounced", "unknown_user"),
        ("spam571-a@firma.ru", "rejected", "failed", "spam_verdict"),
        ("full-a@firma.ru", "rejected", "scheduled", "mailbox_full"),
        ("big-a@firma.ru", "rejected", "failed", "too_big"),
        ("odd-a@firma.ru", "rejected", "failed", "refused:554"),
        ("grey-a@firma.ru", "released", "scheduled", "deferred"),
        ("later-a@firma.ru", "deferred", "scheduled", "deferred"),
        ("limit-a@firma.ru", "released", "scheduled", "limit"),
        ("hangup-a@firma.ru", "released", "scheduled", "unreachable"),
        ("lost250-a@firma.ru", "uncertain", "uncertain", "no_reply"),
    ],
)
def test_each_answer_has_its_consequence(
    house: House, to: str, attempt: str, status: str, reason: str
) -> None:
    message_id = house.scheduled(to)

    house.delivery.send_due()

    message = house.message(message_id)
    assert (message["status"], message["skip_reason"]) == (status, reason)
    assert [row["state"] for row in house.attempts(message_id)] == [attempt]


def test_unknown_user_is_suppressed_and_the_mailbox_stays_fine(house: House) -> None:
    house.scheduled("nouser571-a@firma.ru")

    house.delivery.send_due()

    assert house.count(opt_out_registry, opt_out_registry.c.source == "bounce") == 1
    assert house.mailbox()["status"] == "active"


def test_a_spam_verdict_pauses_the_mailbox_and_suppresses_nobody(house: House, sink: Sink) -> None:
    house.scheduled("spam571-a@firma.ru")
    waiting = house.scheduled("ok-b@druga.ru", priority=9)

    house.delivery.send_due()

    box = house.mailbox()
    assert (box["status"], box["pause_reason"]) == ("paused", "spam_verdict")
    assert box["paused_until"] == house.clock.now() + timedelta(hours=24)
    assert house.count(opt_out_registry) == 0
    assert house.message(waiting)["status"] == "scheduled"
    assert sink.accepted == []


def test_a_deferred_letter_is_sent_later_under_the_same_message_id(
    house: House, sink: Sink
) -> None:
    message_id = house.scheduled("later-a@firma.ru")
    house.delivery.send_due()
    first = house.message(message_id)["message_id"]
    sink.manner = lambda address: "ok"  # type: ignore[method-assign]

    house.clock.advance(timedelta(minutes=5))
    assert house.delivery.send_due().counts == {}
    house.clock.advance(timedelta(minutes=15))
    house.delivery.send_due()

    assert sink.ids() == [first]
    assert [row["state"] for row in house.attempts(message_id)] == ["deferred", "accepted"]


def test_six_deferrals_are_the_end(house: House) -> None:
    message_id = house.scheduled("grey-a@firma.ru", kind="letter")

    while (due := house.delivery.next_due()) is not None:
        house.clock.advance(due - house.clock.now())
        house.delivery.send_due()

    message = house.message(message_id)
    assert (message["status"], message["skip_reason"]) == ("failed", "retries_exhausted")
    assert len(house.attempts(message_id)) == 6
    assert house.clock.now() - house.attempts(message_id)[0]["claimed_at"] <= timedelta(hours=72)


def test_tokens_come_back_only_when_nothing_was_handed_over(house: House) -> None:
    house.scheduled("hangup-a@firma.ru")
    house.delivery.send_due()
    assert house.count(quotas) == 0

    house.clock.advance(timedelta(hours=1))
    message_id = house.scheduled("later-a@druga.ru", priority=1)
    house.delivery.send_due(limit=1)
    assert [row["state"] for row in house.attempts(message_id)] == ["deferred"]
    assert house.count(quotas, quotas.c.key.like("mail:person:%")) == 1


def test_a_server_that_is_away_makes_the_mailbox_wait(house: House) -> None:
    house.scheduled("hangup-a@firma.ru")
    house.delivery.send_due()

    box = house.mailbox()
    assert box["fail_streak"] == 1
    assert box["next_send_at"] == house.clock.now() + timedelta(minutes=1)
    assert house.delivery.next_due() == box["next_send_at"]


def test_a_refused_login_takes_the_mailbox_out_and_keeps_the_letter(
    house: House, sink: Sink
) -> None:
    message_id = house.scheduled("ok-a@firma.ru")
    with house.db.tx() as conn:
        mailboxes.change(conn, house.mailbox()["id"], auth="password", username="anna")

    house.delivery.send_due()
    house.delivery.send_due()

    assert house.mailbox()["status"] == "auth_failed", house.mailbox()["last_error"]
    message = house.message(message_id)
    assert (message["status"], message["skip_reason"]) == ("scheduled", "no_mailbox")
    assert sink.accepted == []


def test_moves_by_the_worker_are_told_to_listeners(house: House) -> None:
    seen: list[tuple[str, str]] = []
    house.delivery.on_status("letter", lambda conn, row, old, new: seen.append((old, new)))
    house.scheduled("ok-a@firma.ru")

    house.delivery.send_due()

    assert seen[-2:] == [("scheduled", "sending"), ("sending", "sent")]
    assert house.count(audit_log, audit_log.c.action == "message.move") == 0
