"""Pace, caps, windows and the background work around them (D44-D49, D3)."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from delivery_house import House, settings_for
from delivery_sink import Sink

from povod.delivery.work import PLAN, QUEUE, REAP, SEND, DeliveryWork
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger, NewWork
from povod.engine.runner import Runner
from povod.kit.clock import FixedClock
from povod.store.db import Database


def build(db: Database, clock: FixedClock, tmp_path: Path, port: int, **given: object) -> House:
    return House.build(db, clock, settings_for(tmp_path, port, **given))


def run_out(house: House) -> None:
    """Let time pass until nothing is planned any more."""
    for _ in range(200):
        due = house.delivery.next_due()
        if due is None:
            return
        house.clock.advance(max(timedelta(), due - house.clock.now()))
        house.delivery.send_due()
    pytest.fail("the queue does not end")


def test_overdue_letters_leave_one_by_one(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    pace = {"send_delay_min_seconds": 240, "send_delay_max_seconds": 480}
    house = build(db, clock, tmp_path, sink.port, **pace)
    ids = [house.scheduled(f"ok-a@firma{number}.ru") for number in range(6)]

    assert house.delivery.send_due().counts == {"sent": 1, "held": 5}
    run_out(house)

    sent = sorted(house.message(message_id)["sent_at"] for message_id in ids)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert all(timedelta(seconds=240) <= gap <= timedelta(seconds=490) for gap in gaps)


@pytest.mark.parametrize(
    ("given", "per_day"),
    [({"mailbox_daily_cap": 3}, 3), ({"mailbox_warmup": True, "mailbox_daily_cap": 40}, 20)],
)
def test_no_day_has_more_than_the_cap(
    db: Database,
    clock: FixedClock,
    tmp_path: Path,
    given: dict[str, object],
    per_day: int,
    sink: Sink,
) -> None:
    house = build(db, clock, tmp_path, sink.port, **given)
    ids = [house.scheduled(f"ok-a@firma{number}.ru") for number in range(per_day + 2)]

    run_out(house)

    days = Counter(house.message(message_id)["sent_at"].date() for message_id in ids)
    assert sorted(days.values()) == [2, per_day]


def test_a_domain_gets_a_few_letters_a_day(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    house = build(db, clock, tmp_path, sink.port, domain_daily_cap=2)
    ids = [
        house.scheduled(f"ok-{n}@firma.ru", kind="greeting", purpose="greeting", dedupe_key=f"g{n}")
        for n in range(3)
    ]
    house.delivery.send_due()

    reasons = [house.message(message_id)["skip_reason"] for message_id in ids]
    assert reasons == ["", "", "domain_cap"]


def test_nothing_leaves_at_night(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    clock.advance(timedelta(hours=10))
    house = build(db, clock, tmp_path, sink.port)
    ids = [house.scheduled(f"ok-a@firma{number}.ru") for number in range(2)]

    run_out(house)

    hours = {house.message(message_id)["sent_at"].hour for message_id in ids}
    assert hours <= set(range(6, 17))


def test_an_expired_wish_is_not_sent(house: House) -> None:
    message_id = house.scheduled(
        "ok-a@firma.ru", kind="greeting", purpose="greeting",
        expires_at=house.clock.now() + timedelta(minutes=1),
    )  # fmt: skip
    house.clock.advance(timedelta(minutes=2))
    house.delivery.send_due()
    assert house.message(message_id)["skip_reason"] == "expired"


def run(house: House, *kinds: str) -> None:
    ledger = Ledger(house.db, house.clock)
    handlers = Handlers()
    DeliveryWork(house.delivery).register(handlers)
    with house.db.tx() as conn:
        ledger.enqueue_many(conn, [NewWork(QUEUE, kind) for kind in kinds])
    Runner(ledger, handlers, house.clock).run_until_idle()


def test_the_engine_plans_and_sends(house: House, sink: Sink) -> None:
    message_id = house.put("ok-a@firma.ru")
    with house.db.tx() as conn:
        house.delivery.submit(conn, message_id)

    run(house, PLAN)
    run(house, REAP, SEND)

    assert house.message(message_id)["status"] == "sent"
    assert len(sink.accepted) == 1


def test_routing_by_mx_with_fallback(
    db: Database, clock: FixedClock, tmp_path: Path, sink: Sink
) -> None:
    asked: list[str] = []

    def resolve(domain: str) -> list[str]:
        asked.append(domain)
        return ["mx.yandex.net"] if domain == "firma.ru" else ["aspmx.l.google.com"]

    own = {"gmail_user": "a@gmail.com", "gmail_pass": "x", "yandex_user": "a@yandex.ru"}
    settings = settings_for(tmp_path, sink.port, routing_enabled=True, **own, yandex_pass="y")
    house = House.build(db, clock, settings)
    house.delivery.router._resolve = resolve

    def provider(to: str) -> tuple[str, bool]:
        route = house.delivery.router.route(house.message(house.scheduled(to)))
        assert route is not None
        return route.mailbox["provider"], route.fallback

    assert provider("info@firma.ru") == ("yandex", False)
    assert provider("info@mail.ru") == ("yandex", False)
    assert provider("info@druga.com") == ("gmail", False)
    assert provider("sales@druga.com") == ("gmail", False)
    assert asked == ["firma.ru", "druga.com"]
    with house.db.tx() as conn:
        conn.exec_driver_sql("UPDATE mailboxes SET status = 'auth_failed' WHERE name = 'yandex'")
    assert provider("office@firma.ru") == ("gmail", True)
